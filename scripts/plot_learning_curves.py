"""Draw the learning curves of one suite."""

from reward_memory.jobs.job import job
from reward_memory.report.figures.learning import draw_learning_curves
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    draw_learning_curves(csv_tables.read(run.input[0]), run.wildcards.suite, run.output[0])
