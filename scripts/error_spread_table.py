"""Build the table of how the failures of training runs spread over wrong answers."""

import pandas as pd

from reward_memory.evaluation.error_spread import SPREADS
from reward_memory.jobs.job import job
from reward_memory.report.tables.error_spread import SPREAD_COLUMNS, spread_rows
from reward_memory.report.tables.runs import with_baseline
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given = run.params
    spreads = parquet.read_all(run.input.spreads, SPREADS)
    rows = [
        row
        for arm, own, baseline in with_baseline(spreads, given.policies, given.arms, given.baseline)
        for row in spread_rows(own, baseline, arm)
    ]
    table = pd.DataFrame(rows, columns=SPREAD_COLUMNS).astype({"visit": "Int64"})
    csv_tables.write(table, run.output[0], form="%.4f")
