"""Differences between arms that answered the same queries."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_grades import graded, grades, published

from reward_memory.errors import InputError
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.differences import (
    DIFFERENCE_COLUMNS,
    arm_pairs,
    compared,
    difference_rows,
    with_p_values,
)
from reward_memory.report.tables.grades import read_differences
from reward_memory.report.tables.labels_spent import SPENT_COLUMNS, labels_spent
from reward_memory.report.tables.names import MACRO, WEIGHTED

ARM = {"policy": "small", "method": "memreward", "label_ratio": 20}
SOURCES = {"gsm8k": "hub", "math": "hub"}
FIGURES = published(
    ("small", "memreward", 20, "gsm8k", 60.0, 450),
    ("small", "r1-p", 20, "gsm8k", 55.5, 450),
    ("small", "memreward", 20, "math", 80.0, 50),
    ("small", "memreward", 20, "average", 62.0, 500),
    ("small", "r1-p", 20, "average", 60.0, 500),
)


def rows(differences, figures=FIGURES, arm=ARM, sources=SOURCES) -> pd.DataFrame:
    found = difference_rows(grades(differences), arm, ("r1-p", 20), sources, figures)
    return pd.DataFrame(found, columns=DIFFERENCE_COLUMNS).set_index("benchmark")


def runs(method: str, *rewards: dict, first: int = 0) -> pd.DataFrame:
    """Graded responses of one method, one dictionary a seed from `first`."""
    return pd.concat([graded(own, ("small", method, 20, seed)) for seed, own in enumerate(rewards, first)])


def test_queries_and_seeds_are_paired_by_their_names():
    ours = runs(
        "memreward",
        {("math", "q2"): [1, 1], ("math", "q1"): [1, 0], ("arc", "q3"): [1]},
        {("math", "q1"): [0, 0], ("math", "q2"): [1, 0], ("arc", "q3"): [0]},
    )
    theirs = runs(
        "r1-p",
        {("arc", "q3"): [0], ("math", "q1"): [0, 0], ("math", "q2"): [0, 1]},
        {("math", "q1"): [1, 1], ("math", "q2"): [1, 0], ("arc", "q3"): [0]},
    )
    expected = {"math": [[0.5, 0.5], [-1.0, 0.0]], "arc": [[1.0], [0.0]]}
    for other in (theirs, pd.concat([part for _, part in reversed([*theirs.groupby("seed")])])):
        found = read_differences(ours, other)
        assert {name: table.tolist() for name, table in found.shares.items()} == expected


def test_arms_that_were_graded_on_other_queries_are_refused():
    ours, theirs = runs("memreward", {("math", "q1"): [1]}), runs("r1-p", {("math", "q2"): [1]})
    with pytest.raises(
        InputError, match=r"^small, r1-p, .*: different queries were graded than for small, memreward, "
    ):
        read_differences(ours, theirs)


@pytest.mark.parametrize(("seeds", "others"), [([0], [1]), ([0, 1], [0]), ([1], [0, 1]), ([0, 1], [1, 2])])
def test_arms_with_other_seeds_are_refused(seeds, others):
    query = {("math", "q1"): [1]}
    ours, theirs = (
        runs(method, *[query] * len(which), first=which[0])
        for method, which in (("memreward", seeds), ("r1-p", others))
    )
    with pytest.raises(InputError) as caught:
        read_differences(ours, theirs)
    assert str(caught.value) == (
        f"small, memreward, 20 % labels, seed {seeds[0]}: has different seeds than small, r1-p, 20 % labels, seed "
        f"{others[0]}, so they cannot be compared in pairs."
    )


def test_without_any_difference_the_row_says_what_one_query_of_ten_could():
    # an error of the root of 1 / (10 x 9): 2.262157 of them, and 0.883404 more; in points
    row = rows({"gsm8k": np.zeros((1, 9))}).loc["gsm8k"]
    columns = ["difference", "ci_low", "ci_high", "p_value", "p_holm", "detectable"]
    assert row[columns].tolist() == pytest.approx([0, -23.8452, 23.8452, 1, 1, 33.1571], rel=1e-5)
    assert (row["baseline_label_ratio"], row["label_ratio"], row["seeds"], row["n"]) == (20, 20, 1, 9)


def test_queries_of_one_template_are_one_pair():
    rewards = {("math", f"q{number}"): [number // 2 % 2] for number in range(8)}
    ours, theirs = runs("memreward", rewards), runs("r1-p", {query: [0] for query in rewards})
    alone = difference_rows(read_differences(ours, theirs), ARM, ("r1-p", 20), SOURCES, FIGURES)[0]
    ours["template"] = [f"t{number // 2}" for number in range(8)]
    pairs = difference_rows(read_differences(ours, theirs), ARM, ("r1-p", 20), SOURCES, FIGURES)[0]
    assert alone["difference"] == pairs["difference"] == 50
    assert pairs["detectable"] > 1.2 * alone["detectable"]


def test_differences_are_percentage_points_with_both_averages():
    found = rows({"gsm8k": np.array([[0.5, 0.0, -0.25, 0.25]]), "math": np.array([[-0.5]])})
    assert found["difference"].to_dict() == pytest.approx({"gsm8k": 12.5, "math": -50.0, WEIGHTED: 0.0, MACRO: -18.75})
    assert found["n"].tolist() == [4, 1, 5, 5]
    assert set(found["baseline"]) == {"r1-p"}


def test_what_both_arms_find_hard_does_not_widen_the_interval():
    # all right or all wrong in both arms but for a constant gain: only one more query could do otherwise
    hard = np.repeat([0.0, 0.75], 50)[None]
    row = rows({"gsm8k": (hard + 0.25) - hard}).loc["gsm8k"]
    assert row["difference"] == pytest.approx(25.0)
    assert row["ci_high"] - row["ci_low"] < 2


def test_seeds_that_differ_widen_the_interval():
    one, two = np.full((1, 40), 0.25), np.repeat([[0.0], [0.5]], 40, axis=1)
    narrow, wide = (rows({"gsm8k": table}).loc["gsm8k"] for table in (one, two))
    assert wide["difference"] == narrow["difference"] == 25
    # 12.7 standard errors with one degree of freedom, more than a difference can be
    assert wide[["ci_low", "ci_high"]].tolist() == [-100, 100]
    assert narrow["ci_low"] > 20
    assert (narrow["interval_covers"], wide["interval_covers"]) == ("queries", "queries and seeds")


def test_p_values_are_corrected_over_the_benchmarks_without_their_averages():
    clear, faint = np.tile([1.0, 1.0, 0.0, 0.0], 20)[None], np.tile([1.0, -1.0, 0.0, 0.0], 20)[None]
    found = rows({"gsm8k": clear, "math": faint})
    assert found.loc["gsm8k", "p_holm"] == pytest.approx(2 * found.loc["gsm8k", "p_value"])
    assert found.loc["math", "p_holm"] == found.loc["math", "p_value"] == 1
    assert found.loc[[WEIGHTED, MACRO], "p_value"].notna().all()
    assert found.loc[[WEIGHTED, MACRO], "p_holm"].isna().all()


def test_a_detectable_difference_is_larger_than_half_the_interval():
    # 1.96 + 0.84 standard errors against 1.96
    row = rows({"gsm8k": np.tile([1.0, -1.0, 0.0, 0.0], 200)[None]}).loc["gsm8k"]
    assert row["detectable"] == pytest.approx(2.80 / 1.96 * row["ci_high"], rel=0.01)


def test_small_p_values_are_written_with_digits_that_count():
    written = with_p_values(pd.DataFrame({"p_value": [0.000012345, 1.0], "p_holm": [np.nan, 0.04567]}))
    assert written.to_csv(index=False, float_format="%.2f").splitlines()[1:] == ["1.23e-05,", "1,0.0457"]


ARMS = [("base", 0), ("r1-p", 20), ("r1-p", 50), ("memreward", 20), ("memreward", 50), ("oracle", 100)]


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("memreward", "r1-p"), [(("memreward", 20), ("r1-p", 20)), (("memreward", 50), ("r1-p", 50))]),
        (("oracle", "base"), [(("oracle", 100), ("base", 0))]),
        (("memreward", "oracle"), [(("memreward", ratio), ("oracle", 100)) for ratio in (20, 50)]),
    ],
)
def test_any_two_methods_are_paired_at_equal_label_ratios_or_at_all(pair, expected):
    assert arm_pairs(ARMS, [pair]) == expected


@pytest.mark.parametrize("pair", [("ttrl", "r1-p"), ("r1-p", "ttrl")])
def test_a_pair_of_an_unknown_method_is_refused(pair):
    with pytest.raises(
        InputError, match=r"^differences: ttrl is not a method of this table; choose from base, r1-p, mem"
    ):
        arm_pairs(ARMS, [pair])


def test_any_two_arms_of_a_table_are_compared():
    table = pd.concat(
        [
            graded({("math", "q"): [reward]}, ("small", *arm, 0))
            for arm, reward in zip(ARMS, (0, 1, 0, 1, 1, 1), strict=True)
        ]
    )
    pairs = arm_pairs(ARMS, [("oracle", "base"), ("memreward", "r1-p")])
    found = [
        (arm["method"], arm["label_ratio"], other, differences.shares["math"].item())
        for arm, other, differences in compared(table, ["small"], pairs)
    ]
    assert found == [
        ("oracle", 100, ("base", 0), 1),
        ("memreward", 20, ("r1-p", 20), 0),
        ("memreward", 50, ("r1-p", 50), 1),
    ]


def test_a_published_difference_needs_the_figures_of_both_arms():
    found = rows({"gsm8k": np.zeros((1, 2)), "math": np.zeros((1, 2))})
    assert found["published"].fillna(-1).tolist() == pytest.approx([4.5, -1, 2.0, -1])
    assert found["published_n"].fillna(-1).tolist() == [450, -1, 500, -1]
    assert found["published_confidence"].isna().tolist() == [False, True, False, True]


def test_a_published_difference_names_both_confidences():
    figures = FIGURES.assign(confidence=["high", "low", "high", "high", "high"])
    found = rows({"gsm8k": np.zeros((1, 2)), "math": np.zeros((1, 2))}, figures)["published_confidence"]
    assert found[["gsm8k", WEIGHTED]].tolist() == ["high and low", "high"]


def test_a_stand_in_has_no_published_difference():
    found = rows({"gsm8k": np.zeros((1, 2)), "math": np.zeros((1, 2))}, sources=SOURCES | {"gsm8k": "generated"})
    assert found["published"].isna().all()


def test_the_papers_differences_are_in_the_published_file():
    figures = pd.read_csv(Path(__file__).parents[2] / "reference/published_results.csv")
    names = figures.loc[figures["table"] == "main", "benchmark"].unique()
    differences = {name: np.zeros((1, 2)) for name in names if name != "average"}
    found = rows(
        differences,
        published_accuracies(figures, "main"),
        ARM | {"policy": "qwen2.5-1.5b"},
        dict.fromkeys(differences, "hub"),
    )
    assert found.loc["gsm8k", "published"] == pytest.approx(88.67 - 77.11)
    assert found.loc[WEIGHTED, "published"] == pytest.approx(68.10 - 62.72)


def test_labels_are_queries_whose_truth_was_learned_from():
    arms = [("r1-p", 40, 50.0), ("memreward", 40, 60.0), ("memreward:chosen", 40, 61.0), ("oracle", 100, 70.0)]
    arms.insert(1, ("r1-p", 20, 40.0))
    arms.insert(0, ("base", 0, 30.0))
    accuracies = pd.DataFrame(
        [
            {"policy": "small", "method": method, "label_ratio": ratio, "benchmark": name, "accuracy": accuracy}
            | {"seeds": 1, "source": "hub", "n": 9, "ci_low": 0.0, "ci_high": 100.0, "interval_covers": "queries"}
            for method, ratio, accuracy in arms
            for name in ("math", WEIGHTED, MACRO)
        ]
    )
    labeled = {40: [True, False, False, True, False], 20: [True, False, False, False, False]}
    labels = pd.concat(
        [
            pd.DataFrame({"id": list("abcde"), "label_ratio": ratio, "labeled": which})
            for ratio, which in labeled.items()
        ]
    )
    found = labels_spent(accuracies, labels, 3, ["memreward:chosen"])
    assert found.columns.tolist() == SPENT_COLUMNS
    assert found[["method", "train_labels", "valid_labels", "labels", "accuracy"]].values.tolist() == [
        ["base", 0, 0, 0, 30.0],
        ["r1-p", 2, 0, 2, 50.0],
        ["r1-p", 1, 0, 1, 40.0],
        ["memreward", 2, 0, 2, 60.0],
        ["memreward:chosen", 2, 3, 5, 61.0],
        ["oracle", 5, 0, 5, 70.0],
    ]
