"""Build the table of metrics over training, with the accuracy of predicted rewards."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.learning_curves import LEARNING_COLUMNS, NAMED, read_curves, read_run
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    histories = pd.concat([read_run(path) for path in run.input.histories])
    agreements = [csv_tables.read(path, ("step",), [*NAMED, "seed"]) for path in run.input.agreements]
    rows = read_curves(histories, pd.concat(agreements) if agreements else pd.DataFrame())
    csv_tables.write(rows, run.output[0], LEARNING_COLUMNS, form="%.4f")
