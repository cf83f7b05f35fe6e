"""Draw the learning curves of one suite."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.figures import draw_learning_curves

with job(snakemake) as run:
    draw_learning_curves(pd.read_csv(run.input[0]), run.wildcards.suite, run.output[0])
