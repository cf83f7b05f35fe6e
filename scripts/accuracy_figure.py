"""Draw one accuracy table."""

import pandas as pd

from reward_memory.figures import draw_accuracies
from reward_memory.runtime import job

with job(snakemake) as run:
    draw_accuracies(pd.read_csv(run.input[0]), run.output[0])
