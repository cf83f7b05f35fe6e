"""Rewards that responses give one another: TTRL's majority and EMPO's agreement."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.training.objectives.votes import (
    TIES,
    agreement_rewards,
    confidence,
    majority_rewards,
    vote_shares,
)

#: Answers of up to three queries, one in four of them empty.
VOTES = st.lists(st.tuples(st.sampled_from(["", "7", "8", "9"]), st.sampled_from("abc")), min_size=1, max_size=24)


def group(*keys: str) -> tuple[list[str], list[str]]:
    return list(keys), ["q"] * len(keys)


@pytest.mark.parametrize(
    ("keys", "ties", "rewards"),
    [
        (["7", "8", "7"], "first", [1, 0, 1]),
        (["8", "7", "7"], "first", [0, 1, 1]),
        # one answer each: the first sample wins
        (["8", "7"], "first", [1, 0]),
        (["8", "7", "7", "8"], "first", [1, 0, 0, 1]),
        (["8", "7", "7", "8"], "none", [0, 0, 0, 0]),
        (["8", "7", "7", "8", "9"], "all", [1, 1, 1, 1, 0]),
        # a clear winner is one whatever happens to ties
        (["8", "7", "7"], "none", [0, 1, 1]),
        (["8", "7", "7"], "all", [0, 1, 1]),
        # missing answers are no candidates, however many they are
        (["", "", "7"], "first", [0, 0, 1]),
        (["", "", "7", "8"], "none", [0, 0, 0, 0]),
        (["", ""], "first", [0, 0]),
        (["", ""], "all", [0, 0]),
        ([""], "none", [0]),
        (["7"], "none", [1]),
    ],
)
def test_the_most_frequent_answer_is_the_label(keys, ties, rewards):
    assert majority_rewards(*group(*keys), ties).tolist() == rewards


def test_queries_vote_apart():
    keys, groups = ["7", "8", "8", "7", "7", "8"], ["a", "b", "a", "b", "a", "b"]
    assert majority_rewards(keys, groups).tolist() == [1, 1, 0, 0, 1, 1]
    assert agreement_rewards(keys, groups) == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_another_rule_for_ties_is_refused():
    with pytest.raises(ValueError, match="'last' is not one of first, none, all"):
        majority_rewards(["7"], ["q"], "last")


@pytest.mark.parametrize(
    ("keys", "rewards"),
    [
        (["7", "7", "8", "7"], [3 / 4, 3 / 4, 1 / 4, 3 / 4]),
        (["7", "8", "9"], [0, 0, 0]),
        # responses without an answer count in the whole and get nothing
        (["7", "7", "", ""], [1 / 2, 1 / 2, 0, 0]),
        (["7", "", ""], [0, 0, 0]),
        (["", ""], [0, 0]),
        (["7"], [0]),
        (["7", "7"], [1, 1]),
    ],
)
def test_agreement_is_the_share_of_the_group(keys, rewards):
    assert agreement_rewards(*group(*keys)) == pytest.approx(rewards)


@given(VOTES, st.sampled_from(TIES))
def test_a_reward_by_majority_is_the_mark_of_a_most_frequent_answer(votes, ties):
    keys, groups = (list(part) for part in zip(*votes, strict=True))
    rewards = majority_rewards(keys, groups, ties)
    counts = Counter((query, key) for key, query in votes if key)
    for query in set(groups):
        rows = [row for row, own in enumerate(groups) if own == query]
        paid = {keys[row] for row in rows if rewards[row]}
        most = max((counts[query, keys[row]] for row in rows), default=0)
        best = {keys[row] for row in rows if keys[row] and counts[query, keys[row]] == most}
        assert paid <= best
        assert len(paid) == {"first": min(1, len(best)), "none": int(len(best) == 1), "all": len(best)}[ties]
        # all who give a paid answer are paid
        assert all(rewards[row] == (keys[row] in paid) for row in rows)


@given(VOTES, st.randoms())
def test_only_ties_depend_on_the_order_of_samples(votes, random):
    mixed = votes[:]
    random.shuffle(mixed)
    for score in (agreement_rewards, vote_shares, lambda *votes: majority_rewards(*votes, "all")):
        one, other = (
            dict(zip(rows, score(*(list(part) for part in zip(*rows, strict=True))), strict=True))
            for rows in (votes, mixed)
        )
        assert one == other


@given(VOTES, st.sampled_from(TIES))
def test_a_probability_above_one_half_is_a_reward_and_more_votes_rank_higher(votes, ties):
    keys, groups = (list(part) for part in zip(*votes, strict=True))
    rewards, shares = majority_rewards(keys, groups, ties), vote_shares(keys, groups)
    found = confidence(rewards, shares)
    assert ((found > 0.5) == (rewards == 1)).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found[np.lexsort([shares, rewards])]) >= 0).all()
