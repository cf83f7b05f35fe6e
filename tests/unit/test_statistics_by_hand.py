"""Estimates that a calculator and a table of Student's t give, at the edges too."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.evaluation.statistics import (
    Estimate,
    accuracy,
    benchmark_weights,
    difference,
    families_of,
    from_draws,
    over_seeds,
    ratio_difference,
    ratios,
    wilson,
)

NORMAL = {"query_df": np.inf, "seeds": 1}


def ends(found: Estimate) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


def estimate(mean: float, **errors) -> Estimate:
    """An estimate of which only the mean and the errors matter."""
    return Estimate(mean, mean, mean, **errors)


# --- what an estimate says of itself


@pytest.mark.parametrize(("seeds", "expected"), [(1, np.nan), (2, 0.1 * 2**0.5), (9, 0.3)])
def test_the_deviation_of_two_runs_is_known_and_of_one_is_not(seeds, expected):
    assert estimate(0.5, seed_se=0.1, seeds=seeds).seed_sd == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("mean", "errors", "expected"),
    [
        # one end of the table of t: 2.570582 errors with 5 degrees of freedom are 5 %
        (2.570582, {"query_se": 1.0, "query_df": 5, "seeds": 1}, 0.05),
        (-2.570582, {"query_se": 1.0, "query_df": 5, "seeds": 1}, 0.05),
        (2.570582, {"query_se": 1.0, "query_df": 5, "seed_se": 0.0, "seeds": 3}, 0.05),
        (4.302653, {"query_se": 0.0, "query_df": 5, "seed_se": 1.0, "seeds": 3}, 0.05),
        # 0.674490 and 5 errors of a normal deviate
        (0.0674490, {"query_se": 0.1, **NORMAL}, 0.5),
        (0.5, {"query_se": 0.1, **NORMAL}, 5.733031e-07),
        # beyond the smallest that is told apart from 0
        (0.5, {"query_se": 0.01, **NORMAL}, 1e-15),
        (0.5, {"query_se": 0.0, **NORMAL}, 1e-15),
        (0.0, {"query_se": 0.1, **NORMAL}, 1.0),
        (0.0, {"query_se": 0.0, **NORMAL}, 1.0),
        (np.nan, {"query_se": 0.1, **NORMAL}, np.nan),
    ],
)
def test_p_values_are_those_of_the_table_of_t(mean, errors, expected):
    assert estimate(mean, **errors).p_value() == pytest.approx(expected, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        # 1.959964 + 0.841621 errors; of three runs 4.302653 + 1.060660
        ({"query_se": 0.1, **NORMAL}, 0.2801585),
        ({"query_se": 0.0, "query_df": 5, "seed_se": 0.1, "seeds": 3}, 0.5363313),
        ({"query_se": 0.2801585, "query_df": np.inf, "seed_se": 0.1, "seeds": 3}, 0.9506313),
    ],
)
def test_a_detectable_difference_is_the_sum_of_two_quantiles_of_errors(errors, expected):
    assert estimate(0.3, **errors).detectable() == pytest.approx(expected, rel=1e-5)


def test_an_estimate_of_several_says_what_each_of_them_does():
    several = Estimate(*(np.array([0.1, 0.2]) + step for step in range(5)), np.array([0.3, 0.4]), 2)
    assert several.at(1) == Estimate(0.2, 1.2, 2.2, 3.2, 4.2, 0.4, 2)
    assert several.covers == "queries and seeds"
    assert Estimate(*[np.full(2, np.nan)] * 3).covers is None
    # a curve that is unknown at one place is one nevertheless
    assert Estimate(*[np.array([np.nan, 0.5])] * 3).covers == "queries"


# --- shares


@pytest.mark.parametrize(
    ("benchmarks", "expected"),
    [
        # one half right family among five: 0.5 / (5 x 4), over 0.9 x 0.1; t of 4 degrees of freedom is 2.776445
        ("a", 0.318340),
        # a quarter of that from each of both, 0.0125; t of 8 is 2.306004
        ("ab", 0.575188),
    ],
)
@pytest.mark.parametrize("average", ["weighted", "macro"])
def test_four_queries_that_are_all_right(benchmarks, expected, average):
    found = accuracy({name: np.ones((1, 4)) for name in benchmarks}, average)
    assert ends(found) == pytest.approx((1, expected, 1), abs=1e-6)
    assert found.high == 1
    wrong = accuracy({name: np.zeros((1, 4)) for name in benchmarks}, average)
    assert ends(wrong) == pytest.approx((0, 0, 1 - expected), abs=1e-6)
    assert wrong.low == 0


def test_benchmarks_of_unequal_size_share_the_error_and_its_degrees_of_freedom():
    # 1.0625 / (5 x 4) of four queries, 0.75 / (3 x 2) of two, weighed by 4/9 and 1/9
    found = accuracy({"a": np.array([[1.0, 1.0, 1.0, 0.0]]), "b": np.array([[1.0, 0.0]])}, "weighted")
    assert found.query_se**2 == pytest.approx(0.0375)
    # Welch: 0.0375^2 over 0.0236111^2 / 4 and 0.0138889^2 / 2
    assert found.query_df == pytest.approx(5.96318, rel=1e-5)
    assert found.mean == pytest.approx(2 / 3)
    # one run: nothing is known of others
    assert (found.seed_se, found.seeds) == (0, 1)


def test_queries_of_one_family_count_together_whatever_their_order():
    # of families p and q with two queries and r with one: 2, 0 and 0 right of 0.8, 0.8 and 0.4 that are expected
    found = accuracy({"a": np.array([[1.0, 0.0, 1.0, 0.0, 0.0]])}, "weighted", {"a": np.array([*"pqpqr"])})
    assert found.mean == pytest.approx(0.4)
    # 9 / 25 x (1.44 + 0.64 + 0.16), the added family (0.36 + 0.16) / 2, of four families
    assert found.query_se**2 == pytest.approx((0.36 * 2.24 + 0.26) / 12)
    assert found.query_df == pytest.approx(3)


def test_families_are_known_by_benchmark_and_may_be_unknown():
    table = np.array([[1.0, 1.0, 0.0, 0.0]])
    pairs = {"a": np.array([0, 0, 1, 1])}
    both = accuracy({"a": table, "b": table}, "macro", pairs)
    only, alone = accuracy({"a": table}, "macro", pairs), accuracy({"b": table}, "macro", pairs)
    assert only.query_se > alone.query_se
    assert both.query_se**2 == pytest.approx((only.query_se**2 + alone.query_se**2) / 4)


@pytest.mark.parametrize(("estimated", "least"), [(accuracy, 0), (difference, -0.5)])
def test_several_measures_of_families_are_those_of_each(estimated, least):
    tables = np.random.default_rng(0).random((2, 6, 3)) + least
    families = {"a": np.array([2, 1, 1, 0, 2, 2])}
    together = estimated({"a": tables}, "macro", families)
    for place in range(3):
        alone = estimated({"a": tables[..., place]}, "macro", families)
        assert ends(together.at(place)) == pytest.approx(ends(alone))
        assert together.at(place).query_df == pytest.approx(alone.query_df)


@pytest.mark.parametrize(
    ("average", "expected"), [("weighted", {"a": 0.75, "b": 0.25}), ("macro", {"a": 0.5, "b": 0.5})]
)
def test_the_weights_of_benchmarks_sum_to_one(average, expected):
    tables = {"a": np.zeros((2, 6)), "b": np.zeros((2, 2))}
    assert dict(zip(tables, benchmark_weights(tables, average), strict=True)) == expected


@pytest.mark.parametrize("spread", np.linspace(0.01, 3, 50))
def test_an_end_of_wilsons_interval_is_the_share_itself_where_that_is_0_or_1(spread):
    assert wilson(0.0, spread)[0] == 0
    assert wilson(1.0, spread)[1] == 1
    # the other ends are those of the closed form
    assert wilson(0.0, spread)[1] == pytest.approx(spread / (1 + spread))
    assert wilson(1.0, spread)[0] == pytest.approx(1 / (1 + spread))


def test_wilsons_interval_of_7_of_10():
    # z = 1.96: (0.7 + 0.19208 -+ sqrt(0.0806736 + 0.0368947)) / 1.38416
    assert wilson(0.7, 1.96**2 / 10) == pytest.approx((0.396778, 0.892211), abs=1e-5)


@pytest.mark.parametrize(
    ("share", "spread"), [(7.651301585911078e-13, 32.00528), (0.9999999998782879, 0.00433358759356583)]
)
def test_rounding_takes_no_end_beyond_0_or_1(share, spread):
    low, high = wilson(share, spread)
    assert 0 <= low <= share <= high <= 1


# --- differences


@pytest.mark.parametrize("side", [1, -1])
def test_a_difference_reaches_no_further_than_1(side):
    # two runs that are 1 apart reach 12.7 errors of 0.5 to either side
    assert ends(difference({"a": np.array([[side, side], [0.0, 0.0]])}, "macro")) == (side / 2, -1, 1)


def test_a_difference_of_ratios_is_less_what_the_other_has():
    first = np.array([[1.0, 2.0, 0.0]]), np.array([[2.0, 2.0, 0.0]])
    second = np.array([[1.0, 0.0, 0.0]]), np.array([[4.0, 0.0, 0.0]])
    # 3/4 less 1/4; the third query has no size in either and does not count
    found = ratio_difference(first, second)
    assert found.mean == pytest.approx(0.5)
    # the queries are a quarter off, the added one 0.75 to both sides of 0
    assert found.query_se**2 == pytest.approx((0.125 + 0.5625 + 0.25) / 6)
    assert ratio_difference(second, first).mean == pytest.approx(-0.5)


def test_a_query_that_has_a_size_in_one_of_both_ratios_counts_there():
    # 1 of 2 + 2, though the other has nothing to say of the second query
    first, second = (np.array([[1.0, 0.0]]), np.full((1, 2), 2.0)), (np.array([[1.0, 0.0]]), np.array([[4.0, 0.0]]))
    assert ratio_difference(first, second).mean == pytest.approx(0.25 - 0.25)
    assert ratio_difference(second, first).mean == pytest.approx(0.25 - 0.25)


# --- measures and costs


def test_a_measure_over_benchmarks_is_the_mean_of_their_means():
    # 2 with an error of 1, and 3 with one of sqrt(4 / 3): 1/4 and 1/3; Welch's degrees of freedom are 49 / 17
    parts = [(np.array([values]), np.ones((1, len(values)))) for values in ([1.0, 3.0], [1.0, 3.0, 5.0])]
    found = ratios(parts, "measure")
    assert (found.mean, found.query_se**2, found.query_df) == pytest.approx((2.5, 7 / 12, 49 / 17))


def test_a_measure_that_is_always_the_same_has_no_width():
    found = ratios([(np.full((1, 3), 2.0), np.ones((1, 3)))], "measure")
    assert ends(found) == (2, 2, 2)


@pytest.mark.filterwarnings("error")
def test_a_measure_of_a_single_query_has_no_interval():
    found = ratios([(np.array([[2.0]]), np.ones((1, 1)))], "measure")
    assert found.mean == 2
    assert found.covers is None


def test_a_measure_is_never_below_0_and_has_no_upper_end():
    found = ratios([(np.array([[0.0, 4.0]]), np.ones((1, 2)))], "measure")
    assert ends(found) == pytest.approx((2, 0, 2 + 12.706205 * 2))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 4.0], (2, 0, 2 + 12.706205 * 2)),
        ([10.0, 11.0, 12.0], (11, 11 - 4.302653 / 3**0.5, 11 + 4.302653 / 3**0.5)),
        ([7.0], (7, np.nan, np.nan)),
    ],
)
def test_costs_of_runs_have_an_interval_of_their_mean(values, expected):
    found = over_seeds(np.array(values))
    assert ends(found) == pytest.approx(expected, nan_ok=True)
    assert found.seeds == len(values)


# --- draws


def test_draws_say_how_far_a_statistic_is_off():
    # their variance is 0.005, and one family of five is (0.0625 + 0.5625) / 2 off: 0.3125 / 20
    found = from_draws(np.array([0.75]), np.array([[0.7, 0.8, np.nan]]), 4)
    assert found.query_se**2 == pytest.approx(0.005 + 0.015625)
    assert (found.query_df, found.seeds, found.seed_se) == (4, 1, 0)
    # Wilson's of 2.776445^2 x 0.020625 over 0.7 x 0.3
    assert ends(found) == pytest.approx((0.75, 0.338316, 0.946243), abs=1e-5)


def test_draws_of_two_runs_are_averaged_draw_by_draw():
    found = from_draws(np.array([0.7, 0.8]), np.array([[0.6, 0.9], [0.8, 0.7]]), 4)
    # 0.7 and 0.8
    assert found.query_se**2 == pytest.approx(0.005 + 0.015625)
    assert found.seed_se == pytest.approx(0.05)
    assert found.seed_sd == pytest.approx(0.005**0.5)


def test_a_single_draw_says_nothing():
    found = from_draws(np.array([0.7, 0.8]), np.array([[0.6, np.nan], [0.8, 0.7]]), 4)
    assert ends(found) == pytest.approx((0.75, np.nan, np.nan), nan_ok=True)
    assert (found.covers, found.seeds) == (None, 2)
    assert np.isnan([found.query_se, found.query_df]).all()
    assert found.seed_sd == pytest.approx(0.005**0.5)


def test_an_undefined_run_leaves_the_statistic_undefined_whatever_the_draws():
    found = from_draws(np.array([np.nan]), np.array([[0.7, 0.8]]), 4)
    assert np.isnan([*ends(found), found.query_se, found.query_df]).all()


# --- families


def test_a_template_and_a_query_of_one_name_are_two_families():
    rows = pd.DataFrame({"query_id": ["x", "y", "z", "x"], "template": ["t", "x", "t", None]})
    assert families_of(rows).tolist() == ["template t", "template x", "template t", "query x"]
    assert families_of(rows[["query_id"]]).tolist() == ["query x", "query y", "query z", "query x"]
