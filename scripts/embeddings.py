"""Embed the rollouts of one suite."""

from reward_memory import schemas
from reward_memory.devices import check_driver
from reward_memory.graph_memory.embedding import embed_rollouts, resolve_dtype
from reward_memory.runtime import job

with job(snakemake, lasting="embeddings") as run:
    check_driver(run.gpus)
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    responses = schemas.read_all(run.input.responses, schemas.RESPONSES)
    embed_rollouts(
        queries, responses, run.output[0], device=run.device, dtype=resolve_dtype(run.params.dtype, run.device)
    )
