"""Collect pass@k and repeated errors of the error memory's variants into one table."""

import pandas as pd

from reward_memory.evaluation.diversity import REPEATS
from reward_memory.evaluation.pass_at_k import read_counts
from reward_memory.jobs.job import job
from reward_memory.report.tables.grades import each_arm
from reward_memory.report.tables.meds import MEDS_ABLATION_COLUMNS, meds_ablation_rows, published_pass
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    given = run.params
    published = published_pass(pd.read_csv(run.input.published), "meds_ablation")
    arms, seeds = [(method, 100) for method in given.methods], len(given.seeds)
    # one reading of all: arms that were graded on other problems than the first cannot be compared
    right, samples = read_counts(run.input.grades)
    every = list(each_arm(run.input.grades, given.policies, arms, seeds))
    repeats = each_arm(run.input.repeats, given.policies, arms, seeds)
    found = {}
    for number, ((arm, _), (_, files)) in enumerate(zip(every, repeats, strict=True)):
        counts = {name: table[number * seeds : (number + 1) * seeds] for name, table in right.items()}
        found[arm["policy"], arm["method"]] = counts, [parquet.read(path, REPEATS) for path in files]
    rows = []
    for arm, _ in every:
        policy, method = arm["policy"], arm["method"]
        own, other = found[policy, method], (None, None)
        if method != given.baseline:
            other = found.get((policy, given.baseline), other)
        pairs = zip(own, other, strict=True)
        rows += meds_ablation_rows(arm, *pairs, samples, given.sources, published, given.known_as[method])
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=MEDS_ABLATION_COLUMNS).to_csv(temporary, index=False, float_format="%.3f")
