"""Collect the shares of repeated errors of all training runs into one table."""

import pandas as pd

from reward_memory.evaluation.diversity import REPEATS
from reward_memory.jobs.job import job
from reward_memory.report.tables.repeated_errors import REPEATED_COLUMNS, repeated_rows
from reward_memory.report.tables.runs import by_arm, by_seed
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given = run.params
    repeats = parquet.read_all(run.input.repeats, REPEATS)
    runs = {(arm["policy"], arm["method"]): by_seed(own) for arm, own in by_arm(repeats, given.policies, given.arms)}
    rows = []
    for (policy, method), own in runs.items():
        others = runs.get((policy, given.baseline)) if method != given.baseline else None
        baseline = None if others is None else (given.baseline, others)
        rows += repeated_rows(own, baseline, {"policy": policy, "method": method})
    with atomic_path(run.output[0]) as temporary:
        table = pd.DataFrame(rows, columns=REPEATED_COLUMNS).astype({"step": "Int64"})
        table.to_csv(temporary, index=False, float_format="%.3f")
