"""Advantages without group normalization, by hand and by enumeration; and as verl's estimators."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.training.objectives import advantages
from reward_memory.training.objectives.advantages import ESTIMATORS, nsr, outcome_advantages, passk, psr, w_reinforce

RIGHT_AND_WRONG = np.array([1.0, 0.0, 0.0])


def test_negative_samples_alone_count_for_nsr():
    assert nsr(RIGHT_AND_WRONG).tolist() == [0, -1, -1]


def test_positive_samples_alone_count_for_psr():
    assert psr(RIGHT_AND_WRONG).tolist() == [1, 0, 0]


def test_weighted_reinforce_damps_positive_samples():
    assert w_reinforce(RIGHT_AND_WRONG).tolist() == pytest.approx([0.1, -1, -1])
    assert w_reinforce(RIGHT_AND_WRONG, 0.5).tolist() == [0.5, -1, -1]


def test_a_penalty_deepens_a_wrong_responses_advantage():
    penalized = np.array([1.0, -0.2, 0.0])
    assert nsr(penalized).tolist() == pytest.approx([0, -1.2, -1])
    assert w_reinforce(penalized).tolist() == pytest.approx([0.1, -1.2, -1])
    assert psr(penalized).tolist() == pytest.approx([1, -0.2, 0])


def test_a_score_of_one_half_is_not_right():
    assert w_reinforce(np.array([0.5, 0.51]), 0.1).tolist() == pytest.approx([-0.5, 0.051])
    # one of two is right, with a deviation of one half: the advantages are those of -1/2 and 1/2
    assert passk(np.array([0.5, 0.51]), ["q"] * 2, 1) == pytest.approx([-1, 1], abs=1e-5)


def test_an_empty_batch_has_no_advantages():
    assert [outcome_advantages(name, np.array([]), []).tolist() for name in ESTIMATORS] == [[]] * 4


def test_an_attempt_has_four_responses_and_a_right_one_a_tenth_of_its_score_where_nothing_else_is_said():
    scores = np.array([1.0, 0, 0, 0, 0])
    # four of five miss the right one in one of five attempts: deviation 2/5
    assert passk(scores, ["q"] * 5)[0] == outcome_advantages("passk", scores, ["q"] * 5)[0]
    assert passk(scores, ["q"] * 5) == pytest.approx([1 / 2, *[-1 / 8] * 4], abs=1e-5)
    assert outcome_advantages("w_reinforce", scores, ["q"] * 5) == pytest.approx([0.1, -1, -1, -1, -1])
    assert outcome_advantages("passk", scores, ["q"] * 5, 1)[0] == pytest.approx(2, abs=1e-4)
    assert outcome_advantages("w_reinforce", scores, ["q"] * 5, 1, 0.25)[0] == 0.25


def test_no_estimator_changes_the_scores():
    for name in ESTIMATORS:
        scores = np.array([1.0, 0.0, 0.0, 0.0])
        outcome_advantages(name, scores, ["q"] * 4)
        assert scores.tolist() == [1, 0, 0, 0], name


def test_pass_at_two_of_three_with_one_right_by_hand():
    # attempts: right-wrong, right-wrong, wrong-wrong: mean reward 2/3, deviation sqrt(2)/3
    # a right response is in two that pass: (1 - 2/3) / s; a wrong one in one that passes and one that fails
    deviation = 2**0.5 / 3
    found = passk(RIGHT_AND_WRONG, ["q"] * 3, 2)
    assert found == pytest.approx(np.array([1 / 3, 1 / 2 - 2 / 3, 1 / 2 - 2 / 3]) / deviation, rel=1e-5)


@pytest.mark.parametrize("size", range(1, 8))
def test_the_formula_is_the_mean_over_all_attempts(size):
    for k in range(1, size + 1):
        for right in range(size + 1):
            scores = np.array([1.0] * right + [0.0] * (size - right))
            attempts = list(combinations(range(size), k))
            rewards = np.array([scores[list(attempt)].max() for attempt in attempts])
            normalized = (rewards - rewards.mean()) / (rewards.std() + advantages.EPSILON)
            expected = [
                np.mean([value for attempt, value in zip(attempts, normalized, strict=True) if row in attempt])
                for row in range(size)
            ]
            assert passk(scores, ["q"] * size, k) == pytest.approx(expected, abs=1e-9), (size, k, right)


def test_one_attempt_of_one_response_is_grpo_with_the_deviation_of_all():
    scores = np.array([1.0, 0, 0, 0])
    assert passk(scores, ["q"] * 4, 1) == pytest.approx((scores - 0.25) / (scores.std() + advantages.EPSILON))


@given(st.lists(st.booleans(), min_size=4, max_size=16), st.integers(1, 4))
def test_attempts_teach_nothing_where_all_pass_or_all_fail_and_else_push_right_responses_up(right, k):
    scores, count = np.array(right, float), sum(right)
    found = passk(scores, ["q"] * len(right), k)
    if count == 0 or len(right) - count < k:
        assert found == pytest.approx(np.zeros(len(right)))
    else:
        assert found[scores == 1].min() > 0
        # the reward of a mean attempt is 0, and each response is in as many attempts
        assert found.mean() == pytest.approx(0, abs=1e-9)


def test_groups_are_apart_and_may_differ_in_size():
    scores, groups = np.array([1.0, 0, 0, 0, 1, 1, 0]), np.array(list("aabbabb"), object)
    found = passk(scores, groups, 2)
    for name in "ab":
        assert found[groups == name] == pytest.approx(passk(scores[groups == name], [name] * (groups == name).sum(), 2))


@pytest.mark.parametrize(("sizes", "k"), [([4, 3], 4), ([2], 3), ([2], 0)])
def test_a_group_smaller_than_an_attempt_is_refused(sizes, k):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    with pytest.raises(ValueError, match=rf"an attempt of {k} responses cannot be drawn from {min(sizes)}"):
        passk(np.zeros(len(groups)), groups, k)


def test_an_unknown_estimator_is_named():
    with pytest.raises(ValueError, match="'grpo' is not one of nsr, psr, w_reinforce, passk"):
        outcome_advantages("grpo", np.zeros(1), ["q"])


class TestEstimators:
    """In verl's registry, called as verl calls them."""

    @staticmethod
    def estimate(name, scores, groups, mask=None, **config):
        import torch
        from verl.trainer.ppo.core_algos import get_adv_estimator_fn

        import reward_memory.training.verl.advantages  # noqa: F401

        rewards = torch.zeros(len(scores), 3)
        mask = torch.tensor(mask or [[1, 1, 0]] * len(scores))
        for row, score in enumerate(scores):
            rewards[row, max(int(mask[row].sum()) - 1, 0)] = score
        return get_adv_estimator_fn(name)(
            token_level_rewards=rewards, response_mask=mask, config=config, index=np.array(groups, object)
        )

    @pytest.mark.parametrize(
        ("name", "expected"), [("nsr", [0, -1, -1.5]), ("psr", [1, 0, -0.5]), ("w_reinforce", [0.1, -1, -1.5])]
    )
    def test_every_token_of_a_response_has_its_advantage(self, name, expected):
        found, returns = self.estimate(name, [1, 0, -0.5], ["a", "a", "b"])
        assert found[:, 0].tolist() == found[:, 1].tolist() == pytest.approx(expected)
        assert (found[:, 2] == 0).all()
        assert (found == returns).all()

    def test_settings_are_those_of_the_section_algorithm(self):
        assert self.estimate("w_reinforce", [1], ["a"], positive_advantage_weight=0.3)[0][0, 0] == pytest.approx(0.3)
        scores = np.array([1.0, 0, 0, 0, 0])
        found = {k: self.estimate("passk", scores, ["a"] * 5, passk_k=k)[0][:, 0].numpy() for k in (2, 3)}
        for k, values in found.items():
            assert values == pytest.approx(passk(scores, ["a"] * 5, k), rel=1e-5)
        default = self.estimate("passk", scores, ["a"] * 5)[0][:, 0].numpy()
        assert default == pytest.approx(passk(scores, ["a"] * 5, 4), rel=1e-5)

    def test_verls_padding_is_no_group_of_its_own(self):
        scores, groups = [1, 0, 0, 0, 0], ["a"] * 4 + ["pad"]
        mask = [[1, 1, 1]] * 4 + [[0, 0, 0]]
        found, _ = self.estimate("passk", scores, groups, mask)
        assert found[:4, 0].tolist() == pytest.approx(passk(np.array(scores[:4]), ["a"] * 4, 4).tolist(), rel=1e-5)
        assert (found[4] == 0).all()
        assert (self.estimate("nsr", scores, groups, mask)[0][4] == 0).all()
