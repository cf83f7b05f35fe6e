"""Grade the rollouts of one suite."""

import pandas as pd

from reward_memory import schemas
from reward_memory.evaluation.grading import grade
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input.queries])
    responses = pd.concat([schemas.read(path, schemas.RESPONSES) for path in run.input.responses], ignore_index=True)
    schemas.write(grade(queries, responses, run.params.isolation), run.output[0], schemas.VERDICTS)
