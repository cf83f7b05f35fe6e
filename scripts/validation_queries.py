"""Write the validation rows of a suite."""

from reward_memory import schemas
from reward_memory.runtime import job
from reward_memory.training.rows import ROWS, verl_rows

with job(snakemake) as run:
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    truths = schemas.read_all(run.input.truths, schemas.TRUTHS)
    schemas.write(verl_rows(schemas.with_truths(queries, truths), "valid"), run.output[0], ROWS)
