"""Embed the rollouts of one suite."""

from reward_memory.jobs.gpus import check_driver
from reward_memory.jobs.job import job
from reward_memory.reward_models.features.embedding import embed_rollouts, resolve_dtype
from reward_memory.storage import parquet

with job(snakemake, lasting="embed_rollouts") as run:
    check_driver(run.gpus)
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    responses = parquet.read_all(run.input.responses, parquet.RESPONSES)
    parquet.write(queries, run.output.queries, parquet.QUERIES)
    parquet.write(responses, run.output.responses, parquet.RESPONSES)
    dtype = resolve_dtype(run.params.dtype, run.device)
    embed_rollouts(queries, responses, run.output.embeddings, device=run.device, dtype=dtype)
