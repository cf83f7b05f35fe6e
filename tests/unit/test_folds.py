"""Which labeled queries selection holds out."""

import numpy as np
import pytest
from graph_rollouts import made_up

from reward_memory.errors import InputError
from reward_memory.reward_models.folds import folds, hold_out, label_counts, labeled_only


@pytest.mark.parametrize(("seed", "held"), [(0, [3, 5, 7]), (1, [4, 8, 9])])
def test_the_held_out_queries_stay_what_they_were(seed, held):
    # three of ten, one of each of the benchmarks
    assert np.flatnonzero(hold_out(made_up([1] * 10), 0.3, seed)).tolist() == held


@pytest.mark.parametrize(("seed", "fold"), [(0, [1, 2, 2, 0, 1, 0, 0, 0, 1, 2]), (1, [0, 0, 0, 1, 2, 1, 0, 1, 2, 2])])
def test_the_folds_stay_what_they_were(seed, fold):
    assert folds(made_up([1] * 10), 3, seed).tolist() == fold


@pytest.mark.parametrize(
    ("share", "count"), [(0.0, 1), (0.1, 1), (0.37, 1), (0.38, 2), (0.62, 2), (0.63, 3), (0.99, 3), (1.0, 3)]
)
def test_a_share_is_rounded_and_leaves_a_query_on_either_side(share, count):
    for seed in range(8):
        held = hold_out(made_up([1] * 4), share, seed)
        assert held.dtype == bool
        assert held.sum() == count


def test_every_query_of_a_benchmark_may_be_held_out():
    times = sum(hold_out(made_up([1] * 6), 0.34, seed).astype(int) for seed in range(60))
    assert (times > 0).all()


def test_two_labeled_queries_are_enough():
    assert labeled_only(made_up([2, 0, 3])).query_ids.tolist() == ["made_up/0/0", "made_up/0/2"]
    with pytest.raises(InputError) as error:
        labeled_only(made_up([2, 0]))
    assert str(error.value) == (
        "reward_model: 1 labeled queries with responses are too few to train and select on; raise label_ratios or the "
        "benchmarks' train sizes."
    )


def test_queries_and_responses_are_counted():
    assert label_counts(made_up([2, 0, 3])) == {"labeled_queries": 3, "labeled_responses": 5}
