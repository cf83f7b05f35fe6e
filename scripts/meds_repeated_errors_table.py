"""Collect the shares of repeated errors of all training runs into one table."""

import pandas as pd

from reward_memory.evaluation.diversity import REPEATS
from reward_memory.jobs.job import job
from reward_memory.report.tables.grades import each_arm
from reward_memory.report.tables.repeated_errors import REPEATED_COLUMNS, repeated_rows
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given = run.params
    arms = [(method, 100) for method in given.methods]
    runs = {
        (arm["policy"], arm["method"]): [parquet.read(path, REPEATS) for path in files]
        for arm, files in each_arm(run.input.repeats, given.policies, arms, len(given.seeds))
    }
    rows = []
    for (policy, method), own in runs.items():
        others = runs.get((policy, given.baseline)) if method != given.baseline else None
        baseline = None if others is None else (given.baseline, others)
        rows += repeated_rows(own, baseline, {"policy": policy, "method": method})
    with atomic_path(run.output[0]) as temporary:
        table = pd.DataFrame(rows, columns=REPEATED_COLUMNS).astype({"step": "Int64"})
        table.to_csv(temporary, index=False, float_format="%.3f")
