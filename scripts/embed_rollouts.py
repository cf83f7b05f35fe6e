"""Embed the rollouts of one suite."""

from reward_memory.jobs.gpus import check_driver
from reward_memory.jobs.job import job
from reward_memory.reward_models.features.embedding import embed_rollouts, resolve_dtype
from reward_memory.storage import parquet

with job(snakemake, lasting="embed_rollouts") as run:
    check_driver(run.gpus)
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    responses = parquet.read_all(run.input.responses, parquet.RESPONSES)
    embed_rollouts(
        queries, responses, run.output[0], device=run.device, dtype=resolve_dtype(run.params.dtype, run.device)
    )
