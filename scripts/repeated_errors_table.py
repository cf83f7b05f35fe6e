"""Build the table of repeated errors of all training runs."""

import pandas as pd

from reward_memory.evaluation.diversity import REPEATS
from reward_memory.jobs.job import job
from reward_memory.report.tables.repeated_errors import REPEATED_COLUMNS, repeated_rows
from reward_memory.report.tables.runs import with_baseline
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given = run.params
    repeats = parquet.read_all(run.input.repeats, REPEATS)
    rows = [
        row
        for arm, own, baseline in with_baseline(repeats, given.policies, given.arms, given.baseline)
        for row in repeated_rows(own, baseline, arm)
    ]
    table = pd.DataFrame(rows, columns=REPEATED_COLUMNS).astype({"step": "Int64"})
    csv_tables.write(table, run.output[0], form="%.3f")
