"""Build the table of pass@k and repeated errors of the error memory's variants."""

import pandas as pd

from reward_memory.evaluation.diversity import REPEATS
from reward_memory.evaluation.pass_at_k import read_counts
from reward_memory.jobs.job import job
from reward_memory.report.tables.differences import with_p_values
from reward_memory.report.tables.grades import read_families
from reward_memory.report.tables.meds import MEDS_ABLATION_COLUMNS, meds_ablation_rows, published_pass
from reward_memory.report.tables.runs import ARM, by_arm, by_seed
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given = run.params
    published = published_pass(pd.read_csv(run.input.published), "meds_ablation")
    # read together, so that arms graded on different problems are refused
    graded = parquet.read_all(run.input.grades, parquet.GRADED)
    (counts, samples), families = read_counts(graded), read_families(graded)
    arms = list(by_arm(parquet.read_all(run.input.repeats, REPEATS), given.policies, given.arms))
    found = {
        (arm["policy"], arm["method"]): (counts[tuple(arm[name] for name in ARM)], by_seed(own)) for arm, own in arms
    }
    rows = []
    for arm, _ in arms:
        policy, method = arm["policy"], arm["method"]
        own, other = found[policy, method], (None, None)
        if method != given.baseline:
            other = found.get((policy, given.baseline), other)
        pairs = zip(own, other, strict=True)
        known_as = given.known_as[method]
        rows += meds_ablation_rows(arm, *pairs, samples, given.sources, published, known_as, families)
    table = with_p_values(pd.DataFrame(rows, columns=MEDS_ABLATION_COLUMNS))
    csv_tables.write(table, run.output[0], form="%.3f")
