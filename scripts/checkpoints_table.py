"""Build the table of the checkpoints that training runs kept."""

from reward_memory.jobs.job import job
from reward_memory.report.tables.checkpoints import CHECKPOINT_COLUMNS, checkpoint_row
from reward_memory.report.tables.learning_curves import read_run
from reward_memory.storage import csv_tables
from reward_memory.storage.files import read_json

with job(snakemake) as run:
    rows = [
        checkpoint_row(read_run(history), read_json(manifest, "config"))
        for history, manifest in zip(run.input.histories, run.input.manifests, strict=True)
    ]
    csv_tables.write(rows, run.output[0], CHECKPOINT_COLUMNS, form="%.2f")
