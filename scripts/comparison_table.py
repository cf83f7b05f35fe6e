"""Collect our figures that have a published one beside them."""

from pathlib import Path

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.comparison import COMPARISON_COLUMNS, comparison_rows
from reward_memory.storage import csv_tables
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    rows = [row for path in run.input for row in comparison_rows(Path(path).stem, csv_tables.read(path))]
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=COMPARISON_COLUMNS).to_csv(temporary, index=False, float_format="%.4f")
