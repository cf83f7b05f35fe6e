"""Rewards without labels: responses to one query vote on its answer (TTRL, EMPO)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

#: What `majority_rewards` does with answers that have equal numbers of votes.
TIES = ("first", "none", "all")


def majority_rewards(keys: Sequence[str], groups: Sequence[Hashable], ties: str = "first") -> np.ndarray:
    """1 for a response whose answer has the most votes in its group, else 0 (TTRL, arXiv 2504.16084).

    keys     (n,) `answer_key` of each response, "" for none; a response without an answer has no vote and gets 0
    groups   (n,) the query of each response; within a query, responses are in the order of their samples
    ties     first: of equally frequent answers the one given first wins; none: no answer wins; all: all win
    returns  (n,) float64

    ValueError for another value of `ties`.
    """
    if ties not in TIES:
        raise ValueError(f"{ties!r} is not one of {', '.join(TIES)}")
    rewards = np.zeros(len(keys))
    for rows in _rows(groups):
        votes = Counter(key for row in rows if (key := keys[row]))
        most = max(votes.values(), default=0)
        # a Counter keeps the order in which its keys came up
        winners = [key for key, count in votes.items() if count == most]
        if len(winners) > 1 and ties != "all":
            winners = winners[:1] if ties == "first" else []
        for row in rows:
            rewards[row] = keys[row] in winners
    return rewards


def agreement_rewards(keys: Sequence[str], groups: Sequence[Hashable]) -> np.ndarray:
    """Share of a response's group that gives the same answer (EMPO, arXiv 2504.05812).

    keys     (n,) `answer_key` of each response, "" for none
    groups   (n,) the query of each response
    returns  (n,) float64 in [0, 1]: 0 without an answer, and 0 for a group in which no two responses agree
    """
    shares = vote_shares(keys, groups)
    for rows in _rows(groups):
        given = [keys[row] for row in rows if keys[row]]
        if len(set(given)) == len(given):
            shares[rows] = 0
    return shares


def vote_shares(keys: Sequence[str], groups: Sequence[Hashable]) -> np.ndarray:
    """(n,) float64: share of all responses in the group with the same answer; 0 without an answer."""
    shares = np.zeros(len(keys))
    for rows in _rows(groups):
        votes = Counter(keys[row] for row in rows)
        for row in rows:
            shares[row] = votes[keys[row]] / len(rows) if keys[row] else 0
    return shares


def confidence(rewards: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(n,) probabilities that rank responses by their votes and are above one half exactly if the reward is 1.

    rewards  (n,) of `majority_rewards`
    shares   (n,) of `vote_shares`
    """
    # a response without the reward has at most half of the votes, so its mean is at most one quarter
    return (np.asarray(rewards, float) + shares) / 2


def _rows(groups: Sequence[Hashable]) -> Iterator[list[int]]:
    """The rows of each group, in their order."""
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    return iter(members.values())
