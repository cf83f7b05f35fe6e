"""The positive control of the error memory: on tables of probabilities it must do what its formula says."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "perf/tabular_control.py"


@pytest.fixture(scope="module")
def courses(tmp_path_factory) -> dict:
    """Arm -> its course, of 100 queries and eleven visits."""
    spec = importlib.util.spec_from_file_location("tabular_control", SCRIPT)
    control = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(control)
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
