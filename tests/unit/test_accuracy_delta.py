"""Differences between arms that answered the same queries."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_grades import graded, published

from reward_memory.errors import InputError
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.differences import DIFFERENCE_COLUMNS, difference_rows
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
    found = difference_rows(differences, arm, "r1-p", sources, figures)
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
        assert {name: table.tolist() for name, table in found.items()} == expected


def test_arms_that_were_graded_on_other_queries_are_refused():
    ours, theirs = runs("memreward", {("math", "q1"): [1]}), runs("r1-p", {("math", "q2"): [1]})
    with pytest.raises(InputError, match=r"^small, r1-p, .*: other queries were graded than for small, memreward, "):
        read_differences(ours, theirs)


def test_arms_with_other_seeds_are_refused():
    ours, theirs = runs("memreward", {("math", "q1"): [1]}), runs("r1-p", {("math", "q1"): [1]}, first=1)
    with pytest.raises(InputError, match="has other seeds than small, r1-p"):
        read_differences(ours, theirs)


def test_differences_are_percentage_points_with_both_averages():
    found = rows({"gsm8k": np.array([[0.5, 0.0, -0.25, 0.25]]), "math": np.array([[-0.5]])})
    assert found["difference"].to_dict() == pytest.approx({"gsm8k": 12.5, "math": -50.0, WEIGHTED: 0.0, MACRO: -18.75})
    assert found["n"].tolist() == [4, 1, 5, 5]
    assert set(found["baseline"]) == {"r1-p"}


def test_what_both_arms_find_hard_does_not_widen_the_interval():
    # queries that are all right or all wrong in both arms but for a constant gain: paired, nothing is left to chance
    hard = np.repeat([0.0, 0.75], 50)[None]
    found = rows({"gsm8k": (hard + 0.25) - hard})
    assert found.loc["gsm8k", ["difference", "ci_low", "ci_high"]].tolist() == pytest.approx([25.0, 25.0, 25.0])


def test_seeds_that_differ_widen_the_interval():
    one, two = np.full((1, 40), 0.25), np.repeat([[0.0], [0.5]], 40, axis=1)
    row = rows({"gsm8k": two}).loc["gsm8k"]
    assert row[["difference", "ci_low", "ci_high"]].tolist() == pytest.approx([25.0, 0.0, 50.0])
    assert rows({"gsm8k": one}).loc["gsm8k", "ci_high"] == pytest.approx(25.0)


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
    accuracies = pd.DataFrame(
        [
            {"policy": "small", "method": method, "label_ratio": ratio, "benchmark": name, "accuracy": accuracy}
            | {"seeds": 1, "source": "hub", "n": 9, "ci_low": 0.0, "ci_high": 100.0}
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
        ["r1-p", 2, 0, 2, 50.0],
        ["r1-p", 1, 0, 1, 40.0],
        ["memreward", 2, 0, 2, 60.0],
        ["memreward:chosen", 2, 3, 5, 61.0],
        ["oracle", 5, 0, 5, 70.0],
    ]
