"""Write the training rows of a method, without any ground truth that it may not see."""

from reward_memory import schemas
from reward_memory.runtime import job
from reward_memory.training.rows import ROWS, training_queries, verl_rows

with job(snakemake) as run:
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    truths = schemas.read_all(run.input.truths, schemas.TRUTHS)
    labels = schemas.read(run.input.labels, schemas.LABELS) if run.input.labels else None
    visible = training_queries(queries, truths, labels, run.wildcards.method)
    schemas.write(verl_rows(visible, "train"), run.output[0], ROWS)
