"""Compare a reward model with the hidden truth."""

from pathlib import Path

import pandas as pd

from reward_memory.evaluation.reward_model_quality import assess, predictions
from reward_memory.jobs.gpus import check_driver
from reward_memory.jobs.job import job
from reward_memory.reward_models.registry import load
from reward_memory.reward_models.rollouts import assemble
from reward_memory.storage import parquet
from reward_memory.storage.files import write_json

with job(snakemake) as run:
    check_driver(run.gpus)
    model = load(Path(run.input.model[0]).parent, run.device)
    rewards = parquet.read(run.input.rewards, parquet.VERDICTS)
    tables = []
    for split in run.params.splits:
        queries = parquet.read(run.input[f"{split}_queries"], parquet.QUERIES)
        responses = parquet.read(run.input[f"{split}_responses"], parquet.RESPONSES)
        parts = [(queries, responses, run.input[f"{split}_embeddings"])]
        rollouts = assemble(parts, rewards if split == "train" else None, model.fidelity, model.answer_features)
        verdicts = parquet.read(run.input[f"{split}_verdicts"], parquet.VERDICTS)
        templates = dict(zip(queries["id"], queries["template"], strict=True))
        found = predictions(model, rollouts, verdicts, split, (queries, responses))
        tables.append(found.assign(template=found["query_id"].map(templates)))
    table = pd.concat(tables, ignore_index=True).assign(**run.names)
    parquet.write(table, run.output.predictions, parquet.PREDICTIONS)
    write_json(run.output.metrics, assess(table))
