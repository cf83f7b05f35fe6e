"""The graded responses of an arm as the share of right responses to each query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.evaluation.statistics import benchmark_weights, families_of

from .runs import by_seed, name

#: Entries of `Grades.behavior` for each benchmark: percent of responses without an answer, percent cut at the length
#: limit, tokens per response.
BEHAVIOR = ("unanswered", "cut", "mean_tokens")


@dataclass(frozen=True, slots=True)
class Grades:
    """One arm's responses to the test queries, or two arms' differences.

    shares    benchmark -> (seeds, queries) share of right responses, or difference of such shares
    families  benchmark -> (queries,): equal for queries of one template, which are resampled together
    behavior  benchmark -> BEHAVIOR, NaN if the files lack it; empty for differences
    """

    shares: Mapping[str, np.ndarray]
    families: Mapping[str, np.ndarray]
    behavior: Mapping[str, Mapping[str, float]]

    def only(self, names: Collection[str]) -> "Grades":
        """The same for these benchmarks only."""
        parts = ({one: part[one] for one in part if one in names} for part in (self.shares, self.families))
        return Grades(*parts, {one: found for one, found in self.behavior.items() if one in names})

    def averaged_behavior(self, average: str) -> dict[str, float]:
        """BEHAVIOR of all benchmarks together, averaged like the accuracy."""
        weights = benchmark_weights(self.shares, average)
        return {
            column: float(weights @ [self.behavior.get(one, {}).get(column, np.nan) for one in self.shares])
            for column in BEHAVIOR
        }


def read_grades(graded: pd.DataFrame) -> Grades:
    """Grades of one arm, from its rows of parquet.GRADED.

    InputError if two seeds were graded on different queries.
    """
    shares = _by_benchmark(_shares(by_seed(graded)))
    return Grades(shares, read_families(graded), _behavior(graded))


def read_differences(graded: pd.DataFrame, baseline: pd.DataFrame) -> Grades:
    """The share of right responses minus the baseline's for the same seed and query.

    InputError if two runs were graded on different queries, or the arms have different seeds.
    """
    own, other = by_seed(graded), by_seed(baseline)
    if {*graded["seed"]} != {*baseline["seed"]}:
        raise InputError(
            f"{name(graded)}: has different seeds than {name(baseline)}, so they cannot be compared in pairs."
        )
    shares = _shares([*own, *other])
    pairs = zip(shares[: len(own)], shares[len(own) :], strict=True)
    return Grades(_by_benchmark([one.subtract(two) for one, two in pairs]), read_families(graded), {})


def read_families(graded: pd.DataFrame) -> dict[str, np.ndarray]:
    """benchmark -> (queries,) template of each query in order of their IDs; the ID itself if it has no template.

    graded  rows of parquet.GRADED
    """
    queries = graded.drop_duplicates(["benchmark", "query_id"]).sort_values("query_id")
    return {name: part.to_numpy() for name, part in families_of(queries).groupby(queries["benchmark"])}


def about(tables: Mapping[str, np.ndarray], sources: Mapping[str, str]) -> dict[str, int | str]:
    """seeds, source (where the queries come from, in words) and n (queries) of a row over these benchmarks."""
    return {
        "seeds": next(iter(tables.values())).shape[0],
        "source": " and ".join(sorted({sources[name] for name in tables})),
        "n": sum(table.shape[1] for table in tables.values()),
    }


def _behavior(graded: pd.DataFrame) -> dict[str, dict[str, float]]:
    """benchmark -> BEHAVIOR, over all seeds and samples."""
    cut = graded["finished"].map({True: 0.0, False: 100.0})
    measured = pd.DataFrame(
        {
            "benchmark": graded["benchmark"],
            "unanswered": 100.0 * graded["extracted"].fillna("").str.strip().eq(""),
            "cut": cut.astype(float),
            "mean_tokens": graded["tokens"].astype(float),
        }
    )
    return measured.groupby("benchmark").mean().to_dict("index")


def _shares(runs: Sequence[pd.DataFrame]) -> list[pd.Series]:
    """For each run the share of right responses by benchmark, in the order of its rows, and query."""
    shares = [run.groupby(["benchmark", "query_id"])["reward"].mean().astype(float) for run in runs]
    for run, share in zip(runs, shares, strict=True):
        if not share.index.equals(shares[0].index):
            raise InputError(
                f"{name(run)}: different queries were graded than for {name(runs[0])}; delete both and run again."
            )
    order = list(dict.fromkeys(runs[0]["benchmark"]))
    return [share.reindex(order, level="benchmark") for share in shares]


def _by_benchmark(shares: Sequence[pd.Series]) -> Grades:
    """One (seeds, queries) table per benchmark, from one series per seed."""
    names = dict.fromkeys(shares[0].index.get_level_values("benchmark"))
    return {name: np.stack([share[name].to_numpy() for share in shares]) for name in names}
