"""Sample responses of one policy to the queries of one benchmark."""

from reward_memory import schemas
from reward_memory.generation.engine import Sampling, load, sample_responses
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = schemas.read(run.input.queries, schemas.QUERIES)
    options = dict(run.params.sampling)
    engine = load(
        run.input.policy, **{key: options.pop(key) for key in ("engine", "dtype", "batch")}, device=run.device
    )
    responses = sample_responses(engine, queries, Sampling(**options), run.params.seed, state=run.state)
    schemas.write(responses, run.output[0], schemas.RESPONSES)
