"""Compare pairs of methods, query by query."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.differences import (
    DIFFERENCE_COLUMNS,
    arm_pairs,
    compared,
    difference_rows,
    with_p_values,
)
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given, rows = run.params, []
    published = published_accuracies(pd.read_csv(run.input.published), "main")
    graded = parquet.read_all(run.input.grades, parquet.GRADED)
    pairs = arm_pairs([tuple(arm) for arm in given.arms], [tuple(pair) for pair in given.pairs])
    for arm, baseline, differences in compared(graded, given.policies, pairs):
        rows += difference_rows(differences, arm, baseline, given.sources, published)
    table = with_p_values(pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS))
    csv_tables.write(table, run.output[0], form="%.2f")
