"""The results of several runs in one table, separated by the columns that name a run."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import pandas as pd

from reward_memory.errors import InputError

#: Columns that name an arm, which has one run per seed.
ARM = ("policy", "method", "label_ratio")


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
    """(its names, its rows) of every group of rows in `wanted`, in that order.

    InputError if a group has no row.
    """
    groups = dict(iter(results.groupby(list(columns))))
    for key in wanted:
        if key not in groups:
            label = ", ".join(f"{column} {value}" for column, value in zip(columns, key, strict=True))
            raise InputError(
                f"{label}: no result has these values; delete the results that should have them and run again."
            )
        yield dict(zip(columns, key, strict=True)), groups[key]


def by_seed(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each seed, by ascending seed."""
    return [part for _, part in rows.groupby("seed")]


def with_baseline(
    results: pd.DataFrame, policies: Iterable[str], arms: Iterable[tuple[str, int]], baseline: str
) -> Iterator[tuple[dict, list[pd.DataFrame], tuple[str, list[pd.DataFrame]] | None]]:
    """(policy and method, the rows of each seed, (`baseline`, its rows of each seed)) of every arm, as in `by_arm`.

    The last is None for the baseline itself, and if the baseline has no arm.
    """
    runs = {(arm["policy"], arm["method"]): by_seed(own) for arm, own in by_arm(results, policies, arms)}
    for (policy, method), own in runs.items():
        others = runs.get((policy, baseline)) if method != baseline else None
        yield {"policy": policy, "method": method}, own, None if others is None else (baseline, others)


def name(rows: pd.DataFrame) -> str:
    """The first row's run in words, for messages."""
    first = rows.iloc[0]
    return f"{first['policy']}, {first['method']}, {first['label_ratio']} % labels, seed {first['seed']}"
