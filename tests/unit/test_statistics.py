"""Means with intervals: against slow resampling, closed forms, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest, t, ttest_1samp

from reward_memory.evaluation.statistics import (
    Estimate,
    accuracy,
    difference,
    from_draws,
    holm,
    over_seeds,
    ratio_difference,
    ratios,
    wilson,
)


def queries(seeds: int, count: int, source: int = 0) -> np.ndarray:
    """Shares of right responses of 8 that differ by query, and by seed by chance alone."""
    rng = np.random.default_rng(source)
    return rng.binomial(8, rng.beta(1, 1, count), size=(seeds, count)) / 8


def ends(found: Estimate) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


#: (seeds, queries) shares of right responses
TABLES = arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


@pytest.mark.parametrize(("average", "expected"), [("weighted", 4 / 6), ("macro", (0.75 + 0.5) / 2)])
def test_an_average_counts_queries_or_benchmarks_the_same(average, expected):
    grades = {"a": np.array([[1.0, 0.0, 1.0, 1.0]]), "b": np.array([[0.0, 1.0]])}
    assert accuracy(grades, average).mean == pytest.approx(expected)


def test_the_mean_is_over_seeds_too():
    assert accuracy({"a": np.array([[1.0, 0.5], [0.0, 0.25]])}, "weighted").mean == pytest.approx(1.75 / 4)


# --- the standard errors


@pytest.mark.parametrize("average", ["weighted", "macro"])
@pytest.mark.parametrize("size", [1, 4])
def test_the_error_between_queries_is_that_of_a_cluster_bootstrap(average, size):
    grades = {"a": queries(3, 2000), "b": queries(3, 1200, 1)}
    weights = {"weighted": {"a": 2000 / 3200, "b": 1200 / 3200}, "macro": {"a": 0.5, "b": 0.5}}[average]
    members = {name: np.arange(table.shape[1]).reshape(-1, size) for name, table in grades.items()}
    rng, means = np.random.default_rng(5), []
    for _ in range(2000):
        drawn = {name: own[rng.integers(len(own), size=len(own))].ravel() for name, own in members.items()}
        means.append(sum(weights[name] * table[:, drawn[name]].mean() for name, table in grades.items()))
    families = {name: np.arange(table.shape[1]) // size for name, table in grades.items()}
    assert accuracy(grades, average, families).query_se == pytest.approx(np.std(means), rel=0.06)


def test_the_error_between_seeds_is_that_of_their_means():
    grades = {"a": queries(4, 30), "b": queries(4, 10, 1)}
    means = np.concatenate([*grades.values()], axis=1).mean(axis=1)
    found = accuracy(grades, "weighted")
    assert found.seed_se == pytest.approx(means.std(ddof=1) / 2)
    assert found.seed_sd == pytest.approx(means.std(ddof=1))


def test_runs_count_as_wholes_over_benchmarks():
    # a run that is right in one benchmark and wrong in the other is 50 % as the other is
    grades = {"a": np.repeat([[1.0], [0.0]], 50, axis=1), "b": np.repeat([[0.0], [1.0]], 50, axis=1)}
    assert accuracy(grades, "weighted").seed_se == pytest.approx(0)


def test_seeds_count_by_t_with_one_degree_of_freedom_less():
    # the queries say the same in every run, so the seeds are all that is left: differences of 0, 1 and 2 tenths
    found = difference({"a": np.repeat([[0.0], [0.1], [0.2]], 10_000, axis=1)}, "weighted")
    reach = t.isf(0.025, 2) * 0.1 / np.sqrt(3)
    assert ends(found) == pytest.approx((0.1, 0.1 - reach, 0.1 + reach), abs=1e-4)


def test_both_errors_add_up_in_squares():
    found = difference({"a": queries(3, 40) - queries(3, 40, 1)}, "weighted")
    reach = np.hypot(t.isf(0.025, 2) * found.seed_se, t.isf(0.025, found.query_df) * found.query_se)
    assert (found.low, found.high) == pytest.approx((found.mean - reach, found.mean + reach))


@pytest.mark.parametrize(("seeds", "covers"), [(1, "queries"), (2, "queries and seeds")])
def test_an_estimate_says_what_its_interval_covers(seeds, covers):
    assert accuracy({"a": queries(seeds, 9)}, "macro").covers == covers


def test_a_mean_with_nothing_known_of_its_runs_counts_as_one_run():
    found = Estimate(0.5, 0.4, 0.6)
    assert found.covers == "queries"
    assert np.isnan(found.seed_sd)
    assert np.isnan([found.query_se, found.query_df]).all()
    assert found.seed_se == 0


def test_the_deviation_of_runs_is_their_error_times_the_root_of_their_number():
    assert Estimate(0.5, 0.4, 0.6, seed_se=0.1, seeds=4).seed_sd == pytest.approx(0.2)


def test_an_estimate_is_a_row_in_percent():
    row = Estimate(0.5, 0.25, 0.75).row("accuracy", 100)
    assert row == {"accuracy": 50.0, "ci_low": 25.0, "ci_high": 75.0, "interval_covers": "queries"}


# --- shares near 0 and 1


@pytest.mark.parametrize(("right", "count"), [(0, 40), (40, 40), (1, 40), (449, 450), (31, 100)])
def test_one_response_a_query_and_one_seed_give_wilsons_interval(right, count):
    found = accuracy({"a": (np.arange(count) < right)[None].astype(float)}, "weighted")
    # the quantile is t's, a little above the normal one
    level = 1 - 2 * float(t.sf(t.isf(0.025, count), 1e9))
    expected = binomtest(right, count).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-3)


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("benchmarks", ["a", "ab"])
def test_all_right_and_all_wrong_have_an_interval_of_some_width(share, seeds, benchmarks):
    found = accuracy({name: np.full((seeds, 450), share) for name in benchmarks}, "weighted")
    assert found.mean == share
    # the rule of three: up to 3 / 450 may be otherwise
    assert 3 / (450 * len(benchmarks)) < found.high - found.low < 6 / (450 * len(benchmarks))
    assert share in (found.low, found.high)


def test_methods_that_answer_alike_are_not_known_to_be_equal():
    found = difference({"a": np.zeros((1, 450))}, "weighted")
    assert found.mean == 0
    assert 1 / 450 < found.high < 6 / 450
    assert found.low == -found.high
    assert found.p_value() == 1


def test_without_any_difference_one_family_that_differs_wholly_is_added():
    found = difference({"a": np.zeros((1, 9))}, "weighted")
    # of 10 families one is 1 away from the mean: its square over 10 x 9, with 9 degrees of freedom
    assert ends(found) == pytest.approx((0, -t.ppf(0.975, 9) / np.sqrt(90), t.ppf(0.975, 9) / np.sqrt(90)))


def test_to_a_difference_one_family_as_far_off_as_the_furthest_is_added():
    # mean 0.2: squares 0.16 + 2 * 0.04, of the added family 0.36 + 0.04; four families in all
    found = difference({"a": np.array([[0.6, 0.0, 0.0]])}, "weighted")
    assert found.query_se == pytest.approx((0.64 / (4 * 3)) ** 0.5)
    # no further to the other side: as far as any, up or down
    found = difference({"a": np.array([[-0.6, 0.0, 0.0]])}, "weighted")
    assert found.query_se == pytest.approx((0.64 / (4 * 3)) ** 0.5)


def test_to_a_share_one_family_half_right_is_added():
    # mean 0.75: squares 3 * 0.0625 + 0.5625, of the added family (0.5625 + 0.0625) / 2; five families in all
    found = accuracy({"a": np.array([[1.0, 1.0, 1.0, 0.0]])}, "weighted")
    assert found.query_se == pytest.approx((1.0625 / (5 * 4)) ** 0.5)


def test_the_ends_of_wilsons_interval_without_any_spread_are_the_share():
    assert wilson(0.3, 0.0) == pytest.approx((0.3, 0.3))


# --- laws


@settings(max_examples=100, deadline=None)
@given(TABLES, st.sampled_from(["weighted", "macro"]))
def test_an_interval_holds_its_mean_and_lies_within_0_and_1(table, average):
    found = accuracy({"a": table, "b": 1 - table}, average)
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert found.low < found.high


@settings(max_examples=50, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_queries_and_of_seeds_says_nothing(table, chance):
    rows, columns = ([*range(size)] for size in table.shape)
    chance.shuffle(rows)
    chance.shuffle(columns)
    family = np.array(columns) // 2
    found = accuracy({"a": table[rows][:, columns]}, "macro", {"a": family})
    assert ends(found) == pytest.approx(ends(accuracy({"a": table}, "macro", {"a": np.arange(len(columns)) // 2})))


@settings(max_examples=50, deadline=None)
@given(TABLES, st.integers(2, 4))
def test_more_questions_of_each_template_do_not_narrow_an_interval(table, times):
    more, template = np.repeat(table, times, axis=1), np.repeat(np.arange(table.shape[1]), times)
    once, often = accuracy({"a": table}, "macro"), accuracy({"a": more}, "macro", {"a": template})
    assert ends(often) == pytest.approx(ends(once))
    as_if_new = accuracy({"a": more}, "macro")
    assert as_if_new.query_se < often.query_se


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_wrong_answers_mirror_right_ones(table):
    right, wrong = accuracy({"a": table}, "macro"), accuracy({"a": 1 - table}, "macro")
    assert (wrong.mean, wrong.high, wrong.low) == pytest.approx((1 - right.mean, 1 - right.low, 1 - right.high))


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_the_other_way_round_a_difference_changes_its_sign_alone(table):
    off = table - table[:, ::-1] / 2
    one, other = difference({"a": off}, "macro"), difference({"a": -off}, "macro")
    assert ends(one) == pytest.approx((-other.mean, -other.high, -other.low))
    assert one.p_value() == pytest.approx(other.p_value())


def test_more_queries_make_a_narrower_interval():
    few, many = accuracy({"a": queries(1, 25)}, "weighted"), accuracy({"a": queries(1, 400)}, "weighted")
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_the_error_of_a_measure_is_that_of_the_plain_mean():
    # a deviation of sqrt(2) over the root of 2 queries; nothing is made up, for nothing bounds a measure
    found = ratios([(np.array([[1.0, 3.0]]), np.ones((1, 2)))], "measure")
    assert (found.mean, found.query_se, found.query_df) == pytest.approx((2, 1, 1))


def test_estimates_of_several_measures_are_those_of_each():
    tables = np.stack([queries(3, 20), queries(3, 20, 1)], axis=2)
    both = accuracy({"a": tables}, "macro")
    for place in (0, 1):
        assert ends(both.at(place)) == pytest.approx(ends(accuracy({"a": tables[..., place]}, "macro")))
        assert both.at(place).p_value() == pytest.approx(accuracy({"a": tables[..., place]}, "macro").p_value())


# --- tests of a difference


@settings(max_examples=100, deadline=None)
@given(TABLES, st.integers(0, 10**6))
def test_a_p_value_is_below_5_percent_where_the_interval_leaves_out_0(table, source):
    shift = np.random.default_rng(source).uniform(-0.6, 0.6)
    found = difference({"a": np.clip(table - 0.5 + shift, -1, 1)}, "macro")
    assert 0 <= found.p_value() <= 1
    if min(abs(found.low), abs(found.high)) > 1e-9:
        assert (found.p_value() < 0.05) == (found.low > 0 or found.high < 0)


def test_the_p_value_of_one_seed_is_that_of_the_paired_t_test():
    off = queries(1, 400) - queries(1, 400, 1) + 0.02
    found = difference({"a": off}, "macro")
    assert found.p_value() == pytest.approx(ttest_1samp(off[0], 0).pvalue, abs=0.01)


def test_a_difference_beyond_all_doubt_has_a_p_value_above_0():
    found = difference({"a": np.ones((1, 500))}, "macro")
    assert 0 < found.p_value() < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_a_detectable_difference_is_found_four_times_of_five(seeds):
    rng = np.random.default_rng(0)

    def noise() -> dict[str, np.ndarray]:
        # the luck of a single seed is not covered, so there is none
        luck = rng.normal(0, 0.02, (seeds, 1)) if seeds > 1 else 0
        return {"a": rng.normal(0, 0.3, (1, 300)) + luck + rng.normal(0, 0.2, (seeds, 300))}

    size = np.mean([difference(noise(), "macro").detectable() for _ in range(200)])
    found = [difference({"a": noise()["a"] + size}, "macro").p_value() < 0.05 for _ in range(500)]
    assert 0.7 <= np.mean(found) <= 0.93


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        # times 4, 3, 2, 1 in ascending order, never falling
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.7, 0.9], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([0.02, np.nan, 0.02], [0.04, np.nan, 0.04]),
        ([], []),
    ],
)
def test_holms_correction_by_hand(given_, expected):
    assert holm(given_).tolist() == pytest.approx(expected, nan_ok=True)


# --- ratios, and statistics that are no means


def test_a_ratio_is_of_the_sums_and_a_query_without_size_does_not_count():
    totals, sizes = np.array([[1.0, 0.0, 0.0], [2.0, 4.0, 0.0]]), np.array([[4.0, 2.0, 0.0], [8.0, 4.0, 0.0]])
    found = ratios([(totals, sizes)], "share")
    assert found.mean == 7 / 18
    assert ends(found) == ends(ratios([(totals[:, :2], sizes[:, :2])], "share"))


def test_the_error_of_a_ratio_is_that_of_a_bootstrap():
    rng = np.random.default_rng(0)
    sizes = rng.integers(0, 9, (2, 300)).astype(float)
    totals = np.floor(sizes * rng.beta(2, 3, 300))
    drawn = [totals[:, some].sum() / sizes[:, some].sum() for some in rng.integers(300, size=(3000, 300))]
    assert ratios([(totals, sizes)], "share").query_se == pytest.approx(np.std(drawn), rel=0.05)


def test_the_difference_of_a_ratio_to_itself_is_0():
    part = np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([[4.0, 2.0], [8.0, 4.0]])
    found = ratio_difference(part, part)
    assert found.mean == found.seed_se == 0


def test_nothing_to_divide_by_is_an_error():
    with pytest.raises(ValueError, match="divide"):
        ratios([(np.zeros((1, 2)), np.zeros((1, 2)))], "share")


def test_draws_of_a_mean_give_the_interval_of_the_mean():
    table, rng = queries(3, 150), np.random.default_rng(0)
    times = rng.multinomial(150, np.full(150, 1 / 150), 4000)
    found, expected = from_draws(table.mean(axis=1), table @ times.T / 150, 150), accuracy({"a": table}, "macro")
    assert ends(found) == pytest.approx(ends(expected), abs=2e-3)


def test_a_statistic_that_is_undefined_has_no_interval():
    assert np.isnan(ends(from_draws(np.array([np.nan, 0.5]), np.full((2, 9), 0.5), 9))).all()


def test_a_cost_of_two_runs_has_the_interval_of_their_mean():
    found = over_seeds(np.array([100.0, 104.0]))
    reach = t.isf(0.025, 1) * 2
    assert ends(found) == pytest.approx((102, 102 - reach, 102 + reach))
    assert np.isnan(over_seeds(np.array([7.0])).low)


def test_no_benchmarks_and_unknown_averages_are_errors():
    with pytest.raises(ValueError, match="no benchmarks"):
        accuracy({}, "weighted")
    with pytest.raises(ValueError, match="'median' is not weighted or macro"):
        accuracy({"a": queries(1, 3)}, "median")
