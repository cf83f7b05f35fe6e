"""Build a table of accuracies from the graded responses of all arms."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.accuracy import COLUMNS, accuracy_rows, with_expected
from reward_memory.report.tables.grades import read_grades
from reward_memory.report.tables.runs import by_arm
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), run.wildcards.table)
    graded = parquet.read_all(run.input.grades, parquet.GRADED)
    rows = []
    for arm, own in by_arm(graded, run.params.policies, run.params.arms):
        rows += accuracy_rows(read_grades(own), arm, run.params.sources, published)
    table = with_expected(pd.DataFrame(rows, columns=COLUMNS), run.params.expected)
    csv_tables.write(table, run.output[0], form="%.2f")
