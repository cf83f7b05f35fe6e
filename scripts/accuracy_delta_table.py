"""Compare pairs of methods, query by query."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.differences import DIFFERENCE_COLUMNS, difference_rows
from reward_memory.report.tables.grades import read_differences
from reward_memory.report.tables.runs import by_arm, compared
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), "main")
    graded = parquet.read_all(run.input.grades, parquet.GRADED)
    arms = list(by_arm(graded, run.params.policies, run.params.arms))
    rows = []
    for (arm, own), baseline in compared(arms, run.params.pairs):
        differences = read_differences(own, baseline[1])
        rows += difference_rows(differences, arm, baseline[0]["method"], run.params.sources, published)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
