"""Count the labels that each arm of the table label_ratio used."""

from reward_memory.jobs.job import job
from reward_memory.report.tables.labels_spent import labels_spent
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    labels = parquet.read_all(run.input.labels, parquet.LABELS)
    valid = sum(len(parquet.read(path, parquet.QUERIES)) for path in run.input.valid)
    table = labels_spent(csv_tables.read(run.input.accuracies), labels, valid, run.params.selecting)
    csv_tables.write(table, run.output[0], form="%.2f")
