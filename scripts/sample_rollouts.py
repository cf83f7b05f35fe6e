"""Sample responses of one policy to the queries of one benchmark."""

from reward_memory.generation.engine import load, parse, sample_responses
from reward_memory.jobs.job import job
from reward_memory.storage import parquet

with job(snakemake, lasting="sample_rollouts") as run:
    queries = parquet.read(run.input.queries, parquet.QUERIES)
    settings, sampling = parse(run.params.sampling)
    with load(run.input.policy, **settings, gpus=run.gpus) as engine:
        responses = sample_responses(engine, queries, sampling, run.params.seed, state=run.state)
    parquet.write(responses, run.output[0], parquet.RESPONSES)
