"""Reward predictors that learn nothing: the majority of a query's answers, and chance."""

from dataclasses import replace

import numpy as np
import pytest
from graph_rollouts import made_up

from reward_memory.reward_models.base import save
from reward_memory.reward_models.baselines.majority import Majority, fit_majority
from reward_memory.reward_models.baselines.random import Random, fit_random
from reward_memory.reward_models.features.signals import NAMES
from reward_memory.reward_models.registry import load


def voted(shares: list[float], majorities: list[float]):
    """Responses with these columns of `signals`, and 9 in every other one."""
    table = np.full((len(shares), len(NAMES)), 9, np.float32)
    table[:, NAMES.index("share")], table[:, NAMES.index("majority")] = shares, majorities
    return replace(made_up([len(shares)]), signals=table)


def test_a_majority_is_believed_and_more_votes_rank_higher():
    model = fit_majority("majority", made_up([2, 3]))
    found = model.score(voted([0.5, 0.5, 0.25, 0.0], [1, 0, 0, 0]))
    assert found.tolist() == [0.75, 0.25, 0.125, 0]


def test_chance_is_told_from_the_text_of_the_query_and_the_number_of_the_sample():
    rollouts = replace(made_up([2, 1]), texts=np.array(["one?", "two?"], object), samples=np.array([0, 1, 0]))
    found = fit_random("random", made_up([2]), seeds=[5, 6]).score(rollouts)
    assert found.dtype == np.float32
    # of BLAKE2b of seed, text and number, in steps of 2**-24
    assert found.tolist() == pytest.approx([0.1212284, 0.71593124, 0.24983013], abs=1e-8)
    assert fit_random("random", made_up([2]), seeds=[5]).score(rollouts).tolist() == found.tolist()
    assert fit_random("random", made_up([2]), seeds=[6]).score(rollouts).tolist() != found.tolist()


@pytest.mark.parametrize(
    ("kind", "fitted", "config"),
    [
        (Majority, lambda labeled: fit_majority("majority", labeled), {"predictor": "majority"}),
        (Random, lambda labeled: fit_random("random", labeled, seeds=(7,)), {"predictor": "random", "seed": 7}),
    ],
)
def test_what_is_saved_is_what_was_fitted(kind, fitted, config, tmp_path):
    labeled = replace(made_up([2, 3]), dtype="bfloat16")
    model = fitted(labeled)
    assert model.config == config | {"encoder_dtype": "bfloat16"}
    assert model.metrics == {"labeled_queries": 2, "labeled_responses": 5}
    assert model.tensors() == ({}, {})
    save(model, tmp_path)
    again = load(tmp_path)
    assert isinstance(again, kind)
    assert (again.config, again.metrics) == (model.config, model.metrics)
    assert again.score(made_up([2, 1], seed=1)).tolist() == model.score(made_up([2, 1], seed=1)).tolist()


def test_chance_computes_no_signals():
    model, other = fit_random("random", made_up([2]), seeds=[0]), fit_majority("majority", made_up([2]))
    asked = ["2 + 2?"], [[("2 + 2 = 4", "#### 4"), ("", "#### 4")]], ["math"]
    assert not model.embedded(*asked).signals.any()
    assert model.embedded(*asked).keys.tolist() == ["", ""]
    assert other.embedded(*asked).keys.tolist() == ["4", "4"]
