"""Build the table of pass@k, diversity and training cost of the MEDS arms."""

import pandas as pd

from reward_memory.evaluation.pass_at_k import read_counts
from reward_memory.jobs.job import job
from reward_memory.report.tables.grades import read_families
from reward_memory.report.tables.learning_curves import read_run
from reward_memory.report.tables.meds import MAIN_COLUMNS, main_rows, published_pass, read_measures, training_rows
from reward_memory.report.tables.runs import ARM, by_arm, by_seed
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given = run.params
    published = published_pass(pd.read_csv(run.input.published), "meds_main")
    graded = parquet.read_all(run.input.grades, parquet.GRADED)
    counts, samples = read_counts(graded)
    histories = [read_run(path) for path in run.input.histories]
    logged = dict(iter(pd.concat(histories).groupby(list(ARM)))) if histories else {}
    rows = []
    for arm, own in by_arm(graded, given.policies, given.arms):
        key = tuple(arm[name] for name in ARM)
        measures, families = read_measures(own, given.domains), read_families(own)
        rows += main_rows(counts[key], samples, measures, arm, given.sources, published, families)
        if key in logged:
            rows += training_rows(by_seed(logged[key]), arm, given.trained_on)
    csv_tables.write(rows, run.output[0], MAIN_COLUMNS, form="%.3f")
