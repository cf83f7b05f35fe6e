"""Collect which checkpoint of each training run was kept into one table."""

import json
from pathlib import Path

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.checkpoints import CHECKPOINT_COLUMNS, checkpoint_row
from reward_memory.storage import csv_tables
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    rows = [
        checkpoint_row(csv_tables.read(history), json.loads(Path(manifest).read_text(encoding="utf-8")))
        for history, manifest in zip(run.input.histories, run.input.manifests, strict=True)
    ]
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=CHECKPOINT_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
