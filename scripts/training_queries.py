"""Write the training rows of a method, without any ground truth that it may not see."""

import pandas as pd

from reward_memory import schemas
from reward_memory.runtime import job
from reward_memory.training.rows import ROWS, training_queries, verl_rows

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input.queries], ignore_index=True)
    labels = schemas.read(run.input.labels, schemas.LABELS) if run.input.labels else None
    visible = training_queries(queries, labels, run.wildcards.method)
    schemas.write(verl_rows(visible, "train"), run.output[0], ROWS)
