"""Tables of reward models by hand: which model and seed a row is of, what is drawn, thresholds and neighbors."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import METRICS, THRESHOLDED
from reward_memory.report.tables import reward_models, thresholds, top_k
from reward_memory.report.tables.reward_models import RESAMPLES, each_model, estimated, metric_rows, resampled

MODEL = {"policy": "small", "predictor": "graph", "label_ratio": 20}
ROWS = [
    # split, benchmark, query, sample, reward, probability
    ("valid", "math", "p", 0, 1.0, 0.9),
    ("valid", "math", "p", 1, 0.0, 0.4),
    ("valid", "arc", "q", 0, 0.0, 0.7),
    ("test", "math", "r", 0, 1.0, 0.2),
]
ON_VALID = ROWS[:3]


def predicted(rows=ROWS, **more) -> pd.DataFrame:
    columns = ["split", "benchmark", "query_id", "sample", "reward", "probability"]
    return pd.DataFrame(rows, columns=columns).assign(**MODEL | {"template": None, "seed": 0} | more)


def changed(place: int, value, row: int = 2) -> list[tuple]:
    return [(*one[:place], value, *one[place + 1 :]) if number == row else one for number, one in enumerate(ROWS)]


# --- which predictions are of one reward model


def test_models_come_as_they_are_asked_for_and_their_seeds_in_order():
    tables = [
        predicted(seed=seed, policy=policy, predictor=predictor, label_ratio=ratio)
        for seed in (1, 0)
        for policy in ("small", "large")
        for predictor in ("graph", "mlp")
        for ratio in (50, 20)
    ]
    found = [*each_model(pd.concat(tables), ["large", "small"], ["mlp", "graph"], [20, 50])]
    assert [tuple(model.values()) for model, _ in found] == [
        (policy, predictor, ratio)
        for policy in ("large", "small")
        for predictor in ("mlp", "graph")
        for ratio in (20, 50)
    ]
    for model, tables in found:
        assert [table["seed"].tolist() for table in tables] == [[0] * 4, [1] * 4]
        assert all((table[name] == value).all() for table in tables for name, value in model.items())
        assert tables[1].index.tolist() == [0, 1, 2, 3]
        assert tables[1].columns.tolist() == predicted().columns.tolist()


@pytest.mark.parametrize(
    "rows", [changed(0, "test"), changed(2, "s"), changed(3, 1), changed(4, 1.0), ROWS[:-1], [*ROWS, ROWS[0]]]
)
def test_seeds_of_the_same_labels_are_about_the_same_responses(rows):
    table = pd.concat([predicted(), predicted(seed=1), predicted(rows, seed=2)])
    with pytest.raises(InputError) as caught:
        list(each_model(table, ["small"], ["graph"], [20]))
    assert str(caught.value) == (
        "small, graph, 20 % labels, seed 2: predictions are for different responses than with seed 0; delete them and "
        "run again."
    )
    ((_, tables),) = each_model(table, ["small"], ["graph"], [20], redrawn=True)
    assert len(tables) == 3


def test_other_probabilities_are_what_seeds_are_for():
    table = pd.concat([predicted(), predicted(changed(5, 0.1), seed=1)])
    ((_, tables),) = each_model(table, ["small"], ["graph"], [20])
    assert [one["probability"][2] for one in tables] == [0.7, 0.1]


def test_a_model_without_predictions_is_named():
    with pytest.raises(InputError) as caught:
        list(each_model(predicted(), ["small"], ["graph", "mlp"], [20]))
    assert str(caught.value) == (
        "policy small, predictor mlp, label_ratio 20: no result has these values; delete the results that should "
        "have them and run again."
    )


# --- rows


def figures(**changes) -> pd.DataFrame:
    """Published figures of the quality of one reward model, and one of another table."""
    row = {"table": "gnn_quality", "policy": "small", "method": "memreward", "label_ratio": 20, "n": np.nan}
    row |= {"metric": "gnn_accuracy", "confidence": "low"} | changes
    own = [
        row | {"benchmark": name, "value": value} for name, value in (("math", 0.8), ("arc", 0.7), ("overall", 0.75))
    ]
    return pd.DataFrame([*own, row | {"table": "main", "benchmark": "piqa", "value": 0.1}])


def test_published_figures_know_their_benchmarks():
    found = reward_models.published_quality(figures())
    assert found["value"].tolist() == [0.8, 0.7, 0.75]
    assert found["members"].tolist() == [{"math"}, {"arc"}, {"math", "arc"}]


def rows(published=None, tables=None, model=MODEL) -> pd.DataFrame:
    published = reward_models.published_quality(figures() if published is None else published)
    sources = {"math": "hub", "arc": "mirror"}
    found = reward_models.rows(tables or [predicted()], model, published, sources)
    return pd.DataFrame(found, columns=reward_models.COLUMNS)


def test_every_split_has_all_its_benchmarks_and_then_each():
    found = rows()
    places = [("valid", "overall"), ("valid", "math"), ("valid", "arc"), ("test", "overall"), ("test", "math")]
    assert found[["split", "benchmark"]].values.tolist() == [[*place] for place in places for _ in METRICS]
    assert found["metric"].tolist() == [*METRICS] * 5
    accuracy = found[found["metric"] == "accuracy"]
    assert accuracy["mean"].tolist() == pytest.approx([2 / 3, 1, 0, 0, 0])
    assert accuracy["base_rate"].tolist() == pytest.approx([1 / 3, 1 / 2, 0, 1, 1])
    assert accuracy["queries"].tolist() == [2, 1, 1, 1, 1]
    assert accuracy["responses"].tolist() == [3, 2, 1, 1, 1]
    assert set(found["policy"]) == {"small"}


def test_published_measures_stand_beside_the_same_ones_on_valid():
    names = {"auc": "gnn_roc_auc", "accuracy": "gnn_accuracy", "precision": "gnn_precision", "recall": "gnn_recall"}
    published = [
        figures(metric=name, confidence=name).assign(value=lambda table, more=more: table["value"] + more)
        for more, name in enumerate(names.values())
    ]
    found = rows(pd.concat(published)).dropna(subset="published")
    assert found[["split", "benchmark", "metric", "published", "published_confidence"]].values.tolist() == [
        ["valid", benchmark, metric, value + more, name]
        for benchmark, value in (("overall", 0.75), ("math", 0.8), ("arc", 0.7))
        for more, (metric, name) in enumerate(names.items())
    ]


def test_another_predictor_has_no_published_figure():
    found = rows(tables=[predicted(ON_VALID[:2])], model=MODEL | {"predictor": "graph-plus"})
    assert found["published"].isna().all()


def test_seeds_have_a_mean_and_a_deviation():
    tables = [predicted(ON_VALID), predicted(changed(5, 0.1)[:3], seed=1)]
    found = {row["metric"]: row for row in metric_rows(tables)}
    assert found["accuracy"]["mean"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["accuracy"]["sd"] == pytest.approx(1 / 3 / 2**0.5)
    assert found["accuracy"]["interval_covers"] == "queries and seeds"
    assert found["accuracy"]["ci_low"] < 5 / 6 < found["accuracy"]["ci_high"]
    # of the first seed one of two that are said to be right is
    assert found["precision"]["mean"] == pytest.approx(0.75)
    assert [found["recall"][name] for name in ("seeds", "queries", "responses")] == [2, 2, 3]
    # no query has a right and a wrong response but the first, which one draw of four leaves out
    assert found["within_query_auc"]["mean"] == 1


def test_the_share_right_is_that_of_the_first_seed_with_each_query_once():
    answered = [("train", "math", f"q{row}", 0, float(row < 3), 0.9) for row in range(9)]
    others = [(*row[:4], 1.0, 0.9) for row in answered]
    tables = [predicted(answered), predicted(others, seed=1)]
    assert {row["base_rate"] for row in metric_rows(tables)} == {3 / 9}
    assert {row["base_rate"] for row in thresholds.threshold_rows(tables, MODEL, [0.5])} == {3 / 9}


def test_one_seed_has_no_deviation():
    (row,) = (row for row in metric_rows([predicted(ON_VALID)]) if row["metric"] == "fpr")
    assert row["mean"] == 0.5
    assert np.isnan(row["sd"])
    assert row["interval_covers"] == "queries"


# --- draws


def test_queries_of_one_template_are_drawn_together_over_all_seeds():
    first = predicted(ON_VALID).assign(template=["t", "t", None])
    second = predicted([*ON_VALID, ("valid", "arc", "s", 0, 1.0, 0.5)], seed=1).assign(template=["t", "t", None, "t"])
    draws = resampled([first, second])
    assert [group.tolist() for group in draws.groups] == [[0, 0, 1], [0, 0, 1, 2]]
    assert draws.counts == {"seeds": 2, "queries": 3, "responses": 3}
    assert draws.families == 2
    assert draws.weights.shape == (1 + RESAMPLES, 3)
    assert draws.weights[0].tolist() == [1, 1, 1]
    assert (draws.weights[:, 0] == draws.weights[:, 2]).all()
    # of two families two are drawn each time: either both, or one of them twice
    assert (draws.weights[:, :2].sum(axis=1) == 2).all()
    assert (draws.weights[1:, 0] == 1).mean() == pytest.approx(0.5, abs=0.06)
    assert draws.weights[1:, 0].mean() == pytest.approx(1, abs=0.06)
    assert (resampled([first, second]).weights == draws.weights).all()


def test_a_measure_and_its_draws_make_an_estimate():
    # 0.75; draws of a variance of 0.005, and (0.0625 + 0.5625) / 2 over 4 x 5
    found = estimated(np.array([[0.75, 0.7, 0.8]]), 4)
    assert found.pop("interval_covers") == "queries"
    expected = {"mean": 0.75, "sd": np.nan, "ci_low": 0.338316, "ci_high": 0.946243}
    assert found == pytest.approx(expected, abs=1e-5, nan_ok=True)
    two = estimated(np.array([[0.7, 0.7, 0.7], [0.8, 0.8, 0.8]]), 4)
    assert two["mean"] == pytest.approx(0.75)
    assert two["sd"] == pytest.approx(0.1 / 2**0.5)
    assert estimated(np.array([[np.nan, 0.7, 0.8]]), 4)["interval_covers"] is None


# --- thresholds


def test_thresholds_go_from_5_to_95_percent():
    assert [f"{threshold:.17g}" for threshold in thresholds.GRID[:3]] == [f"{part:.17g}" for part in (0.05, 0.1, 0.15)]
    assert thresholds.GRID[-1] == 0.95
    assert len(thresholds.GRID) == 19


def test_a_table_of_thresholds_has_the_splits_that_training_and_the_test_are_about():
    rows = [
        ("train", "math", "o", 0, 1.0, 0.6),
        ("train", "math", "o", 1, 0.0, 0.6),
        ("train", "arc", "n", 0, 0.0, 0.1),
    ]
    found = thresholds.threshold_rows([predicted([*ROWS, *rows])], MODEL, [0.5, 0.6])
    assert [(row["split"], row["threshold"], row["metric"]) for row in found] == [
        (split, threshold, metric) for split in ("train", "test") for threshold in (0.5, 0.6) for metric in THRESHOLDED
    ]
    cells = {(row["split"], row["threshold"], row["metric"]): row for row in found}
    assert cells["train", 0.5, "predicted_share"]["mean"] == pytest.approx(2 / 3)
    assert cells["train", 0.5, "precision"]["mean"] == 0.5
    # strictly above
    assert cells["train", 0.6, "predicted_share"]["mean"] == 0
    assert cells["test", 0.5, "recall"]["mean"] == 0
    row = cells["train", 0.5, "accuracy"]
    assert [row[name] for name in ("seeds", "queries", "responses")] == [1, 2, 3]
    assert row["base_rate"] == pytest.approx(1 / 3)
    assert MODEL.items() <= row.items()


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_without_predictions_has_no_rows(split):
    found = thresholds.threshold_rows([predicted([(split, *row[1:]) for row in ROWS])], MODEL, [0.5])
    assert {row["split"] for row in found} == {split}
    assert thresholds.threshold_rows([predicted(ON_VALID)], MODEL, [0.5]) == []


# --- neighbors


def test_neighbors_are_compared_by_suite_model_and_number():
    parts = []
    for seed in (1, 0):
        for tested, neighbors in (("ood", 7), ("ood", 1), ("meds", 3)):
            sure = 0.9 if neighbors == 7 else 0.1 + 0.8 * seed
            table = predicted(changed(5, sure)[:3], seed=seed, tested=tested, num_neighbors=neighbors)
            # the order of responses in a file says nothing
            parts.append(table.iloc[:: 1 - 2 * seed])
    found = top_k.top_k_rows(pd.concat(parts))
    assert all([*row] == top_k.COLUMNS for row in found)
    assert [(row["suite"], row["num_neighbors"], row["metric"]) for row in found] == [
        (suite, neighbors, metric) for suite, neighbors in (("meds", 3), ("ood", 1), ("ood", 7)) for metric in METRICS
    ]
    cells = {(row["suite"], row["num_neighbors"], row["metric"]): row for row in found}
    # all three right with one seed, two of three with the other
    assert cells["ood", 1, "accuracy"]["mean"] == pytest.approx(5 / 6)
    assert cells["ood", 1, "accuracy"]["sd"] == pytest.approx(1 / 3 / 2**0.5)
    assert cells["ood", 7, "accuracy"]["mean"] == pytest.approx(2 / 3)
    row = cells["ood", 7, "fpr"]
    assert [row[name] for name in ("policy", "predictor", "label_ratio", "seeds", "queries", "responses")] == [
        *("small", "graph", 20),
        *(2, 2, 3),
    ]
