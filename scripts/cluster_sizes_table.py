"""Build the table of cluster sizes of failures over training."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.repeated_errors import CLUSTER_COLUMNS, cluster_rows
from reward_memory.report.tables.runs import by_arm, by_seed
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    sizes = pd.concat([csv_tables.read(path) for path in run.input.sizes])
    rows = []
    for arm, own in by_arm(sizes, run.params.policies, run.params.arms):
        rows += cluster_rows(by_seed(own), arm)
    csv_tables.write(rows, run.output[0], CLUSTER_COLUMNS, form="%.2f")
