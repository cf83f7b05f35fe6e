"""Collect the sizes of the clusters that failures fell into over training."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.grades import each_arm
from reward_memory.report.tables.repeated_errors import CLUSTER_COLUMNS, cluster_rows
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given = run.params
    arms = [(method, 100) for method in given.methods]
    rows = []
    for arm, files in each_arm(run.input.sizes, given.policies, arms, len(given.seeds)):
        rows += cluster_rows([pd.read_csv(path) for path in files], arm)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=CLUSTER_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
