"""Means over queries and seeds with 95 % intervals, paired differences with p-values, Holm's correction.

Everything here is a mean of the benchmarks' means (or of ratios of sums). For such a mean, resampling queries, or
families of queries, has a variance in closed form: the sum of squared influences. It is computed, not simulated, so no
interval depends on a random generator. `from_draws` is for statistics whose variance only a bootstrap gives.

An interval combines two standard errors. Each is multiplied by its own quantile of Student's t, and the products are
added in quadrature (Howe 1974); the coverage is at least the nominal one:

queries  between queries, or between families of queries that share a template; df: about the number of families
seeds    between the means of complete runs; df: seeds - 1. With one seed, the interval covers queries only
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import t

#: Upper tail of a two-sided 95 % interval, and the lower tail that leaves 80 % power.
TAIL, MISSED = 0.025, 0.2
#: Logarithm of the smallest p-value that is distinguished from 0.
SMALLEST = np.log(1e-15)
#: Kind of statistic: a share in [0, 1], a difference of two shares in [-1, 1], any other measure.
Span = Literal["share", "difference", "measure"]
#: benchmark -> (seeds, queries, ...)
Tables = Mapping[str, np.ndarray]
#: benchmark -> (queries,): equal values for queries that are resampled together
Families = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, in the unit of the statistic: numbers, or arrays of one shape.

    mean, low, high
    query_se, query_df  standard error between queries, and its degrees of freedom
    seed_se, seeds      standard error between the means of runs (0 with one seed), and the number of runs
    """

    mean: float
    low: float
    high: float
    query_se: float = np.nan
    query_df: float = np.nan
    seed_se: float = 0.0
    seeds: int = 1

    @property
    def covers(self) -> str | None:
        """What the interval covers; None if there is no interval."""
        if np.isnan(self.low).all():
            return None
        return "queries" if self.seeds == 1 else "queries and seeds"

    @property
    def seed_sd(self) -> float:
        """Standard deviation of the runs' means; NaN with one seed."""
        return self.seed_se * np.sqrt(self.seeds) if self.seeds > 1 else np.nan

    def at(self, place: int) -> "Estimate":
        """One of several estimates."""
        several = (self.mean, self.low, self.high, self.query_se, self.query_df)
        seed_se = float(np.broadcast_to(self.seed_se, np.shape(self.mean))[place])
        return Estimate(*(float(part[place]) for part in several), seed_se, self.seeds)

    def row(self, name: str = "value", scale: float = 1.0) -> dict[str, float | str | None]:
        """The mean and its interval, times `scale`, as the columns `name`, ci_low, ci_high and interval_covers."""
        ends = {name: scale * self.mean, "ci_low": scale * self.low, "ci_high": scale * self.high}
        return ends | {"interval_covers": self.covers}

    def p_value(self) -> float:
        """Two-sided p-value of the mean being 0: the smallest level at which the interval does not contain 0."""
        distance = abs(self.mean)
        if not distance > 0:
            return 1.0 if distance == 0 else np.nan

        def excess(log_p: float) -> float:
            return float(_reach(self, np.exp(log_p) / 2)) - distance

        return float(np.exp(SMALLEST if excess(SMALLEST) < 0 else brentq(excess, SMALLEST, 0)))

    def detectable(self) -> float:
        """The difference from 0 that these queries and seeds detect at the 5 % level with a power of about 80 %."""
        return float(_reach(self, TAIL, MISSED))


def accuracy(shares: Tables, average: str, families: Families | None = None) -> Estimate:
    """Accuracy over benchmarks, a fraction in [0, 1].

    shares    benchmark -> (seeds, queries) share of right responses, in [0, 1]
    average   `weighted`: every query counts the same; `macro`: every benchmark does
    families  benchmark -> (queries,), equal for queries of one template; None: each query is a family

    ValueError if there is no benchmark or the average is unknown.
    """
    return _over_benchmarks(shares, average, families, "share")


def difference(differences: Tables, average: str, families: Families | None = None) -> Estimate:
    """Mean difference between two methods that answered the same queries with the same seeds, in [-1, 1].

    differences  benchmark -> (seeds, queries) the first method's share minus the second's

    Otherwise as `accuracy`. Pairs are resampled, so whatever both methods find hard cancels out.
    """
    return _over_benchmarks(differences, average, families, "difference")


def benchmark_weights(tables: Tables, average: str) -> np.ndarray:
    """Weight of each benchmark in an average; the weights sum to 1."""
    if not tables:
        raise ValueError("no benchmarks")
    if average not in ("weighted", "macro"):
        raise ValueError(f"{average!r} is not weighted or macro")
    sizes = np.array([table.shape[1] for table in tables.values()], dtype=float)
    return sizes / sizes.sum() if average == "weighted" else np.full(len(sizes), 1 / len(sizes))


def ratios(parts: Sequence[tuple[np.ndarray, np.ndarray]], span: Span) -> Estimate:
    """Mean of ratios of sums, such as a mean over the queries that have a value.

    parts  for each benchmark (totals, sizes), both (seeds, queries): its ratio is sum(totals) / sum(sizes); a query
           whose sizes are all 0 does not count

    ValueError if a benchmark's sizes sum to 0.
    """
    counted = [(totals[:, sizes.any(axis=0)], sizes[:, sizes.any(axis=0)]) for totals, sizes in parts]
    return _combine([_influences(*part) for part in counted], np.full(len(parts), 1 / len(parts)), span)


def ratio_difference(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> Estimate:
    """First ratio of sums minus the second, each as in `ratios`; paired by seed and query."""
    counted = (first[1] + second[1]).any(axis=0)
    (ratio, parts), (base, others) = (_influences(*(table[:, counted] for table in part)) for part in (first, second))
    return _combine([(ratio - base, parts - others)], np.ones(1), "difference")


def from_draws(values: np.ndarray, drawn: np.ndarray, queries: int) -> Estimate:
    """A statistic in [0, 1] that is not a mean, such as an AUC, with the variance of a bootstrap over queries.

    values   (seeds,) one per run
    drawn    (seeds, draws) on resampled queries, the same for each run; NaN where undefined
    queries  number of queries that were resampled

    NaN if a run's value is NaN.
    """
    runs, mean = len(values), float(np.mean(values))
    seed_se = float(np.std(values, ddof=1) / np.sqrt(runs)) if runs > 1 else 0.0
    means = drawn.mean(axis=0)
    means = means[np.isfinite(means)]
    if not np.isfinite(mean) or len(means) < 2:
        return Estimate(mean, np.nan, np.nan, seed_se=seed_se, seeds=runs)
    variance = means.var(ddof=1) + _pseudo_square(mean) / (queries * (queries + 1))
    estimate = Estimate(mean, mean, mean, np.sqrt(variance), queries, seed_se, runs)
    return _with_interval(estimate, "share", (queries * mean + 0.5) / (queries + 1))


def over_seeds(values: np.ndarray) -> Estimate:
    """Mean of one number per run, at least 0, such as a cost; no interval with one run."""
    runs, mean = len(values), float(np.mean(values))
    if runs == 1:
        return Estimate(mean, np.nan, np.nan)
    seed_se = float(np.std(values, ddof=1) / np.sqrt(runs))
    return _with_interval(Estimate(mean, mean, mean, 0.0, np.inf, seed_se, runs), "measure")


def families_of(rows: pd.DataFrame) -> pd.Series:
    """Unit that each row is resampled with: its query's template, or the query itself if it has none.

    rows  with the column query_id; if there is no column template, no query has one
    """
    if "template" not in rows:
        return "query " + rows["query_id"].astype(object)
    # the prefixes keep a template and an id from being one family
    template = "template " + rows["template"].astype("string")
    return template.fillna("query " + rows["query_id"].astype("string")).astype(object)


def wilson(share: np.ndarray | float, spread: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wilson's interval of a share.

    spread  squared half-width of the plain interval over share * (1 - share); z^2 / n for n independent responses

    It stays within [0, 1], reaches further towards one half, and has a width where all are right.
    """
    middle, half = share + spread / 2, np.sqrt(spread * share * (1 - share) + spread**2 / 4)
    # in exact arithmetic an end is the share itself where that is 0 or 1
    low, high = ((middle + side * half) / (1 + spread) for side in (-1, 1))
    return np.minimum(share, np.maximum(low, 0)), np.maximum(share, np.minimum(high, 1))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p-values of one family of tests, in the order given; NaN means no test."""
    p_values = np.asarray(p_values, dtype=float)
    adjusted = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values, kind="stable")[: int(np.isfinite(p_values).sum())]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _over_benchmarks(tables: Tables, average: str, families: Families | None, span: Span) -> Estimate:
    weights = benchmark_weights(tables, average)
    parts = [_influences(*_by_family(table, (families or {}).get(name))) for name, table in tables.items()]
    return _combine(parts, weights, span)


def _by_family(table: np.ndarray, family: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(seeds, families, ...) sums over the queries of each family, and (seeds, families) numbers of queries."""
    if family is None:
        return table, np.ones(table.shape[:2])
    place = np.unique(family, return_inverse=True)[1]
    sizes, order = np.bincount(place), np.argsort(place, kind="stable")
    totals = np.add.reduceat(table[:, order], np.cumsum(sizes) - sizes, axis=1)
    return totals, np.broadcast_to(sizes.astype(float), totals.shape[:2])


def _influences(totals: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sum(totals) / sum(sizes) over seeds and families, and the influence of each on it; the influences sum to 0.

    totals  (seeds, families, ...)
    sizes   (seeds, families)
    """
    if not sizes.any():
        raise ValueError("nothing to divide by")
    wide = sizes.reshape(sizes.shape + (1,) * (totals.ndim - 2))
    mean = totals.sum(axis=(0, 1)) / sizes.sum()
    return mean, (totals - mean * wide) / sizes.sum()


def _combine(parts: Sequence[tuple[np.ndarray, np.ndarray]], weights: np.ndarray, span: Span) -> Estimate:
    """Weighted mean of the benchmarks' means.

    parts  (mean, influences) of each benchmark, from `_influences`; the same seeds in each
    """
    runs = parts[0][1].shape[0]
    mean = weights @ np.stack([part_mean for part_mean, _ in parts])
    smooth, variance, squares, by_seed = (0.0,) * 4
    for weight, (part_mean, influences) in zip(weights, parts, strict=True):
        families, between = influences.shape[1], influences.sum(axis=0)
        pseudo, middle = _pseudo(part_mean, between, span)
        # a single family says nothing about the others, unless the statistic is bounded
        counted = families + (span != "measure")
        spread = families**2 * np.square(between).sum(axis=0) + pseudo
        part = weight**2 * spread / (counted * (counted - 1)) if counted > 1 else np.nan
        smooth, variance = smooth + weight * middle, variance + part
        squares = squares + part**2 / max(counted - 1, 1)
        by_seed = by_seed + weight * runs * influences.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Satterthwaite's degrees of freedom of a sum
        df = np.where(squares > 0, variance**2 / squares, np.inf)
    seed_se = np.sqrt(np.square(by_seed).sum(axis=0) / (runs * (runs - 1))) if runs > 1 else np.zeros_like(mean)
    estimate = Estimate(mean, mean, mean, np.sqrt(variance), df, seed_se, runs)
    return _with_interval(estimate, span, smooth)


def _pseudo(mean: np.ndarray, between: np.ndarray, span: Span) -> tuple[np.ndarray | float, np.ndarray | float]:
    """(squared deviations of one made-up family from the mean, the mean with that family).

    between  (families, ...) influences

    If all queries are right, the spread between them is 0, yet the next may be wrong. So one family is added: half
    right and half wrong; for differences, half at plus and half at minus the largest difference seen (1 if there was
    none). It enters the spread, never the mean. It matters if there are few families or hardly any failures.
    """
    families = len(between)
    if span == "measure":
        return 0.0, mean
    if span == "share":
        return _pseudo_square(mean), (families * mean + 0.5) / (families + 1)
    furthest = np.abs(mean + families * between).max(axis=0)
    return np.square(np.where(furthest > 1e-9, furthest, 1.0)) + np.square(mean), mean


def _pseudo_square(share: np.ndarray | float) -> np.ndarray | float:
    return (np.square(1 - share) + np.square(share)) / 2


def _reach(estimate: Estimate, *tails: float) -> np.ndarray | float:
    """Half-width for these upper tails of Student's t, whose quantiles are added."""
    queries = sum(t.isf(tail, estimate.query_df) for tail in tails) * estimate.query_se
    if estimate.seeds == 1:
        return queries
    return np.hypot(queries, sum(t.isf(tail, estimate.seeds - 1) for tail in tails) * estimate.seed_se)


def _with_interval(estimate: Estimate, span: Span, smooth: np.ndarray | float = 0.0) -> Estimate:
    """Return the estimate with its interval; arrays without axes become numbers."""
    mean, reach = estimate.mean, _reach(estimate, TAIL)
    if span == "share":
        low, high = wilson(mean, np.square(reach) / (smooth * (1 - smooth)))
    elif span == "difference":
        low, high = np.maximum(mean - reach, -1), np.minimum(mean + reach, 1)
    else:
        low, high = np.maximum(mean - reach, 0), mean + reach
    parts = (mean, low, high, estimate.query_se, estimate.query_df, estimate.seed_se)
    plain = [part if np.ndim(part) else float(part) for part in parts]
    return Estimate(*plain, estimate.seeds)
