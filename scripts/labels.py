"""Choose the labelled training queries of a suite."""

import pandas as pd

from reward_memory import schemas
from reward_memory.labels import route
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input], ignore_index=True)
    schemas.write(route(queries, int(run.wildcards.ratio), run.params.seed), run.output[0], schemas.LABELS)
