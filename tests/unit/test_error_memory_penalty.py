import math

import numpy as np
import pytest
from error_memory_reference import Reference
from hypothesis import given
from hypothesis import strategies as st
from training_settings import error_memory

from reward_memory.error_memory.penalties.logarithm import cluster_penalty
from reward_memory.error_memory.penalty import penalize
from reward_memory.settings import ErrorMemory
from reward_memory.settings.checking import mistake

SCORES, SIZES, RIGHT = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1, 1, 0, 0]), np.array([False, True, False, True])
P = 0.1 * math.log(2)


def test_a_first_error_is_free():
    assert cluster_penalty(np.array([0]), 0.1, 2.0).tolist() == [0.0]


def test_the_penalty_is_alpha_times_the_logarithm_of_the_size_and_one():
    assert cluster_penalty(np.array([1, 5]), 0.1, 2.0) == pytest.approx([0.0693147, 0.1791759], abs=1e-7)


def test_the_penalty_stops_growing_at_the_cap():
    # ln 7 = 1.946 is below the cap of 2, ln 8 = 2.079 above
    assert cluster_penalty(np.array([6, 7, 10**6]), 0.1, 2.0) == pytest.approx([0.1945910, 0.2, 0.2], abs=1e-7)


def test_a_negative_size_is_an_error():
    with pytest.raises(ValueError, match="negative, got -1"):
        cluster_penalty(np.array([2, -1]), 0.1, 2.0)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("wrong", [-P, 1, 0, 1]),
        ("right", [0, 1 / (1 + P), 0, 1]),
        ("both", [-P, 1 / (1 + P), 0, 1]),
        ("none", [0, 1, 0, 1]),
    ],
)
def test_only_the_target_pays(target, expected):
    assert penalize(SCORES, SIZES, RIGHT, error_memory(alpha=0.1, target=target)) == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.integers(0, 3000), st.booleans()), min_size=1),
    st.sampled_from(["wrong", "right", "both", "none"]),
    st.floats(0, 1),
    st.floats(0, 5),
)
def test_penalized_scores_are_the_references(rows, target, alpha, cap):
    reference = Reference(target=target, alpha=alpha, cap=cap)
    scores, sizes, right = map(np.array, zip(*rows, strict=True))
    expected = [reference.penalized(*row) for row in rows]
    assert penalize(scores, sizes, right, error_memory(alpha=alpha, cap=cap, target=target)) == pytest.approx(expected)


def test_without_a_name_the_penalty_is_the_papers():
    assert error_memory().penalty_name == "logarithm"
    assert "penalty" not in error_memory().model_dump()  # a further key would rerun finished trainings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alfa": 1}, "alfa: no such key; valid keys are method, last_layers, "),
        ({"method": "dbscan"}, "method: 'dbscan' is not hdbscan, kmeans, single or answers."),
        ({"method": ["single"]}, "method: ['single'] is not hdbscan, kmeans, single or answers."),
        ({"target": "all"}, "target: 'all' is not wrong, right, both or none."),
        ({"target": ["wrong"]}, "target: ['wrong'] is not wrong, right, both or none."),
        ({"last_layers": 0}, "last_layers: 0 is not a whole number of at least 1, or all."),
        ({"last_layers": "some"}, "last_layers: 'some' is not a whole number of at least 1, or all."),
        ({"num_neighbors": 1.5}, "num_neighbors: 1.5 is not a whole number of at least 1."),
        ({"max_points_per_key": 0}, "max_points_per_key: 0 is not at least 1 point, or null for all."),
        ({"max_points_per_key": "all"}, "max_points_per_key: 'all' is not at least 1 point, or null for all."),
        ({"seed": True}, "seed: True is not a whole number of at least 0."),
        ({"alpha": -0.1}, "alpha: -0.1 is not a number of at least 0."),
        ({"cap": float("nan")}, "cap: nan is not a number of at least 0."),
        ({"differences": "no"}, "differences: 'no' is not true or false."),
        ({"noise_is_cluster": 1}, "noise_is_cluster: 1 is not true or false."),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(settings, message):
    assert mistake(ErrorMemory, settings).startswith(message)
