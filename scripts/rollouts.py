"""Sample responses of one policy to the queries of one benchmark."""

from reward_memory import schemas
from reward_memory.generation.engine import load, parse, sample_responses
from reward_memory.runtime import job

with job(snakemake, lasting="rollouts") as run:
    queries = schemas.read(run.input.queries, schemas.QUERIES)
    settings, sampling = parse(run.params.sampling)
    with load(run.input.policy, **settings, gpus=run.gpus) as engine:
        responses = sample_responses(engine, queries, sampling, run.params.seed, state=run.state)
    schemas.write(responses, run.output[0], schemas.RESPONSES)
