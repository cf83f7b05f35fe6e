"""Collect the verdicts of all arms into one table."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.accuracy import COLUMNS, accuracy_rows
from reward_memory.report.tables.grades import each_arm, read_grades
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), run.wildcards.table)
    rows = []
    for arm, files in each_arm(run.input.grades, run.params.policies, run.params.arms, len(run.params.seeds)):
        rows += accuracy_rows(read_grades(files), arm, run.params.sources, published)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
