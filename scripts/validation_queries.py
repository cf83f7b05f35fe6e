"""Write the validation rows of a suite."""

import pandas as pd

from reward_memory import schemas
from reward_memory.runtime import job
from reward_memory.training.rows import ROWS, verl_rows

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input], ignore_index=True)
    schemas.write(verl_rows(queries, "valid"), run.output[0], ROWS)
