"""Draw one table."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.figures import DRAW

with job(snakemake) as run:
    DRAW[run.wildcards.table](pd.read_csv(run.input[0]), run.output[0])
