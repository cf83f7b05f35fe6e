"""Build the table of MemReward and its ablations in each domain."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.accuracy import ABLATION_COLUMNS, ablation_rows
from reward_memory.report.tables.grades import read_grades
from reward_memory.report.tables.runs import by_arm
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), "ablation")
    given, rows = run.params, []
    for arm, own in by_arm(parquet.read_all(run.input.grades, parquet.GRADED), given.policies, given.arms):
        known_as = given.known_as[arm["method"]]
        rows += ablation_rows(read_grades(own), arm, given.domains, given.sources, published, known_as)
    csv_tables.write(rows, run.output[0], ABLATION_COLUMNS, form="%.2f")
