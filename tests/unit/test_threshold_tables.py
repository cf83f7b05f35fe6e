"""Tables over thresholds and over numbers of neighbors, against hand-computed values."""

import numpy as np
import pandas as pd
import pytest
from graph_rollouts import made_up
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from test_configuration import SMALL, changed, complaint
from test_reward_model_quality import GROUP, PROBABILITY, TRUTH
from test_table_jobs import POLICY
from test_table_jobs import job as job  # noqa: PLC0414  a fixture

from reward_memory.config import arms, suites, variants
from reward_memory.config.loading import load
from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import METRICS, THRESHOLDED, at_thresholds, measure
from reward_memory.report.tables.thresholds import GRID, threshold_rows
from reward_memory.reward_models.names import NAMES
from reward_memory.reward_models.registry import fit
from reward_memory.storage import parquet

pytestmark = pytest.mark.slow

MODEL = {"policy": POLICY, "predictor": "graph", "label_ratio": 20}


def test_thresholds_by_hand():
    # truth 1 1 0 0 1 1 of 0.9 0.4 0.6 0.1 0.8 0.7; each query once, then the first one twice and the second never
    weights = np.array([[1, 1], [2, 0]])
    found = at_thresholds(TRUTH, PROBABILITY, GROUP, weights, [0.0, 0.6, 0.9])
    # strictly above: of 0.6 itself and of 0.9 itself nothing is predicted right
    assert found["predicted_share"][0].tolist() == pytest.approx([1, 3 / 6, 0])
    assert found["accuracy"][0].tolist() == pytest.approx([4 / 6, 5 / 6, 2 / 6])
    assert found["recall"][0].tolist() == pytest.approx([1, 3 / 4, 0])
    assert found["precision"][0][:2].tolist() == pytest.approx([4 / 6, 1])
    assert found["fpr"][0].tolist() == pytest.approx([1, 0, 0])
    assert np.isnan(found["precision"][0][2])
    assert found["accuracy"][1].tolist() == pytest.approx([2 / 4, 3 / 4, 2 / 4])
    assert found["f1"][1].tolist() == pytest.approx([2 / 3, 2 / 3, 0])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=1, max_size=30), st.integers(0, 9))
def test_thresholds_as_scikit_learn_has_them(rows, tenths):
    truth, places = (np.array(column) for column in zip(*rows, strict=True))
    probability, threshold = places / 10, tenths / 10
    group = np.arange(len(truth)) % 3
    group = np.unique(group, return_inverse=True)[1]
    once = np.ones((1, group.max() + 1))
    found = {name: values[0, 0] for name, values in at_thresholds(truth, probability, group, once, [threshold]).items()}
    predicted = probability > threshold
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    if truth.any() and predicted.any():
        for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            assert found[name] == pytest.approx(score(truth, predicted, zero_division=0))
    measured = measure(truth, probability, group, once, threshold)
    for name in {*METRICS} & {*THRESHOLDED}:
        assert measured[name][0] == pytest.approx(found[name], nan_ok=True)


def predicted(rows: list[tuple], seed: int = 0, **more) -> pd.DataFrame:
    """(split, query, sample, truth, probability)"""
    table = pd.DataFrame(rows, columns=["split", "query_id", "sample", "reward", "probability"])
    table = table.assign(suite="main", **MODEL, seed=seed, benchmark="x", template=None, **more)
    return table.astype({"reward": np.float32, "probability": np.float32})


ROWS = [
    ("train", "a", 0, 1, 0.9),
    ("train", "a", 1, 0, 0.4),
    ("train", "b", 0, 1, 0.6),
    ("valid", "c", 0, 1, 0.9),
    ("test", "d", 0, 0, 0.7),
]


def test_a_table_has_training_and_test_queries_apart():
    other = [(*row[:4], 1 - row[4]) for row in ROWS]
    rows = pd.DataFrame(threshold_rows([predicted(ROWS), predicted(other, 1)], MODEL, [0.5, 0.65]))
    assert set(rows["split"]) == {"train", "test"}
    cells = rows.set_index(["split", "threshold", "metric"])
    assert cells.loc[("train", 0.5, "accuracy"), "mean"] == pytest.approx((1 + 0) / 2)
    assert cells.loc[("train", 0.65, "accuracy"), "mean"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert cells.loc[("test", 0.65, "fpr"), "mean"] == pytest.approx(1 / 2)
    assert cells.loc[("train", 0.5, "recall"), ["seeds", "queries", "responses"]].tolist() == [2, 2, 3]
    assert cells.loc[("train", 0.5, "recall"), "base_rate"] == pytest.approx(2 / 3)
    assert (cells["ci_low"].isna() | (cells["ci_low"] <= cells["mean"])).all()


def test_the_jobs_of_the_tables(job, tmp_path):
    for seed in (0, 1):
        parquet.write(predicted(ROWS, seed), tmp_path / f"graph{seed}", parquet.PREDICTIONS)
        tested = pd.concat([predicted(ROWS[:3], seed, tested="ood", num_neighbors=count) for count in (1, 7)])
        tested.loc[tested["num_neighbors"] == 7, "probability"] = np.float32(0.1)
        parquet.write(tested.iloc[:: 1 - 2 * seed], tmp_path / f"top{seed}", parquet.TOP_K)
    given = {"predictors": ["graph"], "ratios": [20], "thresholds": [0.33, 0.5], "redrawn": False}
    table = job("threshold_table", "threshold.csv", inputs={"predictions": ["graph1", "graph0"]}, **given)
    assert list(dict.fromkeys(table["threshold"])) == sorted({*GRID, 0.33})
    assert b"<svg" in job("plot_table", "threshold.svg", inputs={"table": "threshold.csv"})
    table = job("top_k_table", "top_k.csv", inputs={"one": "top1", "two": "top0"})
    cells = table.set_index(["num_neighbors", "metric"])
    assert cells["suite"].unique().tolist() == ["ood"]
    assert cells.loc[(1, "accuracy"), "mean"] == 1
    assert cells.loc[(7, "accuracy"), "mean"] == pytest.approx(1 / 3, abs=1e-4)
    assert cells.loc[(7, "recall"), "mean"] == 0
    assert b"<svg" in job("plot_table", "top_k.svg", inputs={"table": "top_k.csv"})


def test_thresholds_of_the_configuration_are_in_the_table():
    own = {
        "variants": {"x": {"like": "memreward", "reward_model": {"threshold": 0.77}}},
        "suites": {"main": {"reward_model": {"threshold": 0.33}}},
    }
    assert suites.thresholds(load(SMALL | own)) == [0.33, 0.5, 0.77]


# --- neighbors

RECALLING = sorted(variants.RECALLING)


@pytest.mark.parametrize("predictor", RECALLING)
def test_a_fitted_model_takes_another_number_of_neighbors(predictor):
    small = {"hidden_channels": 16, "heads": 2, "epochs": 4, "check_every": 2}
    model, new = fit(predictor, made_up([4] * 12), **small), made_up([3] * 5, seed=1)
    if predictor == "graph-plus":
        model.config["weight"] = 1.0
    assert np.array_equal(model.with_neighbors(7).score(new), model.score(new))
    before = {name: value.clone() for part in model.tensors() for name, value in part.items()}
    fewer = model.with_neighbors(1)
    assert not np.allclose(fewer.score(new), model.score(new), atol=1e-6)
    # it is the same model, and has all of its memory
    after = {name: value for part in fewer.tensors() for name, value in part.items()}
    assert {*before} == {*after}
    assert all(before[name].equal(after[name]) for name in before)


@pytest.mark.parametrize("predictor", sorted({*NAMES} - {*RECALLING, "graph-as-published", "mlp"}))
def test_a_model_without_neighbors_says_so(predictor):
    with pytest.raises(InputError, match=rf"^reward_model: top_k: {predictor} has no neighbors; leave it out\.$"):
        fit(predictor, made_up([4] * 12)).with_neighbors(3)


BENCHMARKS = {
    "gsm8k": {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5},
    "piqa": {"suite": "ood", "source": "generated", "train": 200, "valid": 5, "test": 5},
}


def out_of_domain(*methods: str) -> dict:
    config = changed("reward_model/top_k", [1, 7]) | {"benchmarks": BENCHMARKS}
    return config | {"suites": {"ood": {"reward_model_of": "main", "methods": list(methods)}}}


def test_neighbors_are_compared_where_another_suites_reward_models_predict():
    config = load(out_of_domain("r1-p", "memreward", "memreward:majority", "memreward:knn", "oracle"))
    assert arms.top_k(config) == [("ood", "graph"), ("ood", "knn")]
    assert "top_k" in arms.available_tables(config)
    assert "top_k" not in arms.available_tables(load(SMALL))
    with pytest.raises(InputError, match=r"^reward_model: top_k: is empty; give numbers of neighbors such as"):
        arms.top_k(load(SMALL))


def test_a_suite_without_predicted_rewards_needs_no_other_suites_reward_model():
    assert complaint(out_of_domain("r1-p", "oracle")) == (
        "mine.yaml: suites: ood: reward_model_of: none of its methods predicts rewards; leave it out."
    )


def test_without_such_a_suite_there_is_nothing_to_compare():
    assert complaint(out_of_domain("memreward:majority")) == (
        "mine.yaml: reward_model: top_k: no suite with reward_model_of trains with a reward model that has neighbors; "
        "add memreward with one of graph, graph-homogeneous, graph-no-thinking, graph-plus, knn to such a suite, or "
        "leave top_k out."
    )
