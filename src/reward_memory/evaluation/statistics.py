"""Accuracies with intervals over queries and seeds."""

from dataclasses import dataclass

import numpy as np

#: Resamples of the bootstrap; their Monte Carlo error is far below the interval's width.
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean and 95 % interval, fractions in [0, 1]."""

    mean: float
    low: float
    high: float


def accuracy(grades: dict[str, np.ndarray], average: str, seed: int = 0) -> Accuracy:
    """Accuracy over benchmarks with a percentile bootstrap interval.

    grades   benchmark -> (seeds, queries) share of right responses, in [0, 1]
    average  `weighted`: every query counts the same; `macro`: every benchmark does

    Queries are resampled within each benchmark and, where there are several, seeds as whole rows: training runs
    differ by more than their test queries do. ValueError for no grades or another average.
    """
    if not grades:
        raise ValueError("no grades")
    if average not in ("weighted", "macro"):
        raise ValueError(f"{average!r} is not weighted or macro")
    generator = np.random.default_rng(seed)
    runs = next(iter(grades.values())).shape[0]
    rows = generator.integers(runs, size=(RESAMPLES, runs))
    sizes = np.array([table.shape[1] for table in grades.values()], dtype=float)
    weights = sizes / sizes.sum() if average == "weighted" else np.full(len(sizes), 1 / len(sizes))
    means = np.array([table.mean() for table in grades.values()])
    resampled = np.empty((len(grades), RESAMPLES))
    for place, table in enumerate(grades.values()):
        columns = generator.integers(table.shape[1], size=(RESAMPLES, table.shape[1]))
        for draw in range(RESAMPLES):
            # take the queries first: one gather of a (seeds, queries) table a draw
            resampled[place, draw] = table[:, columns[draw]].mean(axis=1)[rows[draw]].mean()
    low, high = np.quantile(weights @ resampled, [0.025, 0.975])
    return Accuracy(float(weights @ means), float(low), float(high))
