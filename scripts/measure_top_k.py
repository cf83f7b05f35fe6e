"""Apply a reward model to another suite, with several numbers of neighbors."""

from pathlib import Path

import pandas as pd

from reward_memory.evaluation.reward_model_quality import predictions
from reward_memory.jobs.gpus import check_driver
from reward_memory.jobs.job import job
from reward_memory.reward_models.registry import load
from reward_memory.reward_models.rollouts import assemble
from reward_memory.storage import parquet

with job(snakemake) as run:
    check_driver(run.gpus)
    model = load(Path(run.input.model[0]).parent, run.device)
    queries = parquet.read(run.input.queries, parquet.QUERIES)
    responses = parquet.read(run.input.responses, parquet.RESPONSES)
    rollouts = assemble([(queries, responses, run.input.embeddings)], None, model.fidelity, model.answer_features)
    verdicts = parquet.read(run.input.verdicts, parquet.VERDICTS)
    tables = [
        predictions(model.with_neighbors(count), rollouts, verdicts, "test", (queries, responses)).assign(
            num_neighbors=count
        )
        for count in run.params.top_k
    ]
    templates = dict(zip(queries["id"], queries["template"], strict=True))
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(template=table["query_id"].map(templates), **run.names)
    parquet.write(table, run.output[0], parquet.TOP_K)
