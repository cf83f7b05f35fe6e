"""Build the table of our figures next to the published ones."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.report.tables.comparison import COMPARISON_COLUMNS, comparison_rows
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    rows = [row for path in run.input for row in comparison_rows(Path(path).stem, csv_tables.read(path))]
    csv_tables.write(rows, run.output[0], COMPARISON_COLUMNS, form="%.4f")
