"""Compare a frozen reward model with the hidden truth."""

from pathlib import Path

import pandas as pd

from reward_memory import schemas
from reward_memory.devices import check_driver
from reward_memory.graph_memory.assessment import assess, predictions
from reward_memory.graph_memory.predictors import load
from reward_memory.graph_memory.rollouts import assemble
from reward_memory.provenance import write_json
from reward_memory.runtime import job

with job(snakemake) as run:
    check_driver(run.gpus)
    model = load(Path(run.input.model[0]).parent, run.device)
    rewards = schemas.read(run.input.rewards, schemas.VERDICTS)
    tables = []
    for number, split in enumerate(run.params.splits):
        own = slice(number * run.params.benchmarks, (number + 1) * run.params.benchmarks)
        queries = schemas.read_all(run.input.queries[own], schemas.QUERIES)
        responses = schemas.read_all(run.input.responses[own], schemas.RESPONSES)
        parts = [(queries, responses, run.input.embeddings[number])]
        rollouts = assemble(parts, rewards if split == "train" else None, model.fidelity)
        verdicts = schemas.read(run.input.verdicts[number], schemas.VERDICTS)
        tables.append(predictions(model, rollouts, verdicts, split, (queries, responses)))
    table = pd.concat(tables, ignore_index=True)
    schemas.write(table, run.output.predictions, schemas.PREDICTIONS)
    write_json(run.output.metrics, assess(table))
