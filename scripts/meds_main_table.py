"""Collect pass@k, diversity and training cost of the second paper's arms into one table."""

import pandas as pd

from reward_memory.evaluation.pass_at_k import read_counts
from reward_memory.jobs.job import job
from reward_memory.report.tables.grades import each_arm
from reward_memory.report.tables.meds import MAIN_COLUMNS, main_rows, published_pass, read_measures, training_rows
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given = run.params
    published = published_pass(pd.read_csv(run.input.published), "meds_main")
    arms = [(method, 100) for method in given.methods]
    trained = [arm for arm in arms if arm[0] != "base"]
    histories = {
        (arm["policy"], arm["method"]): files
        for arm, files in each_arm(run.input.histories, given.policies, trained, len(given.seeds))
    }
    rows = []
    for arm, files in each_arm(run.input.grades, given.policies, arms, len(given.seeds)):
        right, samples = read_counts(files)
        measures = read_measures((parquet.read(path, parquet.VERDICTS) for path in files), given.domains)
        rows += main_rows(right, samples, measures, arm, given.sources, published)
        if arm["method"] != "base":
            logged = [pd.read_csv(path) for path in histories[arm["policy"], arm["method"]]]
            rows += training_rows(logged, arm, given.trained_on)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=MAIN_COLUMNS).to_csv(temporary, index=False, float_format="%.3f")
