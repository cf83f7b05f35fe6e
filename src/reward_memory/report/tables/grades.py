"""What the verifiers' verdicts say of an arm: the share of right responses to each query."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.storage import parquet

#: benchmark -> (seeds, queries) shares of right responses, or differences of such shares
Grades = dict[str, np.ndarray]


def read_grades(paths: Sequence[str | Path]) -> Grades:
    """benchmark -> (seeds, queries) share of right responses, from one verdicts file a seed (parquet.VERDICTS).

    InputError if two seeds were graded on different queries.
    """
    return _by_benchmark(_shares(paths))


def read_differences(paths: Sequence[str | Path], baseline: Sequence[str | Path]) -> Grades:
    """benchmark -> (seeds, queries) share of right responses minus that of the baseline's same seed to the same query.

    InputError if two files were graded on different queries.
    """
    shares = _shares([*paths, *baseline])
    return _by_benchmark(
        [own.subtract(other) for own, other in zip(shares[: len(paths)], shares[len(paths) :], strict=True)]
    )


def each_arm(
    files: Sequence[str], policies: Iterable[str], arms: Iterable[tuple[str, int]], seeds: int
) -> Iterator[tuple[dict, list[str]]]:
    """(policy, method and label ratio, its files) of every arm, from one list ordered by policy, arm and seed."""
    for place, (policy, (method, ratio)) in enumerate(product(policies, arms)):
        own = files[place * seeds : (place + 1) * seeds]
        yield {"policy": policy, "method": method, "label_ratio": ratio}, list(own)


def about(grades: Grades, sources: dict[str, str]) -> dict[str, int | str]:
    """seeds, source (where the queries come from, in words) and n (queries) of a row over these benchmarks."""
    return {
        "seeds": next(iter(grades.values())).shape[0],
        "source": " and ".join(sorted({sources[name] for name in grades})),
        "n": sum(table.shape[1] for table in grades.values()),
    }


def _shares(paths: Sequence[str | Path]) -> list[pd.Series]:
    """For each file the share of right responses by benchmark, in the file's order, and query."""
    tables = [parquet.read(path, parquet.VERDICTS) for path in paths]
    shares = [table.groupby(["benchmark", "query_id"])["reward"].mean().astype(float) for table in tables]
    for path, share in zip(paths, shares, strict=True):
        if not share.index.equals(shares[0].index):
            raise InputError(f"{path}: other queries were graded than in {paths[0]}; delete both and run again.")
    order = list(dict.fromkeys(tables[0]["benchmark"]))
    return [share.reindex(order, level="benchmark") for share in shares]


def _by_benchmark(shares: Sequence[pd.Series]) -> Grades:
    """One (seeds, queries) table a benchmark, of one series a seed."""
    names = dict.fromkeys(shares[0].index.get_level_values("benchmark"))
    return {name: np.stack([share[name].to_numpy() for share in shares]) for name in names}
