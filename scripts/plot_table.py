"""Draw one table."""

from reward_memory.jobs.job import job
from reward_memory.report.figures import DRAW, draw_accuracies
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    draw = DRAW.get(run.wildcards.table, draw_accuracies)
    draw(csv_tables.read(run.input[0]), run.output[0])
