"""The results of several runs, told apart by their own columns."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import pandas as pd

from reward_memory.errors import InputError

#: Columns that name an arm: it has one run a seed.
ARM = ("policy", "method", "label_ratio")

#: (policy, method and label ratio, its rows)
Arm = tuple[dict, pd.DataFrame]


def by_arm(
    results: pd.DataFrame, policies: Iterable[str], arms: Iterable[tuple[str, int]]
) -> Iterator[tuple[dict, pd.DataFrame]]:
    """(policy, method and label ratio, its rows) of every arm, in the order of `policies` and `arms`.

    results  rows with the columns of parquet.RUN, in any order of runs
    arms     (method, label ratio)

    InputError if an arm has no row.
    """
    wanted = [(policy, method, ratio) for policy, (method, ratio) in product(policies, arms)]
    return by_names(results, ARM, wanted)


def by_names(
    results: pd.DataFrame, columns: Sequence[str], wanted: Iterable[tuple]
) -> Iterator[tuple[dict, pd.DataFrame]]:
    """(its names, its rows) of every group of rows that is wanted, in the order of `wanted`.

    InputError if a group has no row.
    """
    groups = dict(iter(results.groupby(list(columns))))
    for key in wanted:
        if key not in groups:
            said = ", ".join(f"{column} {value}" for column, value in zip(columns, key, strict=True))
            raise InputError(f"{said}: no result names it; delete the results that should and run again.")
        yield dict(zip(columns, key, strict=True)), groups[key]


def compared(arms: Sequence[Arm], pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[Arm, Arm]]:
    """(arm, the arm that it is compared with) of one policy, for each pair of methods.

    arms   as `by_arm` gives them
    pairs  (method, what it is compared with)

    An arm is compared at its own label ratio where the other method was trained at that, otherwise with each ratio that
    the other was trained at.
    """
    for (method, baseline), (arm, rows) in product(pairs, arms):
        if arm["method"] != method:
            continue
        others = [one for one in arms if one[0]["method"] == baseline and one[0]["policy"] == arm["policy"]]
        same = [one for one in others if one[0]["label_ratio"] == arm["label_ratio"]]
        for other in same or others:
            yield (arm, rows), other


def by_seed(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each seed, by ascending seed."""
    return [part for _, part in rows.groupby("seed")]


def name(rows: pd.DataFrame) -> str:
    """The first row's run in words, for messages."""
    first = rows.iloc[0]
    return f"{first['policy']}, {first['method']}, {first['label_ratio']} % labels, seed {first['seed']}"
