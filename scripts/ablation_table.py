"""Collect the verdicts of MemReward and its ablations, domain by domain."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.accuracy import ABLATION_COLUMNS, ablation_rows
from reward_memory.report.tables.grades import each_arm, read_grades
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), "ablation")
    given, rows = run.params, []
    for arm, files in each_arm(run.input.grades, given.policies, given.arms, len(given.seeds)):
        known_as = given.known_as[arm["method"]]
        rows += ablation_rows(read_grades(files), arm, given.domains, given.sources, published, known_as)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=ABLATION_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
