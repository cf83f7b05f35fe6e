"""Collect the verdicts of all arms into one table."""

from itertools import product
from pathlib import Path

import pandas as pd

from reward_memory import tables
from reward_memory.provenance import atomic_path
from reward_memory.runtime import job

with job(snakemake) as run:
    published = pd.read_csv(run.input.published)
    published = published[(published["table"] == run.wildcards.table) & (published["metric"] == "accuracy")]
    arms = product(run.params.policies, run.params.arms)
    seeds = len(run.params.seeds)
    files = [run.input.grades[at : at + seeds] for at in range(0, len(run.input.grades), seeds)]
    rows = []
    for (policy, (method, ratio)), paths in zip(arms, files, strict=True):
        arm = {"policy": policy, "method": method, "label_ratio": ratio}
        grades = tables.read_grades([Path(path) for path in paths])
        rows += tables.accuracy_rows(grades, arm, run.params.sources, published)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=tables.COLUMNS).to_csv(temporary, index=False, float_format="%.2f")
