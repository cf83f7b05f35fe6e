"""What the graded responses say of an arm: the share of right responses to each query."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reward_memory.errors import InputError

from .runs import by_seed, name

#: benchmark -> (seeds, queries) shares of right responses, or differences of such shares
Grades = dict[str, np.ndarray]


def read_grades(graded: pd.DataFrame) -> Grades:
    """benchmark -> (seeds, queries) share of right responses, of one arm's rows of parquet.GRADED.

    InputError if two seeds were graded on different queries.
    """
    return _by_benchmark(_shares(by_seed(graded)))


def read_differences(graded: pd.DataFrame, baseline: pd.DataFrame) -> Grades:
    """benchmark -> (seeds, queries) share of right responses minus that of the baseline's same seed to the same query.

    InputError if two runs were graded on different queries, or the arms have other seeds.
    """
    parts = [by_seed(rows) for rows in (graded, baseline)]
    seeds = [rows["seed"].unique() for rows in (graded, baseline)]
    if {*seeds[0]} != {*seeds[1]}:
        raise InputError(f"{name(graded)}: has other seeds than {name(baseline)}, so they cannot be compared in pairs.")
    shares = _shares([*parts[0], *parts[1]])
    pairs = zip(shares[: len(parts[0])], shares[len(parts[0]) :], strict=True)
    return _by_benchmark([own.subtract(other) for own, other in pairs])


def about(grades: Grades, sources: dict[str, str]) -> dict[str, int | str]:
    """seeds, source (where the queries come from, in words) and n (queries) of a row over these benchmarks."""
    return {
        "seeds": next(iter(grades.values())).shape[0],
        "source": " and ".join(sorted({sources[name] for name in grades})),
        "n": sum(table.shape[1] for table in grades.values()),
    }


def _shares(runs: Sequence[pd.DataFrame]) -> list[pd.Series]:
    """For each run the share of right responses by benchmark, in the order of its rows, and query."""
    shares = [run.groupby(["benchmark", "query_id"])["reward"].mean().astype(float) for run in runs]
    for run, share in zip(runs, shares, strict=True):
        if not share.index.equals(shares[0].index):
            raise InputError(
                f"{name(run)}: other queries were graded than for {name(runs[0])}; delete both and run again."
            )
    order = list(dict.fromkeys(runs[0]["benchmark"]))
    return [share.reindex(order, level="benchmark") for share in shares]


def _by_benchmark(shares: Sequence[pd.Series]) -> Grades:
    """One (seeds, queries) table a benchmark, of one series a seed."""
    names = dict.fromkeys(shares[0].index.get_level_values("benchmark"))
    return {name: np.stack([share[name].to_numpy() for share in shares]) for name in names}
