"""How often the 95 % intervals of accuracies hold the truth, and how wide they are: `python perf/coverage.py`.

Simulated: each seed's accuracy is drawn around the true one, and each query is hard or easy for all seeds alike. The
percentile bootstrap, which draws queries and seeds with replacement, is measured on the same data. The draws are fixed.
The last line is one JSON object with the figures.

Accuracies lie in [0, 1]. Two standard deviations of the seeds must fit between the true one and the nearer end, or the
seeds pile up at that end and a rare one lies far off, which few seeds seldom show. Those cells have their own table.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
from scipy.special import ndtri
from scipy.stats import beta

from reward_memory.evaluation.statistics import accuracy

#: True accuracy -> standard deviations of the seeds' accuracies.
TRUTHS = {
    0.1: (0.0, 0.01, 0.02, 0.04),
    0.5: (0.0, 0.01, 0.02, 0.04),
    0.9: (0.0, 0.01, 0.02, 0.04),
    0.99: (0.0, 0.0025, 0.005, 0.01, 0.02, 0.04),
}
SEEDS = (1, 3, 5, 10)
#: Numbers of queries -> simulated data sets of each cell.
REPEATS = {450: 4000, 3329: 2000}
#: Correlation of one query's latent difficulty between seeds.
SHARED = 0.7
RESAMPLES, BLOCK = 2000, 100


@dataclass(frozen=True)
class Cell:
    """Coverage (share) and mean width (percentage points) of both intervals under one truth."""

    queries: int
    seeds: int
    accuracy: float
    seed_sd: float
    percentile: float
    ours: float
    percentile_width: float
    our_width: float

    @property
    def fits(self) -> bool:
        """Whether two standard deviations of the seeds fit between the accuracy and the nearer end of [0, 1]."""
        return 2 * self.seed_sd <= min(self.accuracy, 1 - self.accuracy) + 1e-9


def simulated(rng: np.random.Generator, truth: float, sd: float, seeds: int, queries: int, repeats: int) -> np.ndarray:
    """(seeds, queries, repeats) right (1) or wrong (0).

    The seeds' accuracies are Beta with mean `truth` and standard deviation `sd`, so they stay in [0, 1].
    """
    if sd:
        size = truth * (1 - truth) / sd**2 - 1
        own = beta.rvs(truth * size, (1 - truth) * size, size=(seeds, 1, repeats), random_state=rng)
    else:
        own = np.full((seeds, 1, repeats), truth)
    threshold = ndtri(own).astype(np.float32)
    hardness = rng.standard_normal((1, queries, repeats), dtype=np.float32)
    chance = rng.standard_normal((seeds, queries, repeats), dtype=np.float32)
    latent = np.float32(np.sqrt(SHARED)) * hardness + np.float32(np.sqrt(1 - SHARED)) * chance
    return (latent < threshold).astype(np.float32)


def percentile(right: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(repeats,) ends of the percentile bootstrap over queries and seeds."""
    seeds, queries, _repeats = right.shape
    times_row, times = (drawn(rng, size).astype(np.float32) / size for size in (seeds, queries))
    by_seed = [times @ right[seed] for seed in range(seeds)]
    means = sum(times_row[:, seed, None] * own for seed, own in enumerate(by_seed))
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high


def drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    """(RESAMPLES, size) how often each of `size` things is drawn where `size` are, with replacement."""
    flat = rng.integers(size, size=(RESAMPLES, size)) + size * np.arange(RESAMPLES)[:, None]
    return np.bincount(flat.ravel(), minlength=RESAMPLES * size).reshape(RESAMPLES, size)


def measure(truth: float, sd: float, seeds: int, queries: int, repeats: int) -> Cell:
    """Both intervals on the same simulated data."""
    rng = np.random.default_rng([0, seeds, queries, int(1000 * truth), round(10_000 * sd)])
    hits, widths, slack = np.zeros(2), np.zeros(2), 1e-6
    for start in range(0, repeats, BLOCK):
        right = simulated(rng, truth, sd, seeds, queries, min(BLOCK, repeats - start))
        found = accuracy({"simulated": right.astype(float)}, "weighted")
        ends = (percentile(right, rng), (found.low, found.high))
        hits += [((low - slack <= truth) & (truth <= high + slack)).sum() for low, high in ends]
        widths += [(high - low).sum() for low, high in ends]
    return Cell(queries, seeds, truth, sd, *(hits / repeats).tolist(), *(100 * widths / repeats).tolist())


def cells() -> Iterator[Cell]:
    """Every combination, one after another."""
    for (queries, repeats), (truth, sds) in product(REPEATS.items(), TRUTHS.items()):
        for sd, seeds in product(sds, SEEDS):
            yield measure(truth, sd, seeds, queries, repeats)


def table(found: list[Cell]) -> str:
    """A Markdown table of some cells of one number of queries: a row a truth, a column a number of seeds."""
    head = ["accuracy, %", "seed SD, points", *(f"{seeds} seed{'s' * (seeds > 1)}" for seeds in SEEDS)]
    lines = [" | ".join(head), "|".join(["---"] * len(head))]
    for truth, sd in dict.fromkeys((cell.accuracy, cell.seed_sd) for cell in found):
        row = [f"{100 * truth:g}", f"{100 * sd:g}"]
        for seeds in SEEDS:
            (cell,) = (one for one in found if (one.accuracy, one.seed_sd, one.seeds) == (truth, sd, seeds))
            row.append(f"{cell.percentile:.3f} → {cell.ours:.3f} ({cell.percentile_width:.1f} → {cell.our_width:.1f})")
        lines.append(" | ".join(row))
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def main() -> None:
    found = []
    for cell in cells():
        found.append(cell)
        print(
            f"{cell.queries:5d} queries, {cell.seeds:2d} seeds, {100 * cell.accuracy:g} %, SD {100 * cell.seed_sd:g}: "
            f"{cell.percentile:.3f} -> {cell.ours:.3f}, {cell.percentile_width:.2f} -> {cell.our_width:.2f} points",
            flush=True,
        )
    for fits, queries in product((True, False), REPEATS):
        chosen = [cell for cell in found if (cell.fits, cell.queries) == (fits, queries)]
        note = "" if fits else ", seeds that pile up at an end"
        print(f"\n{queries:,} queries{note}\n\n{table(chosen)}")
    least = min((cell for cell in found if cell.fits and cell.seeds > 1), key=lambda cell: cell.ours)
    print(f"\nThe lowest with several seeds that fit: {least}")
    print(json.dumps([asdict(cell) for cell in found]))


if __name__ == "__main__":
    main()
