"""Draw the table of the reward models."""

import pandas as pd

from reward_memory.figures import draw_reward_models
from reward_memory.runtime import job

with job(snakemake) as run:
    draw_reward_models(pd.read_csv(run.input[0]), run.output[0])
