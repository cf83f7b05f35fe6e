"""Build the table of reward model quality out of domain, by number of neighbors."""

from reward_memory.jobs.job import job
from reward_memory.report.tables.top_k import COLUMNS, top_k_rows
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    rows = top_k_rows(parquet.read_all(run.input, parquet.TOP_K))
    csv_tables.write(rows, run.output[0], COLUMNS, form="%.4f")
