"""The tables: accuracy of every arm on every benchmark, with published figures beside where one exists."""

from pathlib import Path

import numpy as np
import pandas as pd

from . import schemas
from .errors import InputError
from .evaluation.statistics import accuracy

WEIGHTED, MACRO = "average (sample-weighted)", "average (macro)"
#: The same average in reference/published_results.csv.
PUBLISHED_AVERAGE = "average"
COLUMNS = [
    "policy",
    "method",
    "label_ratio",
    "seeds",
    "benchmark",
    "source",
    "n",
    "accuracy",
    "ci_low",
    "ci_high",
    "published",
    "published_n",
    "delta",
]


def read_grades(paths: list[Path]) -> dict[str, np.ndarray]:
    """benchmark -> (seeds, queries) share of right responses, from one verdicts file a seed (schemas.VERDICTS).

    InputError if two seeds were graded on different queries.
    """
    tables = [schemas.read(path, schemas.VERDICTS) for path in paths]
    shares = [table.groupby(["benchmark", "query_id"])["reward"].mean() for table in tables]
    for path, share in zip(paths, shares, strict=True):
        if not share.index.equals(shares[0].index):
            raise InputError(f"{path}: other queries were graded than in {paths[0]}; delete both and run again.")
    return {
        benchmark: np.stack([share[benchmark].to_numpy(dtype=float) for share in shares])
        for benchmark in tables[0]["benchmark"].unique()
    }


def accuracy_rows(
    grades: dict[str, np.ndarray], arm: dict, sources: dict[str, str], published: pd.DataFrame
) -> list[dict]:
    """Rows of one arm: each benchmark, then the sample-weighted and the macro average.

    grades     from `read_grades`
    arm        policy, method, label_ratio
    sources    benchmark -> where its queries come from
    published  published figures of this table, accuracy in percent (reference/published_results.csv)

    A generated stand-in has no published figure, nor has an average over other benchmarks than the published one.
    """
    parts = {name: ({name: table}, "weighted") for name, table in grades.items()}
    parts[WEIGHTED] = (grades, "weighted")
    parts[MACRO] = (grades, "macro")
    kinds = sorted({sources[name] for name in grades})
    mine = published[
        (published["policy"] == arm["policy"])
        & (published["method"] == arm["method"])
        & (published["label_ratio"] == arm["label_ratio"])
    ].set_index("benchmark")
    mine = mine.drop(index=[name for name, source in sources.items() if source == "generated"], errors="ignore")
    if set(mine.index) - {PUBLISHED_AVERAGE} != set(grades):
        mine = mine.drop(index=PUBLISHED_AVERAGE, errors="ignore")
    mine = mine.rename(index={PUBLISHED_AVERAGE: WEIGHTED})
    rows = []
    for name, (tables, average) in parts.items():
        found = accuracy(tables, average)
        figure = mine.at[name, "value"] if name in mine.index else np.nan
        rows.append(
            arm
            | {
                "seeds": next(iter(grades.values())).shape[0],
                "benchmark": name,
                "source": sources[name] if name in sources else " and ".join(kinds),
                "n": sum(table.shape[1] for table in tables.values()),
                "accuracy": 100 * found.mean,
                "ci_low": 100 * found.low,
                "ci_high": 100 * found.high,
                "published": figure,
                "published_n": mine.at[name, "n"] if name in mine.index else np.nan,
                "delta": 100 * found.mean - figure,
            }
        )
    return rows
