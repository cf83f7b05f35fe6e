"""Collect how well reward models predict out of domain, by their number of neighbors."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.top_k import COLUMNS, top_k_rows
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    rows = top_k_rows(parquet.read_all(run.input, parquet.TOP_K))
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, index=False, float_format="%.4f")
