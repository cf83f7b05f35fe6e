import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reward_memory.evaluation import statistics
from reward_memory.evaluation.statistics import accuracy


def queries(seeds: int, count: int, source: int = 0) -> np.ndarray:
    """Shares of right responses of 8 that differ by query, and by seed by chance alone."""
    rng = np.random.default_rng(source)
    return rng.binomial(8, rng.beta(1, 1, count), size=(seeds, count)) / 8


def slow_interval(grades: dict[str, np.ndarray], average: str, draws: int = 4000) -> tuple[float, float]:
    """The same bootstrap, one draw and one query at a time, with Python's own generator."""
    rng = random.Random(1)
    means = []
    for _ in range(draws):
        runs = len(next(iter(grades.values())))
        seeds = [rng.randrange(runs) for _ in range(runs)]
        parts = []
        for table in grades.values():
            picked = [rng.randrange(table.shape[1]) for _ in range(table.shape[1])]
            parts.append([table[seed, query] for seed in seeds for query in picked])
        if average == "macro":
            means.append(sum(sum(part) / len(part) for part in parts) / len(parts))
        else:
            means.append(sum(map(sum, parts)) / sum(map(len, parts)))
    means.sort()
    return means[int(0.025 * draws)], means[int(0.975 * draws)]


def test_the_weighted_mean_counts_every_query_the_same():
    grades = {"a": np.array([[1.0, 0.0, 1.0, 1.0]]), "b": np.array([[0.0, 1.0]])}
    assert accuracy(grades, "weighted").mean == pytest.approx(4 / 6)


def test_the_macro_mean_counts_every_benchmark_the_same():
    grades = {"a": np.array([[1.0, 0.0, 1.0, 1.0]]), "b": np.array([[0.0, 1.0]])}
    assert accuracy(grades, "macro").mean == pytest.approx((0.75 + 0.5) / 2)


def test_the_mean_is_over_seeds_too():
    assert accuracy({"a": np.array([[1.0, 0.5], [0.0, 0.25]])}, "weighted").mean == pytest.approx(1.75 / 4)


@pytest.mark.parametrize("average", ["weighted", "macro"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_the_interval_is_that_of_a_slow_bootstrap(average, seeds):
    grades = {"a": queries(seeds, 30), "b": queries(seeds, 10, 1)}
    found, expected = accuracy(grades, average), slow_interval(grades, average)
    width = expected[1] - expected[0]
    assert found.low == pytest.approx(expected[0], abs=0.06 * width)
    assert found.high == pytest.approx(expected[1], abs=0.06 * width)


def test_the_interval_of_many_queries_is_the_normal_one():
    table = queries(1, 2000)
    found, half = accuracy({"a": table}, "weighted"), 1.96 * table.std() / np.sqrt(2000)
    assert (found.low, found.high) == pytest.approx((table.mean() - half, table.mean() + half), abs=0.1 * half)


def test_seeds_are_drawn_as_whole_runs():
    # one run right everywhere and one wrong: either may be drawn twice, however many queries there are
    found = accuracy({"a": np.repeat([[1.0], [0.0]], 500, axis=1)}, "weighted")
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)


def test_runs_are_drawn_together_for_all_benchmarks():
    # a run that is right in one benchmark and wrong in the other is 50 % whichever run is drawn
    grades = {"a": np.repeat([[1.0], [0.0]], 50, axis=1), "b": np.repeat([[0.0], [1.0]], 50, axis=1)}
    found = accuracy(grades, "weighted")
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_a_benchmarks_share_of_queries_does_not_vary():
    # benchmarks that are all right and all wrong: drawing queries across them would widen the interval
    found = accuracy({"a": np.ones((1, 30)), "b": np.zeros((1, 10))}, "weighted")
    assert (found.mean, found.low, found.high) == pytest.approx((0.75, 0.75, 0.75))


@pytest.mark.parametrize("count", [40, 200])
def test_19_of_20_intervals_hold_the_truth(count, monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 400)
    rng, hits = np.random.default_rng(0), 0
    for _ in range(200):
        table = rng.binomial(8, rng.beta(2, 1, count), size=(1, count)) / 8
        found = accuracy({"a": table}, "weighted")
        hits += found.low <= 2 / 3 <= found.high
    assert 180 <= hits <= 199  # 190 expected, standard deviation 3


def test_a_single_query_of_a_single_seed_has_an_interval_of_no_width():
    found = accuracy({"a": np.array([[0.25]])}, "weighted")
    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_more_queries_make_a_narrower_interval():
    few, many = accuracy({"a": queries(1, 25)}, "weighted"), accuracy({"a": queries(1, 400)}, "weighted")
    assert many.high - many.low < 0.5 * (few.high - few.low)


@settings(max_examples=25, deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 9)), elements=st.sampled_from([0.0, 0.5, 1.0])))
def test_the_mean_lies_within_its_interval_and_that_within_0_and_1(table):
    found = accuracy({"a": table}, "macro")
    assert -1e-12 <= found.low <= found.mean + 1e-12 <= found.high + 2e-12 <= 1 + 3e-12


def test_the_interval_does_not_depend_on_other_draws():
    grades = {"a": queries(3, 20)}
    first = accuracy(grades, "weighted")
    np.random.default_rng().random(7)
    random.random()
    assert accuracy(grades, "weighted") == first


def test_another_seed_draws_other_samples():
    grades = {"a": queries(3, 20)}
    assert accuracy(grades, "weighted", seed=1) != accuracy(grades, "weighted")


def test_no_grades_and_unknown_averages_are_errors():
    with pytest.raises(ValueError, match="no grades"):
        accuracy({}, "weighted")
    with pytest.raises(ValueError, match="'median' is not weighted or macro"):
        accuracy({"a": queries(1, 3)}, "median")
