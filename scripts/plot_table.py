"""Draw one table."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.figures import DRAW, draw_accuracies

with job(snakemake) as run:
    draw = DRAW.get(run.wildcards.table, draw_accuracies)
    draw(pd.read_csv(run.input[0]), run.output[0])
