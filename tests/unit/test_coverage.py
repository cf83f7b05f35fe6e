"""Intervals hold the truth as often as they say: a short version of perf/coverage.py."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from reward_memory.evaluation.statistics import accuracy, difference

REPEATS = 400
#: Of a true coverage of 0.94: three standard errors less.
LEAST = 0.94 - 3 * np.sqrt(0.94 * 0.06 / REPEATS)


@pytest.fixture(scope="module")
def coverage():
    path = Path(__file__).parents[2] / "perf/coverage.py"
    spec = importlib.util.spec_from_file_location("perf_coverage_simulated", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("truth", "sd"), [(0.1, 0.02), (0.5, 0.0), (0.5, 0.04), (0.9, 0.01), (0.99, 0.0)])
def test_19_of_20_intervals_over_seeds_hold_the_truth(coverage, truth, sd, seeds):
    assert coverage.measure(truth, sd, seeds, 450, REPEATS).ours >= LEAST


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.99])
def test_19_of_20_intervals_of_one_seed_hold_its_own_accuracy(coverage, truth):
    assert coverage.measure(truth, 0.0, 1, 450, REPEATS).ours >= LEAST


def test_what_would_fail_is_seen_to_fail(coverage):
    # the percentile bootstrap with three seeds, and any interval of one seed whose luck counts
    assert coverage.measure(0.1, 0.04, 3, 450, REPEATS).percentile < LEAST
    assert coverage.measure(0.5, 0.04, 1, 450, REPEATS).ours < LEAST


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3])
def test_19_of_20_paired_differences_hold_the_truth_and_1_of_20_p_values_is_wrong(coverage, seeds):
    rng, sd = np.random.default_rng(0), 0.02 if seeds > 1 else 0.0
    one, other = (coverage.simulated(rng, 0.5, sd, seeds, 300, REPEATS).astype(float) for _ in "ab")
    found = difference({"a": one - other}, "weighted")
    assert np.mean((found.low <= 0) & (found.high >= 0)) >= LEAST
    assert np.mean([found.at(place).p_value() < 0.05 for place in range(REPEATS)]) <= 1 - LEAST


@pytest.mark.parametrize("size", [1, 10])
def test_19_of_20_intervals_hold_the_truth_where_templates_go_together(size):
    # each template is right or wrong as a whole; as if they were questions of their own, 10 a template would miss
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random((1, 60, REPEATS)) < 0.7, size, axis=1).astype(float)
    template = np.repeat(np.arange(60), size)
    together, apart = accuracy({"a": right}, "macro", {"a": template}), accuracy({"a": right}, "macro")
    assert np.mean((together.low <= 0.7) & (together.high >= 0.7)) >= LEAST
    assert (np.mean((apart.low <= 0.7) & (apart.high >= 0.7)) >= LEAST) == (size == 1)
