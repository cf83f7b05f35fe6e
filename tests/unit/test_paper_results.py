"""Published figures stand beside ours where all is alike: policy, arm, label ratio, benchmarks, source and measure."""

from pathlib import Path

import made_up_grades
import numpy as np
import pandas as pd
import pytest

from reward_memory.data.registry import DOMAINS
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables import meds, reward_models
from reward_memory.report.tables.accuracy import ablation_rows, accuracy_rows
from reward_memory.report.tables.comparison import VALUES, comparison_rows
from reward_memory.report.tables.differences import difference_rows
from reward_memory.report.tables.names import MACRO, WEIGHTED

FIGURES = pd.read_csv(Path(__file__).parents[2] / "reference/published_results.csv")
TEN = tuple(dict.fromkeys(FIGURES.loc[FIGURES["table"] == "main", "benchmark"]))[:-1]
FIVE = ("aime24", "amc23", "math500", "minerva", "olympiadbench")
#: The reward models' own figures name no policy; here they are of one.
QUALITY = FIGURES.assign(policy=FIGURES["policy"].replace("unknown", "qwen2.5-3b"))


def accuracy(arm, source, ours):
    published = published_accuracies(FIGURES, "main")
    grades = made_up_grades.grades({name: np.full((1, 2), ours) for name in TEN})
    return pd.DataFrame(accuracy_rows(grades, arm, dict.fromkeys(TEN, source), published))


def ablation(arm, source, ours):
    published = published_accuracies(FIGURES, "ablation")
    grades = made_up_grades.grades({name: np.full((1, 2), ours) for name in TEN})
    known_as = arm["method"] if arm["method"] == "memreward" else None
    domains = {name: DOMAINS[name] for name in TEN}
    return pd.DataFrame(ablation_rows(grades, arm, domains, dict.fromkeys(TEN, source), published, known_as))


def difference(arm, source, ours):
    published = published_accuracies(FIGURES, "main")
    grades = made_up_grades.grades({name: np.full((1, 2), ours) for name in TEN})
    return pd.DataFrame(difference_rows(grades, arm, ("r1-p", 20), dict.fromkeys(TEN, source), published))


def quality(arm, source, ours, figures=QUALITY):
    count = 4 * len(TEN)
    predictions = pd.DataFrame(
        {
            "split": "valid",
            "query_id": [str(row) for row in range(count)],
            "benchmark": np.repeat(TEN, 4),
            "sample": 0,
            "reward": np.float32(np.tile([0, 1, 0, 1], len(TEN))),
            "probability": np.float32(np.tile([0, 0, 1, 1], len(TEN)) + 0 * ours),
        }
    )
    model = arm | {"predictor": "graph" if arm["method"] == "memreward" else "mlp"}
    sources = dict.fromkeys(TEN, source)
    return pd.DataFrame(reward_models.rows([predictions], model, reward_models.published_quality(figures), sources))


def passes(arm, source, ours):
    published = meds.published_pass(FIGURES, "meds_main")
    right = {name: np.full((1, 2), ours) for name in FIVE}
    return pd.DataFrame(meds.main_rows(right, 2, {}, arm, dict.fromkeys(FIVE, source), published))


def passes_ablated(arm, source, ours):
    published = meds.published_pass(FIGURES, "meds_ablation")
    right = {name: np.full((1, 2), ours) for name in FIVE}
    runs = [pd.DataFrame({"visited": [0], "again": [0]})]
    sources = dict.fromkeys(FIVE, source)
    return pd.DataFrame(meds.meds_ablation_rows(arm, (right, None), (runs, None), 2, sources, published, arm["method"]))


FIRST = {"policy": "qwen2.5-3b", "method": "memreward", "label_ratio": 20}
#: table -> (its rows, an arm that is published, an arm of another name)
TABLES = {
    "main": (accuracy, FIRST, "tabular"),
    "ablation": (ablation, FIRST, "memreward:knn"),
    "accuracy_delta": (difference, FIRST, "memreward:knn"),
    "reward_models": (quality, FIRST, "mlp"),
    "meds_main": (passes, {"policy": "qwen3-8b", "method": "meds"}, "gentle"),
    "meds_ablation": (passes_ablated, {"policy": "qwen2.5-math-7b", "method": "meds"}, "gentle"),
}
#: All six have a label ratio, or are of arms that see every label.
RATIOS = [name for name, (_, arm, _) in TABLES.items() if "label_ratio" in arm]


@pytest.mark.parametrize("source", ["mirror", "hub"])
@pytest.mark.parametrize("name", TABLES)
def test_the_same_arm_on_the_same_released_benchmarks_has_its_figure_beside(name, source):
    make, arm, _ = TABLES[name]
    assert make(arm, source, 1)["published"].notna().any()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["generated", "import", "a source to come"])
@pytest.mark.parametrize("name", TABLES)
def test_a_stand_in_or_an_import_of_the_same_name_has_none(name, source):
    make, arm, _ = TABLES[name]
    found = make(arm, source, 1)
    assert found[["published", "published_confidence"]].isna().all(axis=None)
    assert comparison_rows(name, found) == []


@pytest.mark.parametrize("name", TABLES)
def test_another_policy_has_none(name):
    make, arm, _ = TABLES[name]
    assert make(arm | {"policy": "tiny"}, "mirror", 1)["published"].isna().all()


@pytest.mark.parametrize("name", TABLES)
def test_another_method_has_none(name):
    make, arm, other = TABLES[name]
    assert make(arm | {"method": other}, "mirror", 1)["published"].isna().all()


@pytest.mark.parametrize("name", RATIOS)
def test_another_label_ratio_has_none(name):
    make, arm, _ = TABLES[name]
    assert make(arm | {"label_ratio": 50}, "mirror", 1)["published"].isna().all()


@pytest.mark.parametrize("name", TABLES)
def test_every_figure_beside_is_of_its_own_measure_and_benchmark(name):
    """A second way to the same: look each figure up by hand."""
    make, arm, _ = TABLES[name]
    table = {"reward_models": "gnn_quality", "accuracy_delta": "main"}.get(name, name)
    figures = QUALITY[(QUALITY["table"] == table) & (QUALITY["policy"] == arm["policy"])]
    figures = figures.set_index(["method", "benchmark", "metric"])["value"].to_dict()
    rows = make(arm, "mirror", 1).dropna(subset="published").to_dict("records")
    assert rows
    for row in rows:
        place = row.get("benchmark", row.get("domain", "average"))
        place = {WEIGHTED: "average", MACRO: "average"}.get(place, place)
        if name == "ablation":
            place = "average" if place == "overall" else f"{place}_domain"
        metric = reward_models.PUBLISHED.get(row.get("metric"), row.get("metric", "accuracy"))
        metric = metric if table == "gnn_quality" or "metric" in row else "accuracy"
        known = figures["memreward" if table in ("main", "gnn_quality", "ablation") else arm["method"], place, metric]
        known -= figures["r1-p", place, metric] if name == "accuracy_delta" else 0
        assert row["published"] == pytest.approx(known), row


@pytest.mark.parametrize("name", TABLES)
def test_without_a_value_of_ours_nothing_is_said_to_be_missed(name):
    make, arm, _ = TABLES[name]
    found = make(arm, "mirror", 1).assign(**{VALUES[name]: np.nan, "ci_low": np.nan, "ci_high": np.nan})
    rows = comparison_rows(name, found)
    assert rows
    assert {row["covered"] for row in rows} == {None}


def test_the_reward_models_of_the_paper_name_no_policy_and_so_stand_beside_none():
    assert quality(FIRST, "mirror", 1, FIGURES)["published"].isna().all()


def test_a_reward_model_on_another_split_has_none():
    found = quality(FIRST, "mirror", 1)
    assert set(found.loc[found["published"].notna(), "split"]) == {"valid"}
    assert not found.loc[found["metric"] == "brier", "published"].notna().any()


def test_one_stand_in_among_released_benchmarks_leaves_the_average_empty():
    published = published_accuracies(FIGURES, "main")
    sources = dict.fromkeys(TEN, "mirror") | {"gsm8k": "import"}
    grades = made_up_grades.grades({name: np.ones((1, 2)) for name in TEN})
    found = pd.DataFrame(accuracy_rows(grades, FIRST, sources, published)).set_index("benchmark")["published"]
    assert found.isna().to_dict() == {name: name in ("gsm8k", WEIGHTED, MACRO) for name in found.index}
