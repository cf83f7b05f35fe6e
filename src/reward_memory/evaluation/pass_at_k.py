"""Unbiased pass@k over k, with intervals over problems and seeds."""

from math import comb

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.storage import parquet

from .statistics import Estimate, Families, Tables, accuracy, difference


def read_counts(graded: pd.DataFrame) -> tuple[dict[tuple[str, str, int], dict[str, np.ndarray]], int]:
    """(arm -> benchmark -> (seeds, problems) counts of right samples, samples per problem).

    graded  rows of parquet.GRADED, the same problems in each run; an arm is (policy, method, label_ratio)

    InputError naming the run and the problem if two problems have different numbers of samples, a sample occurs
    twice, or a reward is neither 0 nor 1; naming the run if its problems differ from the first run's.
    """
    runs: dict[tuple[str, str, int], list[pd.Series]] = {}
    first = samples = None
    # an arm does not include the suite: base is trained in none
    for (*arm, seed), table in graded.groupby([name for name in parquet.RUN.names if name != "suite"]):
        name = f"{', '.join(map(str, arm))} % labels, seed {seed}"
        counts, number = _counts(table, name)
        first, samples = (name, counts) if first is None else first, samples or number
        if not counts.index.equals(first[1].index):
            raise InputError(f"{name}: different problems were graded than for {first[0]}; delete both and run again.")
        if samples != number:
            raise InputError(
                f"{name}: {counts.index[0][1]} has {number} samples, but {samples} for {first[0]}; "
                "sample every problem the same number of times."
            )
        runs.setdefault(tuple(arm), []).append(counts)
    if first is None:
        raise InputError("pass@k: no graded responses; run the evaluation first.")
    names = first[1].index.get_level_values("benchmark").unique()
    stacked = {
        arm: {name: np.stack([seed[name].to_numpy() for seed in counts]) for name in names}
        for arm, counts in runs.items()
    }
    return stacked, samples


def _counts(table: pd.DataFrame, name: str) -> tuple[pd.Series, int]:
    """((benchmark, problem) -> right samples, sorted; samples per problem)."""
    twice = table[table.duplicated(["query_id", "sample"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(f"{name}: {row['query_id']} has sample {row['sample']} twice; delete it and run again.")
    strange = table[~table["reward"].isin([0, 1])]
    if len(strange):
        row = strange.iloc[0]
        raise InputError(f"{name}: {row['query_id']} has a reward of {row['reward']:g}; pass@k takes 0 and 1 only.")
    problems = table.groupby(["benchmark", "query_id"])["reward"]
    sizes = problems.size()
    if sizes.nunique() > 1:
        usual = int(sizes.mode().iloc[0])
        other = sizes[sizes != usual]
        raise InputError(
            f"{name}: {other.index[0][1]} has {other.iloc[0]} samples and other problems have {usual}; "
            "sample every problem the same number of times."
        )
    return problems.sum().astype(int), int(sizes.max())


def estimates(right: np.ndarray, samples: int) -> np.ndarray:
    """Unbiased pass@k of single problems, 1 - C(n - c, k) / C(n, k) (Chen et al. 2021), rounded once.

    right    any shape, int: c, right samples of each problem, 0 <= c <= n
    samples  n >= 1
    returns  shape of `right` + (n,), for k = 1..n

    ValueError if a count is not between 0 and n.
    """
    right = np.asarray(right)
    if samples < 1 or (right.size and not 0 <= right.min() <= right.max() <= samples):
        raise ValueError(f"counts of right samples must lie between 0 and {samples}, and there must be samples")
    # exact integers of any size: Python divides them with one rounding
    draws = [comb(samples, k) for k in range(1, samples + 1)]
    distinct, place = np.unique(right, return_inverse=True)
    rows = [
        [(every - comb(samples - count, k)) / every for k, every in enumerate(draws, start=1)]
        for count in distinct.tolist()
    ]
    return np.array(rows, float).reshape(len(rows), samples)[place].reshape(*right.shape, samples)


def pass_at_k(right: Tables, samples: int, families: Families | None = None) -> Estimate:
    """pass@k for k = 1..n, the mean of the benchmarks' means, with its interval: arrays (n,) of fractions in [0, 1].

    right     benchmark -> (seeds, problems) counts of right samples, as from `read_counts`; one benchmark for its
              curve
    samples   n, samples per problem
    families  as in `statistics.accuracy`, which this is at k = 1 (macro)

    ValueError if there is no benchmark, and as `estimates`.
    """
    return accuracy(_values(right, samples), "macro", families)


def compare(first: Tables, second: Tables, samples: int, families: Families | None = None) -> Estimate:
    """pass@k of the first arm minus that of the second, for k = 1..n, paired by seed and problem: arrays in [-1, 1].

    first, second  as `right` of `pass_at_k`: the same seeds and problems in the same order

    ValueError also if the tables' shapes differ.
    """
    shapes, others = ({name: counts.shape for name, counts in right.items()} for right in (first, second))
    if shapes != others:
        raise ValueError("arms with different seeds or problems cannot be compared in pairs")
    own, other = _values(first, samples), _values(second, samples)
    return difference({name: own[name] - other[name] for name in own}, "macro", families)


def _values(right: Tables, samples: int) -> dict[str, np.ndarray]:
    """benchmark -> (seeds, problems, n) pass@k of single problems."""
    return {name: estimates(counts, samples) for name, counts in right.items()}
