"""Metrics of reward models, against hand-computed values and scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from graph_rollouts import made_up
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import METRICS, assess, measure, predictions
from reward_memory.report.tables import reward_models
from reward_memory.reward_models.registry import fit

TRUTH = np.array([1, 1, 0, 0, 1, 1])
PROBABILITY = np.array([0.9, 0.4, 0.6, 0.1, 0.8, 0.7])
GROUP = np.array([0, 0, 0, 0, 1, 1])
NOTHING = pd.DataFrame(columns=["table", "policy", "method", "label_ratio", "benchmark", "metric", "value", "members"])


def once(truth, probability, group):
    return {name: value[0] for name, value in measure(truth, probability, group, np.ones((1, group.max() + 1))).items()}


def test_metrics_by_hand():
    found = once(TRUTH, PROBABILITY, GROUP)
    assert found["base_rate"] == pytest.approx(4 / 6)
    assert found["auc"] == pytest.approx(7 / 8)
    assert found["within_query_auc"] == pytest.approx(3 / 4)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["precision"] == found["recall"] == found["f1"] == pytest.approx(3 / 4)
    assert found["fpr"] == pytest.approx(1 / 2)
    assert found["calibration_error"] == pytest.approx((0.1 + 0.6 + 0.6 + 0.1 + 0.2 + 0.3) / 6)


@pytest.mark.parametrize("edge", np.arange(0.1, 0.95, 0.1))
def test_calibration_has_ten_equal_bins(edge):
    below, above = edge - 0.004, edge + 0.006  # in two bins, which therefore do not make up for each other
    found = once(np.array([1, 0]), np.array([below, above]), np.zeros(2, int))
    assert found["calibration_error"] == pytest.approx((1 - below + above) / 2)
    found = once(np.array([1, 0]), np.array([above, above + 0.08]), np.zeros(2, int))  # in one bin
    assert found["calibration_error"] == pytest.approx(abs(1 - 2 * above - 0.08) / 2)


def test_metrics_of_one_class_are_left_open():
    found = once(np.ones(3), np.array([0.2, 0.3, 0.1]), np.zeros(3, int))
    assert np.isnan([found["auc"], found["within_query_auc"], found["precision"], found["fpr"]]).all()
    assert found["recall"] == 0


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30), st.data())
def test_weights_count_as_repetitions_do(rows, data):
    truth, tenths, group = (np.array(column) for column in zip(*rows, strict=True))
    group = np.unique(group, return_inverse=True)[1]
    queries = int(group.max()) + 1
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=queries, max_size=queries)))
    probability = tenths / 5
    repeated = np.repeat(np.arange(len(truth)), weights[group])
    found = {name: value[0] for name, value in measure(truth, probability, group, weights[None]).items()}
    if not len(repeated):
        return
    assert found["accuracy"] == pytest.approx((truth == (probability > 0.5))[repeated].mean())
    if 0 < truth[repeated].sum() < len(repeated):
        assert found["auc"] == pytest.approx(roc_auc_score(truth[repeated], probability[repeated]))
        assert found["f1"] == pytest.approx(f1_score(truth[repeated], probability[repeated] > 0.5, zero_division=0))
    within = [
        roc_auc_score(truth[group == name], probability[group == name])
        for name in np.repeat(np.arange(len(weights)), weights)
        if 0 < truth[group == name].mean() < 1
    ]
    assert found["within_query_auc"] == pytest.approx(np.mean(within) if within else np.nan, nan_ok=True)


@pytest.fixture
def half_labeled():
    """(model, rollouts whose first 10 queries are labeled, verdicts on all)."""
    whole = made_up([4] * 20)
    rollouts = replace(whole, rewards=np.where(whole.group < 10, whole.rewards, np.nan).astype(np.float32))
    verdicts = pd.DataFrame(
        {"query_id": whole.query_ids[whole.group], "sample": whole.samples, "reward": whole.rewards}
    )
    return fit("majority", rollouts), rollouts, verdicts


def test_predictions_are_about_unlabeled_queries_only(half_labeled):
    model, rollouts, verdicts = half_labeled
    table = predictions(model, rollouts, verdicts, "train")
    assert set(table["query_id"]) == set(rollouts.query_ids[10:])
    labeled = verdicts["query_id"].isin(rollouts.query_ids[:10])
    nonsense = verdicts.assign(reward=verdicts["reward"].where(~labeled, 0.0))
    pd.testing.assert_frame_equal(predictions(model, rollouts, nonsense, "train"), table)
    found = assess(table)["train"]
    assert found["overall"]["queries"] == 10
    assert found["overall"]["auc"] == pytest.approx(roc_auc_score(table["reward"], table["probability"]))
    assert sum(part["responses"] for part in found["benchmarks"].values()) == 40


def test_a_missing_verdict_is_named(half_labeled):
    model, rollouts, verdicts = half_labeled
    with pytest.raises(InputError, match="verdicts: none for sample"):
        predictions(model, rollouts, verdicts.iloc[:0], "train")


def seeds_of(half_labeled, count):
    model, rollouts, verdicts = half_labeled
    table = predictions(model, rollouts, verdicts, "valid")
    noise = np.random.default_rng(0).random((count, len(table))).astype(np.float32)
    return [table.assign(probability=row) for row in noise]


def test_the_table_has_a_row_for_each_benchmark_and_metric(half_labeled):
    model = {"policy": "tiny", "predictor": "graph", "label_ratio": 50}
    names = [f"benchmark{number}" for number in range(3)]
    figure = {"policy": "tiny", "method": "memreward", "label_ratio": 50, "metric": "gnn_roc_auc", "n": np.nan}
    published = pd.DataFrame([figure | {"benchmark": "overall", "value": 0.9, "confidence": "low"}])
    published = published.assign(members=[frozenset(names)])
    sources = dict.fromkeys(names, "mirror")
    tables = seeds_of(half_labeled, 3)
    table = pd.DataFrame(reward_models.rows(tables, model, published, sources), columns=reward_models.COLUMNS)
    assert table["benchmark"].unique().tolist() == ["overall", *tables[0]["benchmark"].unique()]
    assert table["metric"].tolist() == [*METRICS] * 4
    row = table[(table["benchmark"] == "overall") & (table["metric"] == "auc")].squeeze()
    each = [roc_auc_score(one["reward"], one["probability"]) for one in tables]
    assert row["mean"] == pytest.approx(np.mean(each))
    assert row["sd"] == pytest.approx(np.std(each, ddof=1))
    assert row["ci_low"] < row["mean"] < row["ci_high"]
    assert (row["seeds"], row["queries"], row["responses"], row["published"]) == (3, 10, 40, 0.9)
    assert row["published_confidence"] == "low"
    other = reward_models.rows(tables, model | {"predictor": "mlp"}, published, sources)
    assert all(np.isnan(row["published"]) for row in other)


def named(predictions: list[pd.DataFrame], predictor: str = "graph") -> pd.DataFrame:
    """Predictions of one reward model, its seeds 0, 1, ... in this order."""
    model = {"policy": "tiny", "predictor": predictor, "label_ratio": 20}
    return pd.concat([table.assign(**model, seed=seed) for seed, table in enumerate(predictions)])


def test_a_reward_model_and_its_seeds_are_known_by_their_columns(half_labeled):
    one, two = seeds_of(half_labeled, 2)
    rows = pd.concat([named([two], "mlp"), named([one, two]).iloc[::-1]])
    found = [*reward_models.each_model(rows, ["tiny"], ["graph", "mlp"], [20])]
    assert [(model["predictor"], len(tables)) for model, tables in found] == [("graph", 2), ("mlp", 1)]
    (_, (first, second)), (_, (third,)) = found
    for table, seed, made in ((first, 0, one), (second, 1, two), (third, 0, two)):
        assert set(table["seed"]) == {seed}
        assert sorted(table["probability"]) == sorted(made["probability"])


def test_seeds_about_other_responses_are_refused(half_labeled):
    one, two = seeds_of(half_labeled, 2)
    with pytest.raises(InputError, match=r"^tiny, graph, 20 % labels, seed 1: predictions are for different responses"):
        next(reward_models.each_model(named([one, two.iloc[:-1]]), ["tiny"], ["graph"], [20]))


@pytest.mark.slow
def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    generator, hits = np.random.default_rng(1), 0
    for _ in range(60):
        right = generator.random(80) < 0.5
        table = pd.DataFrame(
            {
                "split": "test",
                "query_id": np.repeat(np.arange(40), 2).astype(str),
                "benchmark": "x",
                "sample": np.tile([0, 1], 40),
                "reward": right.astype(np.float32),
                "probability": (generator.normal(size=80) + right).astype(np.float32),
            }
        )
        model = {"policy": "", "predictor": "", "label_ratio": 0}
        row = next(
            one for one in reward_models.rows([table], model, NOTHING, {"x": "generated"}) if one["metric"] == "auc"
        )
        hits += row["ci_low"] < 0.7602 < row["ci_high"]  # P(normal + 1 > normal)
    assert hits >= 50


def noisy(generator, templates: list) -> pd.DataFrame:
    """Two responses to each query; queries of one template are right or wrong together, and so is their probability."""
    names = sorted(set(templates))
    luck = dict(zip(names, generator.normal(size=len(names)), strict=True))
    right = np.tile([1.0, 0.0], len(templates))
    shift = np.repeat([luck[name] for name in templates], 2)
    table = pd.DataFrame({"split": "test", "query_id": np.repeat([f"q{row}" for row in range(len(templates))], 2)})
    table = table.assign(benchmark="x", sample=np.tile([0, 1], len(templates)), reward=right.astype(np.float32))
    probability = 1 / (1 + np.exp(-shift * (2 * right - 1)))
    return table.assign(probability=probability.astype(np.float32), template=np.repeat(templates, 2))


def auc_row(*tables):
    found = reward_models.rows(tables, dict.fromkeys(reward_models.MODEL, "-"), NOTHING, {"x": "generated"})
    return next(row for row in found if (row["benchmark"], row["metric"]) == ("overall", "within_query_auc"))


def test_queries_of_one_template_are_resampled_together():
    table = noisy(np.random.default_rng(0), [f"t{row // 20}" for row in range(200)])
    together, alone = auc_row(table), auc_row(table.assign(template=None))
    assert together["mean"] == alone["mean"]
    # ten templates of twenty queries: the error is about the root of twenty times as large
    assert together["ci_high"] - together["ci_low"] > 2 * (alone["ci_high"] - alone["ci_low"])
    assert together["queries"] == alone["queries"] == 200
    # without the column, as older files are, queries are their own
    older = auc_row(table.drop(columns="template"))
    assert (older["ci_low"], older["ci_high"]) == (alone["ci_low"], alone["ci_high"])


def test_seeds_with_labels_of_their_own_are_measured_on_other_queries(half_labeled):
    one, two = seeds_of(half_labeled, 2)
    names = one["query_id"].unique()
    parts = [table[table["query_id"] != name] for table, name in ((one, names[0]), (two, names[1]))]
    sources = dict.fromkeys(one["benchmark"], "generated")
    ((_, tables),) = reward_models.each_model(named(parts), ["tiny"], ["graph"], [20], redrawn=True)
    found = reward_models.rows(tables, dict.fromkeys(reward_models.MODEL, "-"), NOTHING, sources)
    row = next(row for row in found if (row["benchmark"], row["metric"]) == ("overall", "auc"))
    assert row["mean"] == pytest.approx(np.mean([roc_auc_score(part["reward"], part["probability"]) for part in parts]))
    assert row["queries"] == len(names)
    assert row["ci_low"] < row["mean"] < row["ci_high"]
