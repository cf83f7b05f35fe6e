"""A label ratio of 0: who can do without labels, and what the others are told."""

import copy

import numpy as np
import pandas as pd
import pytest
from graph_rollouts import made_up
from test_configuration import SMALL, complaint

from reward_memory.config import suites
from reward_memory.config.loading import load
from reward_memory.data.labels import route
from reward_memory.errors import InputError
from reward_memory.reward_models.names import LABEL_FREE, NAMES
from reward_memory.reward_models.registry import fit

BENCHMARKS = {
    "gsm8k": {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5},
    "piqa": {"suite": "ood", "source": "generated", "train": 200, "valid": 5, "test": 5},
}
OOD = {"reward_model_of": "main", "label_ratios": [0], "methods": ["memreward", "ttrl"]}


def configured(methods: list[str], ratios: list[int], ood: dict | None = None, **more) -> dict:
    own = {"benchmarks": BENCHMARKS, "methods": methods, "label_ratios": ratios, "reward_model": {}}
    return copy.deepcopy(SMALL | own | ({"suites": {"ood": ood}} if ood else {}) | more)


def test_no_query_is_labeled():
    queries = pd.DataFrame({"id": ["a", "b", "c"], "benchmark": ["x", "x", "y"]})
    assert not route(queries, 0, 42)["labeled"].any()
    # any other ratio labels at least one query of each benchmark
    assert route(queries, 1, 42).groupby("benchmark")["labeled"].sum().tolist() == [1, 1]
    with pytest.raises(InputError, match="between 0 and 100"):
        route(queries, -1, 42)


@pytest.mark.parametrize("predictor", LABEL_FREE)
def test_what_reads_no_label_is_fitted_to_the_same_without(predictor):
    labeled = made_up([4] * 6)
    nothing = made_up([4] * 6, labeled=False)
    without, with_labels = (fit(predictor, rollouts, seeds=[3]) for rollouts in (nothing, labeled))
    new = made_up([4] * 3, seed=1)
    assert np.array_equal(without.score(new), with_labels.score(new))
    assert without.metrics == {"labeled_queries": 0, "labeled_responses": 0}


def test_the_others_say_that_labels_are_missing():
    assert LABEL_FREE == ("majority", "random")
    for predictor in {*NAMES} - {*LABEL_FREE, "graph-as-published"}:
        with pytest.raises(InputError, match="0 labeled queries with responses are too few"):
            fit(predictor, made_up([4] * 6, labeled=False))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # out of domain, by the in-domain memory
        (configured(["memreward"], [20], OOD), ("ood", 0, 20)),
        (configured(["memreward"], [20, 30], OOD | {"reward_model_ratio": 30}), ("ood", 0, 30)),
        (
            configured(["memreward"], [20, 30], OOD | {"label_ratios": [0, 20], "reward_model_ratio": 30}),
            ("ood", 20, 30),
        ),
        (configured(["memreward"], [20, 30], OOD | {"label_ratios": [20]}), ("ood", 20, 20)),
        # a memory of its own that needs no label
        (configured(["memreward:majority", "base", "oracle", "ttrl"], [0]), ("main", 0, 0)),
        (configured(["memreward:random"], [0, 20]), ("main", 0, 0)),
    ],
)
def test_where_it_makes_sense_it_is_valid(config, expected):
    suite, ratio, of_model = expected
    assert suites.reward_model_ratio(load(config), suite, ratio) == of_model


MEASURED = ["majority", "random"]


def test_reward_models_are_compared_where_they_can_be_fitted():
    none, some = (load(configured(["memreward:majority"], ratios)) for ratios in ([0], [0, 20]))
    assert (none.predictors, suites.measured_ratios(none)) == (MEASURED, [0])
    assert (len(some.predictors) > len(MEASURED), suites.measured_ratios(some)) == (True, [20])


MISTAKES = {
    "r1-p": (
        configured(["r1-p"], [0, 20]),
        "label_ratios: 0 leaves r1-p no query to train on; give at least 1, or leave r1-p out.",
    ),
    "trapo": (
        configured(["trapo"], [0]),
        "label_ratios: 0 leaves trapo no labeled query to compare others with; give at least 1, or leave trapo out.",
    ),
    "own memory": (
        configured(["memreward"], [0]),
        "label_ratios: 0 leaves memreward no label to fit graph on; give at least 1, name a reward model that needs "
        "none (majority, random), or fit it on another suite (reward_model_of).",
    ),
    "own memory of a suite": (
        configured(["memreward"], [20], {"label_ratios": [0], "methods": ["memreward"]}),
        "suites: ood: label_ratios: 0 leaves memreward no label to fit graph on; give at least 1, name a reward model "
        "that needs none (majority, random), or fit it on another suite (reward_model_of).",
    ),
    "several memories": (
        configured(["memreward"], [20, 30], OOD),
        "suites: ood: label_ratios: 0 uses the reward models of suite main, which has several (20, 30); name one as "
        "reward_model_ratio.",
    ),
    "a memory that is none": (
        configured(["oracle"], [0], OOD),
        "suites: ood: label_ratios: 0 leaves memreward no label to fit graph on; give at least 1, name a reward model "
        "that needs none (majority, random), or fit it on another suite (reward_model_of).",
    ),
    "measured": (
        configured(["memreward:majority"], [0], predictors=["majority", "knn"]),
        "predictors: knn needs labels, and label_ratios: 0 leaves none; leave it out.",
    ),
    "a ratio of nothing": (
        configured(["memreward"], [20], {"reward_model_ratio": 20, "methods": ["memreward"]}),
        "suites: ood: reward_model_ratio: is for reward_model_of; leave it out.",
    ),
}


@pytest.mark.parametrize(("config", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_who_cannot_do_without_labels_says_so(config, sentence):
    assert complaint(config) == f"mine.yaml: {sentence}"
