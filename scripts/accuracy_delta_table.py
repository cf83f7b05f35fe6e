"""Compare every arm with the baseline of its policy and label ratio, query by query."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.differences import DIFFERENCE_COLUMNS, difference_rows
from reward_memory.report.tables.grades import each_arm, read_differences
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    published = published_accuracies(pd.read_csv(run.input.published), "main")
    arms = list(each_arm(run.input.grades, run.params.policies, run.params.arms, len(run.params.seeds)))
    baseline = run.params.baseline
    against = {(arm["policy"], arm["label_ratio"]): files for arm, files in arms if arm["method"] == baseline}
    rows = []
    for arm, files in arms:
        if arm["method"] != baseline:
            differences = read_differences(files, against[arm["policy"], arm["label_ratio"]])
            rows += difference_rows(differences, arm, baseline, run.params.sources, published)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
