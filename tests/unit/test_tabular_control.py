"""The positive control of the error memory: on tables of probabilities it must do what its formula says."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from error_memory_reference import group_normalized
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = Path(__file__).parents[2] / "perf/tabular_control.py"


@pytest.fixture(scope="module")
def control():
    spec = importlib.util.spec_from_file_location("tabular_control", SCRIPT)
    control = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(control)
    return control


@pytest.fixture(scope="module")
def courses(control, tmp_path_factory) -> dict:
    """Arm -> its course, of 100 queries and eleven visits."""
    return {
        name: control.train(settings, tmp_path_factory.mktemp("memory"), queries=100, visits=11)
        for name, settings in control.ARMS.items()
    }


def test_failures_in_a_single_cluster_pay_alike_so_nothing_changes(courses):
    single, none = courses["single cluster, alpha 0.5"], courses["dapo"]
    assert single.uneven.max() == 0
    for name in ("largest", "entropy", "right"):
        assert getattr(single, name) == pytest.approx(getattr(none, name), abs=1e-5)


@pytest.mark.parametrize("alpha", ["0.1", "0.5"])
def test_a_larger_cap_spreads_failures_more_than_the_published_one(courses, alpha):
    published = f"alpha {alpha}, cap 2" + (" (published)" if alpha == "0.1" else "")
    none, small, large = courses["dapo"], courses[published], courses[f"alpha {alpha}, cap 8"]
    assert none.largest[-1] > small.largest[-1] > large.largest[-1]
    assert none.entropy[-1] < small.entropy[-1] < large.entropy[-1]
    # ln(7 + 1) is above 2: seven members are as dear as any more
    assert small.uneven[1] == large.uneven[1] == large.uneven[-1] == 1
    assert small.uneven[-1] < 0.5


def test_the_cap_does_more_than_five_times_the_alpha(courses):
    assert courses["alpha 0.1, cap 8"].largest[-1] < courses["alpha 0.5, cap 2"].largest[-1]


def test_right_answers_are_learned_as_fast_with_the_memory(courses):
    for course in courses.values():
        assert course.right[-1] == pytest.approx(courses["dapo"].right[-1], abs=0.02)
        assert course.right[-1] > 2 * course.right[0]


def test_a_group_is_centerd_and_divided_by_its_unbiased_deviation(control):
    # mean 0.5, deviation sqrt(4 * 0.25 / 3) = 0.57735
    assert control.group_normalize([0, 1, 0, 1], ["a"] * 4) == pytest.approx(
        [-0.8660, 0.8660, -0.8660, 0.8660], abs=1e-4
    )


def test_a_group_of_equal_scores_gets_no_advantage_and_a_group_of_one_keeps_its_score(control):
    assert control.group_normalize([0.3, 0.3, 0.3, 1.0], ["a", "a", "a", "b"]) == pytest.approx([0, 0, 0, 1], abs=1e-5)


@given(st.lists(st.tuples(st.floats(-2, 2), st.sampled_from("abc")), min_size=1))
def test_group_normalization_is_the_references(control, rows):
    scores, groups = map(list, zip(*rows, strict=True))
    # scores that differ by rounding alone are divided by about epsilon
    assert control.group_normalize(scores, groups) == pytest.approx(group_normalized(scores, groups), abs=1e-6)


def test_group_normalization_is_verls(control):
    torch = pytest.importorskip("torch")
    core_algos = pytest.importorskip("verl.trainer.ppo.core_algos")
    draw = np.random.default_rng(0)
    scores, groups = draw.choice([0.0, 1.0, -0.07, 0.93], 60), draw.integers(18, size=60)
    assert 1 in np.bincount(groups)  # a group of one is among them
    rewards = torch.zeros(60, 3)
    rewards[:, 2] = torch.as_tensor(scores)
    theirs, _ = core_algos.compute_grpo_outcome_advantage(rewards, torch.ones(60, 3), groups)
    assert control.group_normalize(scores, groups) == pytest.approx(theirs[:, 0].numpy(), abs=1e-5)
