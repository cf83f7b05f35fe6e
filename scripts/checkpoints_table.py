"""Collect which checkpoint of each training run was kept into one table."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.checkpoints import CHECKPOINT_COLUMNS, checkpoint_row
from reward_memory.report.tables.learning_curves import read_run
from reward_memory.storage.files import atomic_path, read_json

with job(snakemake) as run:
    rows = [
        checkpoint_row(read_run(history), read_json(manifest, "config"))
        for history, manifest in zip(run.input.histories, run.input.manifests, strict=True)
    ]
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=CHECKPOINT_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
