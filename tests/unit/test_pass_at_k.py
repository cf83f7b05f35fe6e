from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.evaluation.pass_at_k import compare, estimates, pass_at_k, read_counts
from reward_memory.evaluation.statistics import accuracy
from reward_memory.storage import parquet


def verdicts(rewards: dict[str, list[float]], benchmark: str = "amc23") -> pd.DataFrame:
    """A grades table: query -> rewards of its samples."""
    rows = [
        {"query_id": query, "benchmark": benchmark, "sample": sample, "reward": reward, "extracted": "1", "path": "x"}
        for query, samples in rewards.items()
        for sample, reward in enumerate(samples)
    ]
    return pd.DataFrame(rows, columns=parquet.VERDICTS.names)


def runs(*tables: pd.DataFrame) -> pd.DataFrame:
    """Graded responses of one arm, a table a seed."""
    names = {"suite": "meds", "policy": "small", "method": "dapo", "label_ratio": 100}
    return pd.concat([table.assign(**names, seed=seed) for seed, table in enumerate(tables)])


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_formula_in_fractions(case):
    samples, right, k = case
    exact = 1 - Fraction(comb(samples - right, k), comb(samples, k))
    assert estimates(np.array(right), samples)[k - 1] == float(exact)


@pytest.mark.parametrize("samples", [128, 300])
def test_many_samples_are_exact_too(samples):
    found = estimates(np.arange(samples + 1), samples)
    for right, k in [(1, 1), (1, samples), (2, samples // 2), (samples // 2, 3), (samples - 1, 1), (samples, 1)]:
        assert found[right, k - 1] == float(1 - Fraction(comb(samples - right, k), comb(samples, k)))


@pytest.mark.parametrize(("samples", "right"), [(5, 0), (5, 2), (6, 1), (6, 5), (4, 4)])
def test_pass_at_k_is_the_share_of_choices_of_k_samples_with_a_right_one(samples, right):
    rewards = [1] * right + [0] * (samples - right)
    for k in range(1, samples + 1):
        chosen = [max(choice) for choice in combinations(rewards, k)]
        assert estimates(np.array(right), samples)[k - 1] == pytest.approx(sum(chosen) / len(chosen))


def test_two_right_of_four_by_hand():
    # 1 - C(2, k) / C(4, k): 1 - 2/4, 1 - 1/6, 1, 1
    assert estimates(np.array([2]), 4)[0].tolist() == [0.5, 5 / 6, 1.0, 1.0]


@given(st.integers(1, 40).flatmap(lambda n: st.lists(st.integers(0, n), min_size=1, max_size=9).map(lambda c: (n, c))))
def test_curves_rise_with_k_from_accuracy_to_coverage_within_their_intervals(case):
    samples, counts = case
    counts = np.array([counts])
    curve = pass_at_k({"a": counts}, samples)
    assert (np.diff(curve.mean) >= -1e-12).all()
    assert curve.mean[0] == pytest.approx(counts.mean() / samples)
    assert curve.mean[-1] == pytest.approx((counts > 0).mean())
    assert (curve.low <= curve.mean + 1e-12).all()
    assert (curve.mean <= curve.high + 1e-12).all()


def test_estimates_keep_the_shape_of_the_counts():
    assert estimates(np.zeros((3, 7), int), 5).shape == (3, 7, 5)


@pytest.mark.parametrize(("counts", "samples"), [([-1], 4), ([5], 4), ([0, 5], 4), ([-1, 4], 4), ([0], 0), ([], 0)])
def test_impossible_counts_are_refused(counts, samples):
    with pytest.raises(ValueError, match=f"between 0 and {samples}, and there must be samples"):
        estimates(np.array(counts), samples)


def test_a_single_sample_is_right_or_not():
    assert estimates(np.array([[1, 0]]), 1).tolist() == [[[1.0], [0.0]]]


def test_no_problems_have_no_estimates():
    assert estimates(np.empty((2, 0), int), 3).shape == (2, 0, 3)


def test_no_benchmarks_are_refused():
    with pytest.raises(ValueError, match="no benchmarks"):
        pass_at_k({}, 4)


def counts_of(seeds: int, problems: int, source: int, samples: int = 8) -> np.ndarray:
    rng = np.random.default_rng(source)
    return rng.binomial(samples, rng.beta(1, 1, problems), size=(seeds, problems))


@pytest.mark.parametrize("seeds", [1, 3])
def test_pass_at_1_is_the_macro_accuracy_with_its_interval(seeds):
    right = {"a": counts_of(seeds, 30, 0), "b": counts_of(seeds, 10, 1)}
    curve = pass_at_k(right, 8)
    known = accuracy({name: counts / 8 for name, counts in right.items()}, "macro")
    found = curve.at(0)
    assert (found.mean, found.low, found.high) == pytest.approx((known.mean, known.low, known.high), abs=1e-12)


def test_the_error_at_every_k_is_that_of_a_slow_bootstrap():
    right = {"a": counts_of(2, 60, 0), "b": counts_of(2, 40, 1)}
    curve, rng = pass_at_k(right, 8), np.random.default_rng(1)
    values = {name: estimates(counts, 8).mean(axis=0) for name, counts in right.items()}
    means = [
        sum(own[rng.integers(len(own), size=len(own))].mean(axis=0) for own in values.values()) / 2 for _ in range(4000)
    ]
    # one made-up problem more widens the error where nearly all are solved
    assert (curve.query_se >= 0.95 * np.std(means, axis=0)).all()
    assert curve.query_se[:3] == pytest.approx(np.std(means, axis=0)[:3], rel=0.1)


def test_runs_count_as_wholes():
    # a run that solves everything and one that solves nothing: the interval is as wide as can be
    right = {"a": np.repeat([[4], [0]], 200, axis=1)}
    found = pass_at_k(right, 4).at(2)
    assert found.mean == 0.5
    assert found.low < 0.01
    assert found.high > 0.99


def test_problems_of_one_template_count_as_one():
    once = pass_at_k({"a": counts_of(2, 20, 0)}, 8)
    twice = pass_at_k({"a": np.repeat(counts_of(2, 20, 0), 2, axis=1)}, 8, {"a": np.repeat(np.arange(20), 2)})
    assert twice.low == pytest.approx(once.low)


def test_the_average_is_the_mean_of_the_benchmarks():
    # aime24 1/4 and 1/2, math500 7/8 and 1
    curve = pass_at_k({"aime24": np.array([[1, 0]]), "math500": np.array([[2, 2, 2, 1]])}, 2)
    assert curve.mean.tolist() == pytest.approx([(0.25 + 0.875) / 2, 0.75])


def test_a_paired_difference_leaves_out_what_both_find_hard():
    # every problem gains one right sample of four: a quarter at k = 1, whatever else differs between problems
    worse = {"a": np.tile([[0, 1, 2, 3], [1, 1, 3, 0]], 50)}
    better = {"a": worse["a"] + 1}
    found = compare(better, worse, 4)
    assert found.mean[0] == pytest.approx(0.25)
    assert found.high[0] - found.low[0] < 0.05
    # at k = 4 a problem gains where it had none: one of four, one of four
    assert found.mean[3] == pytest.approx(0.25)
    assert found.low[3] < 0.23
    assert found.high[3] > 0.27
    back = compare(worse, better, 4)
    assert (back.mean == -found.mean).all()
    assert back.low == pytest.approx(-found.high)


def test_arms_with_other_problems_are_not_compared():
    with pytest.raises(ValueError, match="different seeds or problems"):
        compare({"a": np.zeros((1, 3), int)}, {"a": np.zeros((1, 2), int)}, 4)


ARM = ("small", "dapo", 100)
NAME = "small, dapo, 100 % labels, seed"


def test_counts_are_read_for_every_benchmark_and_seed_whatever_the_order_of_runs():
    found = runs(
        pd.concat([verdicts({"q1": [1, 0], "q2": [1, 1]}), verdicts({"p": [0, 0]}, "aime24")]),
        pd.concat([verdicts({"q2": [0, 1], "q1": [0, 0]}), verdicts({"p": [1, 0]}, "aime24")]),
    )
    other = found.assign(method="meds", reward=0.0)
    for table in (pd.concat([found, other]), pd.concat([other, found.iloc[::-1]])):
        right, samples = read_counts(table)
        assert samples == 2
        assert right.keys() == {ARM, ("small", "meds", 100)}
        assert {name: counts.tolist() for name, counts in right[ARM].items()} == {
            "aime24": [[0], [1]],
            "amc23": [[1, 2], [0, 1]],
        }
        assert not any(counts.any() for counts in right["small", "meds", 100].values())


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (
            [{"q1": [1, 0], "q2": [1, 1], "short": [1]}],
            "0: short has 1 samples and other problems have 2; sample every problem the same number of times.",
        ),
        (
            [{"q": [1, 1]}, {"q": [1, 1, 1]}],
            f"1: q has 3 samples, but 2 for {NAME} 0; sample every problem the same number of times.",
        ),
        (
            [{"q": [1]}, {"r": [1]}],
            f"1: different problems were graded than for {NAME} 0; delete both and run again.",
        ),
        ([{"q": [0.5, 0]}], "0: q has a reward of 0.5; pass@k takes 0 and 1 only."),
        ([{"q": [1, 0]}, {"p": [1, 2], "q": [-1, 0]}], "1: p has a reward of 2; pass@k takes 0 and 1 only."),
        (
            [{"q": [1, 0], "p": [1]}],
            "0: q has 2 samples and other problems have 1; sample every problem the same number of times.",
        ),
        (
            [{"o": [1, 0], "p": [1], "q": [1, 1, 1], "r": [0, 0]}],
            "0: p has 1 samples and other problems have 2; sample every problem the same number of times.",
        ),
        (
            [{"q": [1]}, {"q": [1], "r": [1]}],
            f"1: different problems were graded than for {NAME} 0; delete both and run again.",
        ),
    ],
    ids=[
        *("fewer samples", "more samples in a seed", "other problems", "a reward between", "rewards beyond"),
        *("one of two has more", "some have fewer", "more problems"),
    ],
)
def test_runs_that_pass_at_k_is_not_defined_for_are_named(tables, sentence):
    with pytest.raises(InputError) as error:
        read_counts(runs(*map(verdicts, tables)))
    assert str(error.value) == f"{NAME} {sentence}"


@pytest.mark.parametrize(
    ("again", "named"), [({"q": [1]}, "q has sample 0"), ({"p": [1, 0], "q": [1, 0]}, "p has sample 0")]
)
def test_a_sample_that_is_there_twice_is_an_error(again, named):
    with pytest.raises(InputError) as error:
        read_counts(runs(pd.concat([verdicts({"p": [1, 0], "q": [1, 0]}), verdicts(again)])))
    assert str(error.value) == f"{NAME} 0: {named} twice; delete it and run again."


def test_the_same_sample_of_two_problems_or_seeds_is_there_once():
    right, samples = read_counts(runs(verdicts({"p": [1], "q": [1]}), verdicts({"p": [1], "q": [0]})))
    assert (right[ARM]["amc23"].tolist(), samples) == ([[1, 1], [1, 0]], 1)


def test_an_empty_table_is_an_error():
    with pytest.raises(InputError) as error:
        read_counts(runs(verdicts({})))
    assert str(error.value) == "pass@k: no graded responses; run the evaluation first."
