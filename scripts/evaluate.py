"""Sample and grade the test queries of one suite."""

from reward_memory import schemas
from reward_memory.evaluation.grading import grade
from reward_memory.generation.engine import load, parse, sample_responses
from reward_memory.runtime import job

with job(snakemake, lasting="evaluate") as run:
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    truths = schemas.read_all(run.input.truths, schemas.TRUTHS)
    settings, sampling = parse(run.params.sampling)
    with load(run.input.policy, **settings, gpus=run.gpus) as engine:
        responses = sample_responses(engine, queries, sampling, run.seed, what="test responses", state=run.state)
    schemas.write(responses, run.output.responses, schemas.RESPONSES)
    schemas.write(grade(queries, truths, responses, run.params.grading), run.output.verdicts, schemas.VERDICTS)
