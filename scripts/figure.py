"""Draw one table."""

import pandas as pd

from reward_memory.figures import DRAW
from reward_memory.runtime import job

with job(snakemake) as run:
    DRAW[run.wildcards.table](pd.read_csv(run.input[0]), run.output[0])
