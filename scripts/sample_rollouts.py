"""Sample responses of one policy to the queries of one benchmark."""

from reward_memory.generation.engine import load, sample_responses
from reward_memory.jobs.job import job
from reward_memory.settings import Sampling
from reward_memory.storage import parquet

with job(snakemake, lasting="sample_rollouts") as run:
    queries = parquet.read(run.input.queries, parquet.QUERIES)
    sampling = Sampling.model_validate(run.params.sampling)
    with load(run.input.policy, sampling, gpus=run.gpus) as engine:
        responses = sample_responses(engine, queries, sampling, run.params.seed, state=run.state)
    parquet.write(responses, run.output[0], parquet.RESPONSES)
