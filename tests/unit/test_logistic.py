"""Logistic regression: its columns, and how its design and penalty are chosen."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_rollouts import made_up
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from reward_memory.reward_models.base import save
from reward_memory.reward_models.baselines.logistic import (
    DESIGNS,
    Linear,
    columns,
    fit_linear,
    fit_logistic,
    out_of_fold,
    sources,
)
from reward_memory.reward_models.features.signals import NAMES, SIGNALS
from reward_memory.reward_models.folds import folds
from reward_memory.reward_models.registry import load

SIZES = [3, 1, 2, 4, 2, 3, 1, 2, 2, 3, 1, 4]


def of_two_kinds(sizes: list[int], seed: int = 0, lean: float = 1.0):
    """Rollouts of random rewards, whose first feature leans towards them and whose other columns are noise."""
    rollouts, draw = made_up(sizes, seed), np.random.default_rng(seed + 100)
    rewards = draw.integers(0, 2, len(rollouts.group)).astype(np.float32)
    features = draw.standard_normal((len(rewards), 3)).astype(np.float32)
    features[:, 0] += lean * rewards
    return replace(rollouts, rewards=rewards, features=features)


# --- columns


def test_sources_of_several_queries_are_apart_and_a_later_sample_agrees_with_the_known_ones():
    #                            query 0: three samples, of which two have columns | query 1
    rollouts = replace(made_up([3, 2]), keys=np.array(["7", "8", "7", "7", "7"]))
    assert sources(rollouts, 2).tolist() == [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [1, 0, 0, 1],
        [0, 1, 1, 0],
    ]


def test_a_query_that_lacks_a_sample_agrees_with_nobody_there():
    rollouts = replace(made_up([2, 1]), samples=np.array([0, 2, 1]), keys=np.array(["7", "7", "7"]))
    assert sources(rollouts, 3).tolist() == [[1, 0, 0, 0, 0, 1], [0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 0, 0]]


def test_a_design_names_its_columns_in_their_order():
    rollouts = made_up([2, 1])
    found = columns(rollouts, ("features", "agreement", "embeddings"), 2)
    assert found.shape == (3, 3 + 2 + 3 * 384)
    assert (found[:, :3] == rollouts.features).all()
    assert (found[:, 3:5] == rollouts.signals[:, [NAMES.index("share"), NAMES.index("majority")]]).all()
    assert (found[:, 5:389] == rollouts.query[[0, 0, 1]]).all()
    assert (found[:, 389:773] == rollouts.thinking).all()
    assert (found[:, 773:] == rollouts.answer).all()


def test_signals_and_checks_are_the_two_parts_of_one_table():
    rollouts = made_up([2, 1])
    assert (columns(rollouts, ("signals", "checks"), 0) == rollouts.signals).all()
    assert columns(rollouts, ("signals",), 0).shape == (3, len(SIGNALS))
    assert (columns(rollouts, ("sources",), 2) == sources(rollouts, 2)).all()


# --- the fit


def by_folds(rollouts, number: int, seed: int, strength: float) -> np.ndarray:
    """Logits of the features by scikit-learn, each from the other folds of `number`."""
    fold, found = folds(rollouts, number, seed)[rollouts.group], np.zeros(len(rollouts.group))
    for held in range(number):
        seen, new = fold != held, fold == held
        mean, scale = rollouts.features[seen].mean(0), rollouts.features[seen].std(0)
        model = LogisticRegression(C=strength).fit((rollouts.features[seen] - mean) / scale, rollouts.rewards[seen])
        found[new] = model.decision_function((rollouts.features[new] - mean) / scale)
    return found


@pytest.mark.parametrize(("sizes", "number"), [(SIZES, 5), ([4, 4, 4], 3)])
def test_a_logit_out_of_fold_is_of_the_other_fifths_of_the_queries(sizes, number):
    rollouts = of_two_kinds(sizes)
    found = out_of_fold(rollouts, ("features",), 0, 0.1, seed=4)
    assert found == pytest.approx(by_folds(rollouts, number, 4, 0.1), abs=1e-3)


def test_the_loss_is_a_mean_over_queries_and_the_strength_has_the_least():
    rollouts = of_two_kinds(SIZES)
    losses = {}
    for strength in 10.0 ** np.array([-4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1]):
        probabilities = 1 / (1 + np.exp(-by_folds(rollouts, 5, 4, strength)))
        losses[strength] = np.mean(
            [
                log_loss(rollouts.rewards[own], probabilities[own], labels=[0, 1])
                for own in (rollouts.group == query for query in range(len(SIZES)))
            ]
        )
    best = min(losses, key=losses.get)
    model = fit_linear(rollouts, [("features",)], 4, "mine")
    assert model.metrics == {
        "labeled_queries": 12,
        "labeled_responses": 28,
        "strength": pytest.approx(best),
        "cross_validated_loss": pytest.approx(losses[best], abs=1e-4),
    }
    assert model.config == {"predictor": "mine", "design": ["features"], "sources": 4, "encoder_dtype": "float32"}
    scaled = (rollouts.features - rollouts.features.mean(0)) / rollouts.features.std(0)
    whole = LogisticRegression(C=best).fit(scaled, rollouts.rewards)
    assert model.logits(rollouts) == pytest.approx(whole.decision_function(scaled), abs=1e-3)


def test_what_tells_all_is_penalized_least_and_what_tells_nothing_most():
    rollouts = of_two_kinds([2] * 12)
    telling = replace(rollouts, features=np.tile(rollouts.rewards[:, None], 3))
    assert fit_linear(telling, [("features",)], 0, "mine").metrics["strength"] == pytest.approx(10)
    # columns that are the same everywhere: all strengths have one loss
    silent = replace(rollouts, features=np.ones_like(rollouts.features))
    assert fit_linear(silent, [("features",)], 0, "mine").metrics["strength"] == pytest.approx(1e-4)


@pytest.mark.parametrize(("reward", "rate"), [(1.0, 4.5 / 5), (0.0, 0.5 / 5)])
def test_rewards_of_one_kind_give_their_rate(reward, rate):
    # half a response more of either kind, so that nothing is certain
    labeled = replace(made_up([2, 2]), rewards=np.full(4, reward, np.float32))
    model = fit_linear(labeled, [("features",)], 0, "mine")
    assert model.coefficients.tolist() == [0, 0, 0]
    assert model.score(made_up([3], seed=1)) == pytest.approx([rate] * 3)


FEATURES, BOTH = ("features",), ("features", "agreement")


def with_agreement(rollouts, share: np.ndarray):
    """The rollouts whose column `share` is this and whose column `majority` is constant."""
    table = np.ones_like(rollouts.signals)
    table[:, 0] = share
    return replace(rollouts, signals=table)


def test_a_later_design_is_taken_where_it_helps_by_more_than_chance():
    rollouts = of_two_kinds([2] * 24, lean=0)
    draw = np.random.default_rng(5)
    noise = with_agreement(rollouts, draw.standard_normal(48))
    assert fit_linear(noise, [FEATURES, BOTH], 0, "mine").config["design"] == ["features"]
    telling = with_agreement(rollouts, rollouts.rewards + 0.9 * draw.standard_normal(48))
    assert fit_linear(telling, [FEATURES, BOTH], 0, "mine").config["design"] == ["features", "agreement"]
    # a column that changes nothing does not help: the simpler design stays
    same = with_agreement(rollouts, np.ones(48))
    assert fit_linear(same, [FEATURES, BOTH], 0, "mine").config["design"] == ["features"]
    # each is held against the one taken so far
    assert fit_linear(telling, [BOTH, FEATURES], 0, "mine").config["design"] == ["features", "agreement"]


def test_the_first_seed_splits_the_queries_and_the_features_are_remembered():
    labeled, features = made_up([2] * 6), {"qa": ["found"]}
    found = fit_logistic("logistic", labeled, seeds=[3, 4], answer_features=features)
    assert found.config == {
        "predictor": "logistic",
        "design": ["embeddings", "features"],
        "sources": 2,
        "encoder_dtype": "float32",
        "answer_features": features,
    }
    assert found.metrics == fit_linear(labeled, DESIGNS["logistic"], 3, "logistic").metrics
    assert found.metrics != fit_linear(labeled, DESIGNS["logistic"], 4, "logistic").metrics


def test_what_is_saved_is_what_was_fitted(tmp_path):
    config = {"predictor": "logistic", "design": ["features"], "sources": 0, "encoder_dtype": "float32"}
    model = Linear(np.array([1.0, -2.0, 0.5]), 0.25, config, {"labeled_queries": 2})
    weights, memory = model.tensors()
    assert {name: (value.dtype, value.tolist()) for name, value in weights.items()} == {
        "coefficients": (torch.float64, [1, -2, 0.5]),
        "intercept": (torch.float64, 0.25),
    }
    assert memory == {}
    save(model, tmp_path)
    rollouts = replace(made_up([2]), features=np.array([[1, 0, 0], [0, 1, 1]], np.float32))
    again = load(tmp_path)
    # 1 + 0.25 and -2 + 0.5 + 0.25
    assert again.logits(rollouts).tolist() == [1.25, -1.25]
    assert again.score(rollouts) == pytest.approx([1 / (1 + np.exp(-1.25)), 1 / (1 + np.exp(1.25))])
    assert (again.config, again.metrics) == (model.config, model.metrics)
