"""From a predicted probability to a reward: thresholds, soft rewards, and what then counts as correct."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as given_that
from hypothesis import strategies as st
from override_cases import ODD, RUN, TRAINING, told
from test_configuration import SMALL, changed, complaint
from test_error_penalty import memory, response
from test_reward_agreement import QUERIES, TRUTHS, responses
from test_training_rewards import FIVE, Predicting, row

from reward_memory.config import suites, variants
from reward_memory.config.loading import load
from reward_memory.evaluation.cluster_sizes import cluster_sizes
from reward_memory.evaluation.diversity import repeats
from reward_memory.evaluation.reward_agreement import agreement
from reward_memory.settings import RewardModel
from reward_memory.training.objectives.dynamic_sampling import degenerate
from reward_memory.training.objectives.predicted import Fitted, FromPrediction
from reward_memory.training.objectives.rewards import Scorer
from reward_memory.verifiers import Grader

PROBABILITIES = np.array([0.25, 0.5, 0.500001, 0.75, 0.9], np.float32)
SOFT = FromPrediction(threshold=0.7, reward="soft")


@pytest.mark.parametrize(
    ("given", "rewards", "cut"),
    [
        (FromPrediction(), [0, 0, 1, 1, 1], 0.5),
        (FromPrediction(threshold=0.25), [0, 1, 1, 1, 1], 0.5),
        (FromPrediction(threshold=0.0), [1, 1, 1, 1, 1], 0.5),
        (FromPrediction(threshold=0.75), [0, 0, 0, 0, 1], 0.5),
        (FromPrediction(threshold=0.75, reward="soft"), PROBABILITIES.tolist(), 0.75),
    ],
)
def test_rewards_and_what_counts_as_correct(given, rewards, cut):
    assert given.rewards(PROBABILITIES, ["a"] * 5).tolist() == rewards
    assert given.cut == cut


@pytest.mark.parametrize(
    ("reward", "expected"),
    [
        # 0.4 and 0.55 are in doubt: a has .9 and .2 beside them, b has .05 and .1, c nothing
        ("hard", [1, 0, 0.5, 0.5, 0, 0, 0, 0]),
        ("soft", [0.9, 0.2, 0.55, 0.55, 0.05, 0.1, 0.075, 0]),
    ],
)
def test_a_response_in_doubt_gets_the_mean_of_its_group(reward, expected):
    given = FromPrediction(reward=reward, abstain=0.15)
    found = given.rewards([0.9, 0.2, 0.4, 0.55, 0.05, 0.1, 0.4, 0.55], [*"aaaabbbc"])
    assert found == pytest.approx(expected)


def test_at_the_distance_of_abstention_a_response_has_its_own_reward():
    given = FromPrediction(threshold=0.5, abstain=0.25)
    assert given.doubtful([0.25, 0.26, 0.5, 0.74, 0.75]).tolist() == [False, True, True, True, False]


@given_that(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=30),
    st.floats(0, 0.5),
    st.sampled_from(["hard", "soft"]),
)
def test_what_is_in_doubt_has_no_advantage_and_moves_no_mean(rows, abstain, reward):
    rows = sorted(rows)
    queries, probabilities = [query for query, _ in rows], np.array([probability for _, probability in rows])
    found = FromPrediction(reward=reward, abstain=abstain)
    rewards, doubtful = found.rewards(probabilities, queries), found.doubtful(probabilities)
    for query in set(queries):
        mine = np.array(queries) == query
        sure = mine & ~doubtful
        assert rewards[mine].mean() == pytest.approx(rewards[sure].mean() if sure.any() else 0)
        assert rewards[mine & doubtful] - rewards[mine].mean() == pytest.approx(0, abs=1e-12)


def test_a_method_without_predicted_rewards_has_the_defaults():
    assert FromPrediction.of(None) == FromPrediction() == FromPrediction.of({"threshold": 0.5, "reward": "hard"})


@pytest.mark.parametrize(
    ("predicted", "rewards"), [(FromPrediction(threshold=0.65), [1, 0, 0, 1]), (SOFT, [1, 0, 0.6, 0.8])]
)
def test_the_scorer_leaves_verified_rewards_alone(predicted, rewards):
    with Grader(isolation="reduced") as grader:
        scorer = Scorer(grader, None, predicted=predicted)
        scorer.reward_model = Predicting()
        rows = [row("a", "x #### 5", FIVE), row("a", "x #### 6", FIVE), row("b", "x|123456"), row("b", "y|12345678")]
        found = scorer.score(rows)
    assert found.rewards == pytest.approx(rewards)
    assert found.probabilities[2:] == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize(
    ("predicted", "let_go"),
    [
        # groups: all above 0.7; on both sides of it; all below; verified alike; verified otherwise
        (SOFT, [True, False, True, True, False]),
        # hard rewards are compared as they are, and so are shares of votes
        (FromPrediction(), [False, False, False, True, False]),
    ],
)
def test_dynamic_sampling_lets_groups_go_whose_soft_rewards_are_on_one_side(predicted, let_go):
    rewards = np.array([0.8, 0.9, 0.6, 0.8, 0.1, 0.7, 1, 1, 0, 1])
    group = np.arange(10) // 2
    assert degenerate(predicted.comparison_values(rewards), group).tolist() == let_go


@pytest.mark.parametrize(("cut", "points"), [(0.5, 1), (SOFT.cut, 2)])
def test_the_error_memory_remembers_what_does_not_count_as_correct(tmp_path, cut, points):
    errors = memory(tmp_path)
    errors.cut = cut
    rows = [response("#### 5", reward=0.6), response("#### 6", sample=1, reward=0.9), response("#### 7", sample=2)]
    rows[1].reward = 0.8
    metrics = errors.penalize(1, rows, np.ones((3, 3), np.float32))
    assert metrics["memory/points"] == points


def test_errors_of_a_run_are_counted_as_its_memory_did():
    table = pd.DataFrame(
        {
            "step": [1, 1, 2],
            "query_id": "q",
            "text": ["#### 5", "#### 6", "#### 5"],
            "reward": np.array([0.6, 0.8, 0.65], np.float32),
            "cluster_size": [0.0, 0.0, 1.0],
        }
    )
    assert repeats(table, {"q": "math"}).empty
    assert repeats(table, {"q": "math"}, SOFT.cut)[["wrong", "repeated"]].values.tolist() == [[1, 0], [1, 1]]
    assert cluster_sizes(table).empty
    assert cluster_sizes(table, SOFT.cut).groupby("step")["responses"].sum().tolist() == [1, 1]


def test_agreement_is_about_the_threshold_that_was_trained_with():
    #        right, wrong, right
    rows = [(1, 0, 0, "#### 1", 0.9, 0.9), (1, 0, 1, "#### 2", 0.6, 0.6), (1, 1, 0, "#### 2", 0.7, 0.7)]
    one, other = (agreement(QUERIES, TRUTHS, responses(rows), {"isolation": "reduced"}, t)[0] for t in (0.5, 0.8))
    assert (one["agreement"], one["precision"], one["recall"]) == pytest.approx((2 / 3, 2 / 3, 1))
    assert (other["agreement"], other["precision"], other["recall"]) == pytest.approx((2 / 3, 1, 1 / 2))
    assert one["predicted_share"] == pytest.approx((0.9 + 0.6 + 0.7) / 3)


@pytest.mark.slow
def test_verl_is_told(tmp_path):
    settings = {"threshold": 0.7, "reward": "soft", "abstain": 0.1, "refit": 3}
    files = [ODD / name for name in ("queries", "responses", "vectors", "rewards 50")]
    model = RewardModel(predictor="graph-plus", answer_features={"qa": ["found", "majority"]}, learning_rate=3e-3)
    run = replace(RUN, predicted_rewards=FromPrediction.of(settings), fitted=Fitted(*files, settings=model))
    found = {
        name: one["config"]["trainer"]["v1"]["reward_memory"]
        for name, one in told({"soft": (TRAINING, run), "none": (TRAINING, RUN)}, tmp_path).items()
    }
    assert {name: own["predicted_rewards"] for name, own in found.items()} == {"soft": settings, "none": None}
    assert Fitted.of(found["soft"]["fitted"]) == run.fitted
    assert found["none"]["fitted"] is None


# --- the configuration

OOD = {"reward_model_of": "main", "methods": ["r1-p", "memreward", "own", "both"], "reward_model": {"threshold": "0.6"}}
SUITES = {
    "benchmarks": {
        "gsm8k": {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5},
        "piqa": {"suite": "ood", "source": "generated", "train": 200, "valid": 5, "test": 5},
    },
    "reward_model": {"threshold": 0.4},
    "variants": {
        "own": {"like": "memreward", "reward_model": {"threshold": 0.9}},
        "both": {"like": "memreward", "predictor": "majority", "reward_model": {"reward": "soft"}},
    },
    "methods": ["memreward", "own"],
    "suites": {"ood": OOD},
}


@pytest.mark.parametrize(
    ("suite", "method", "expected"),
    [
        ("main", "memreward", (0.4, "hard")),
        ("main", "own", (0.9, "hard")),
        ("ood", "memreward", (0.6, "hard")),
        ("ood", "own", (0.9, "hard")),
        ("ood", "both", (0.6, "soft")),
        ("ood", "memreward:majority+meds", (0.6, "hard")),
        ("ood", "r1-p", None),
    ],
)
def test_a_variant_wins_over_its_suite_and_that_over_the_section(suite, method, expected):
    found = suites.predicted_rewards(load(SMALL | copy.deepcopy(SUITES)), suite, method)
    assert (found and (found.threshold, found.reward)) == expected


def test_no_fit_depends_on_what_training_makes_of_predictions():
    one, other = (load(changed("reward_model", own)) for own in ({}, {"threshold": 0.9, "reward": "soft"}))
    for name in variants.names(one):
        assert variants.settings(one, name) == variants.settings(other, name)


ONLY = {"piqa": {"suite": "ood", "source": "generated", "train": 200, "valid": 5, "test": 5}}
MISTAKES = {
    "threshold of 1": (
        "reward_model/threshold",
        1,
        "reward_model: threshold: 1 is not a probability from 0 to below 1.",
    ),
    "abstention from everything": (
        "reward_model/abstain",
        0.6,
        "reward_model: abstain: 0.6 is not a number from 0 to 0.5.",
    ),
    "unknown reward": ("reward_model/reward", "warm", "reward_model: reward: 'warm' is not hard or soft."),
    "in a predictor's variant": (
        "reward_model/variants",
        {"x": {"predictor": "graph", "threshold": 0.7}},
        "reward_model: variants: x: threshold: does not affect fitting; set it in reward_model, suites or variants of "
        "methods.",
    ),
    "of a method without predictions": (
        "variants",
        {"x": {"like": "dapo", "reward_model": {"reward": "soft"}}},
        "variants: x: reward_model: dapo trains without a reward model; leave it out.",
    ),
    "another key": (
        "variants",
        {"x": {"like": "memreward", "reward_model": {"epochs": 5}}},
        "variants: x: reward_model: epochs: no such key here; valid keys are threshold, reward, abstain, refit.",
    ),
    "wrong value": (
        "variants",
        {"x": {"like": "memreward", "reward_model": {"threshold": "high"}}},
        "variants: x: reward_model: threshold: 'high' is not a probability from 0 to below 1.",
    ),
    "of a suite without predictions": (
        "suites",
        {"main": {"methods": ["r1-p"], "reward_model": {"threshold": 0.7}}},
        "suites: main: reward_model: none of its methods predicts rewards; leave it out.",
    ),
}


@pytest.mark.parametrize(("path", "value", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_sentence(path, value, sentence):
    assert complaint(changed(path, value)) == f"mine.yaml: {sentence}"


@pytest.mark.parametrize(
    ("estimator", "refused"), [("grpo", False), ("nsr", False), ("passk", True), ("w_reinforce", True)]
)
@pytest.mark.parametrize(("key", "value", "plain"), [("reward", "soft", "hard"), ("abstain", 0.2, 0)])
def test_rewards_in_between_go_with_advantages_that_count_nothing(estimator, refused, key, value, plain):
    own = {"like": "memreward", "reward_model": {key: value}, "training": {"adv_estimator": estimator}}
    config = changed("variants", {"x": own}) | {"methods": ["x"]}
    if refused:
        assert complaint(config) == (
            f"mine.yaml: reward_model: {key}: {value} gives x rewards between 0 and 1, which adv_estimator: "
            f"{estimator} cannot count as right or wrong; set {key}: {plain}."
        )
    else:
        load(config)


def test_without_a_reward_model_there_is_nothing_to_override():
    config = changed("suites", {"main": {"reward_model": {"reward": "soft"}}}) | {"methods": ["r1-p"]}
    del config["reward_model"]
    assert complaint(config) == (
        "mine.yaml: suites: main: reward_model: there is no reward model; add the section reward_model, such as "
        "{predictor: graph}."
    )
