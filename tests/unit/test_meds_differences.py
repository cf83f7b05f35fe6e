"""Differences and shares of the second paper's tables by hand, and what there is nothing to say about."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.report.tables import meds, repeated_errors

ARM = {"policy": "small", "method": "meds"}
#: No figure of anyone.
NOTHING = meds.published_pass(
    pd.DataFrame(columns=["table", "policy", "method", "label_ratio", "benchmark", "metric", "value", "n"]), "meds_main"
)
COLUMNS = ["difference", "difference_low", "difference_high", "p_value", "detectable"]


def counts(*steps: tuple[int, int, int, int], query: str = "q") -> pd.DataFrame:
    """One run's counts at one query from (step, wrong, visited, repeated)."""
    return pd.DataFrame(steps, columns=["step", "wrong", "visited", "repeated"]).assign(query_id=query)


def ablation(right: tuple, repeats: tuple, samples: int = 4, **more) -> pd.DataFrame:
    rows = meds.meds_ablation_rows(ARM, right, repeats, samples, {"a": "hub", "b": "mirror"}, NOTHING, "meds", **more)
    return pd.DataFrame(rows, columns=meds.MEDS_ABLATION_COLUMNS).set_index("metric")


#: No error could repeat one; one of four did; two of four did.
NEVER, ONCE, TWICE = counts((1, 4, 0, 0)), counts((2, 5, 4, 1)), counts((2, 6, 4, 2))
EQUAL = {"a": np.full((1, 9), 2)}


def test_arms_that_solve_the_same_differ_by_what_one_problem_of_ten_could():
    # an error of the root of 1 / (10 x 9): 2.262157 of them, and 0.883404 more; in points
    found = ablation((EQUAL, EQUAL), ([ONCE], None))
    for metric in ("pass@1", "pass@4"):
        assert found.loc[metric, COLUMNS].tolist() == pytest.approx([0, -23.8452, 23.8452, 1, 33.1571], rel=1e-5)
    assert set(found["interval_covers"]) == {"queries"}
    assert found["value"].tolist() == [50, 100, 25]
    assert found.loc["repeated_share", COLUMNS].isna().all()


def test_shares_of_repeated_errors_are_compared_in_points():
    # one query: the added one is 0.25 off to both sides, an error of 0.25 with one degree of freedom
    row = ablation((EQUAL, None), ([ONCE], [TWICE])).loc["repeated_share"]
    assert row[COLUMNS].tolist() == pytest.approx([-25, -100, 100, 0.5, 352.0647], rel=1e-5)
    assert np.isnan([row["n"], row["samples"]]).all()
    assert row["value"] == 25
    # Wilson's of a single family of which a quarter is wrong again
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.0578, 99.4819), rel=1e-3)


def test_a_single_sample_has_one_k():
    one = {"a": np.array([[1, 0]])}
    found = ablation((one, one), ([ONCE], None), samples=1)
    assert found.index.tolist() == ["pass@1", "repeated_share"]
    assert found.loc["pass@1", ["value", "samples", "n"]].tolist() == [50, 1, 2]


@pytest.mark.parametrize(
    ("own", "other", "value", "difference"),
    [
        ([NEVER], [ONCE], np.nan, np.nan),
        ([ONCE], [NEVER], 25, np.nan),
        ([NEVER], [NEVER], np.nan, np.nan),
        # one run with an error that could repeat is enough
        ([NEVER, ONCE], [TWICE, NEVER], 25, -25),
        ([ONCE, NEVER], [NEVER, TWICE], 25, -25),
    ],
)
def test_without_an_error_that_could_repeat_there_is_no_share_to_compare(own, other, value, difference):
    row = ablation((EQUAL, None), (own, other)).loc["repeated_share"]
    assert (row["value"], row["difference"]) == pytest.approx((value, difference), nan_ok=True)
    rows = repeated_errors.repeated_rows(own, ("dapo", other), ARM)
    found = {row["metric"]: row["value"] for row in reversed(rows) if "step" not in row}
    assert found["repeated_share"] == pytest.approx(value, nan_ok=True)
    assert found["repeated_share-dapo"] == pytest.approx(difference, nan_ok=True)


def test_problems_of_one_family_widen_what_is_compared():
    own, other = {"a": np.array([[4, 4, 0, 0, 0, 0]])}, {"a": np.zeros((1, 6), int)}
    families = {"a": np.array([0, 0, 1, 1, 2, 2])}
    alone, together = (ablation((own, other), ([ONCE], None), families=known) for known in (None, families))
    for low in ("ci_low", "difference_low"):
        assert together.loc["pass@1", low] < alone.loc["pass@1", low]
    # three families, a third off: (4 + 1 + 1) / 9, the added one 1 + 1/9, over 4 x 3
    reach = 3.182446 * ((6 / 9 + 10 / 9) / 12) ** 0.5
    assert together.loc["pass@1", "difference_low"] == pytest.approx(100 * (1 / 3 - reach), rel=1e-5)
    curve = meds.main_rows(own, 4, {}, ARM, {"a": "hub"}, NOTHING, families)
    assert curve[0]["ci_low"] == together.loc["pass@1", "ci_low"]


def test_an_average_is_over_the_benchmarks_with_their_sources():
    right = {"a": np.array([[4, 0]]), "b": np.array([[4, 4, 4]])}
    found = ablation((right, None), ([ONCE], None))
    assert found.loc["pass@1", ["value", "n", "source", "seeds"]].tolist() == [75, 5, "hub and mirror", 1]


def test_published_averages_are_about_the_benchmarks_of_the_main_table():
    rows = [("meds_main", "a", 1), ("meds_main", "b", 2), ("meds_main", "average", 3), ("meds_ablation", "average", 4)]
    figures = pd.DataFrame([*rows, ("main", "c", 5)], columns=["table", "benchmark", "value"])
    main, ablated = (meds.published_pass(figures, name) for name in ("meds_main", "meds_ablation"))
    assert main["members"].tolist() == [{"a"}, {"b"}, {"a", "b"}]
    assert ablated[["value", "members"]].values.tolist() == [[4, {"a", "b"}]]


def test_measures_are_of_the_problems_of_their_own_benchmark():
    rows = [("a", "p", "4", 1, 0), ("a", "p", "5", 0, 0), ("b", "r", "B", 0, 0), ("b", "r", "B", 0, 0)]
    rows += [("b", "s", "A", 0, 0), ("b", "s", "C", 0, 0)]
    graded = pd.DataFrame(rows, columns=["benchmark", "query_id", "extracted", "reward", "seed"])
    found = meds.read_measures(graded, {"a": "math", "b": "qa"})
    assert {name: table.tolist() for name, table in found["distinct_answers"].items()} == {"a": [[2]], "b": [[1, 2]]}
    assert found["wrong_entropy"]["b"].tolist() == [[0, pytest.approx(np.log(2))]]


def test_what_training_takes_has_a_row_a_cost_with_its_names():
    logged = pd.DataFrame({"sampled_responses": [4, 8], "sampled_tokens": [10, 20]})
    found = meds.training_rows([logged, logged], ARM, "generated")
    assert [row["metric"] for row in found] == ["sampled_responses", "sampled_tokens"]
    for row, value in zip(found, (12, 30), strict=True):
        assert ARM.items() <= row.items()
        assert (row["seeds"], row["source"]) == (2, "generated")
        # two runs that took the same
        assert (row["value"], row["ci_low"], row["ci_high"]) == (value, value, value)


# --- repeated errors and sizes of clusters


def test_every_share_has_its_interval_in_percent_and_what_it_is_of():
    rows = repeated_errors.repeated_rows([ONCE], None, ARM)
    assert [(row["metric"], row.get("step"), row["n"]) for row in rows] == [
        ("repeated_share", None, 4),
        ("repeated_share_all", None, 5),
        ("repeated_share", 2, 4),
    ]
    assert [row["value"] for row in rows] == pytest.approx([25, 20, 25])
    for row in (rows[0], rows[2]):
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.0578, 99.4819), rel=1e-3)
        assert (row["seeds"], row["interval_covers"], row["policy"]) == (1, "queries", "small")


def test_steps_come_in_order_whichever_run_has_them():
    late, early = counts((3, 1, 1, 1), (5, 1, 1, 0)), counts((2, 1, 1, 0), (3, 1, 1, 0))
    rows = repeated_errors.repeated_rows([late, early], None, ARM)[2:]
    assert [(row["step"], row["n"], row["value"]) for row in rows] == [(2, 1, 0), (3, 2, 50), (5, 1, 0)]


def test_sizes_of_clusters_are_counted_step_by_step():
    steps = [(1, "0", 3), (1, "1", 1), (2, "0", 0), (2, "1", 2)]
    rest = [(step, size, 0) for step in (1, 2) for size in ("2-3", "4-7", "8+")]
    run = pd.DataFrame([*steps, *rest], columns=["step", "size", "responses"])
    found = repeated_errors.cluster_rows([run, run], ARM)
    assert [(row["step"], row["size"]) for row in found] == [
        (step, size) for step in (1, 2) for size in ("0", "1", "2-3", "4-7", "8+")
    ]
    assert [row["responses"] for row in found] == [6, 2, 0, 0, 0, 0, 4, 0, 0, 0]
    assert [row["share"] for row in found] == [75, 25, 0, 0, 0, 0, 100, 0, 0, 0]
    assert {row["seeds"] for row in found} == {2}
