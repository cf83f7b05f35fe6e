"""Advantages without group normalization: one number per response (NSR, PSR, weighted REINFORCE, pass@k).

A score is the reward minus penalties. A response is right if its score is above one half.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import comb, sqrt

import numpy as np

#: Names that `algorithm.adv_estimator` accepts in addition to verl's.
ESTIMATORS = ("nsr", "psr", "w_reinforce", "passk")
#: Added to a standard deviation before dividing by it.
EPSILON = 1e-6
#: Responses that one attempt of `passk` draws from a group.
ATTEMPTS = 4
#: Weight of right responses in `w_reinforce`.
WEIGHT = 0.1


def nsr(scores: np.ndarray) -> np.ndarray:
    """(n,) score - 1: 0 for a right response, -1 or less for a wrong one (negative sample reinforcement)."""
    return np.asarray(scores, float) - 1


def psr(scores: np.ndarray) -> np.ndarray:
    """(n,) the score: 1 for a right response, 0 for a wrong one (positive sample reinforcement)."""
    return np.asarray(scores, float).copy()


def w_reinforce(scores: np.ndarray, weight: float = WEIGHT) -> np.ndarray:
    """(n,) weight * score of a right response, score - 1 of a wrong one (weighted REINFORCE).

    weight  in [0, 1]; 0 equals `nsr` for rewards without penalties
    """
    scores = np.asarray(scores, float)
    return np.where(scores > 0.5, weight * scores, scores - 1)


def passk(scores: np.ndarray, groups: Sequence[Hashable], k: int = ATTEMPTS) -> np.ndarray:
    """Advantages for the reward "one of k responses is right", averaged over all draws of k from a group.

    scores   (n,)
    groups   (n,) the query of each response
    k        responses of an attempt, at most those of the smallest group
    returns  (n,) float64: the same for all right and for all wrong responses of a group, 0 if either kind is missing

    With c of a group's m responses right, rho = 1 - C(m - c, k) / C(m, k) is the mean reward of an attempt and
    s = sqrt(rho (1 - rho)) its deviation. A response's advantage is the mean of (reward - rho) / (s + EPSILON) over
    the attempts that contain it (arXiv 2508.10751, analytical derivation).

    ValueError if a group is smaller than k, or k is below 1.
    """
    right = np.asarray(scores, float) > 0.5
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    sizes, counts = np.bincount(member), np.bincount(member, right).astype(int)
    smallest = int(sizes.min()) if len(sizes) else k
    if not 1 <= k <= smallest:
        raise ValueError(f"an attempt of {k} responses cannot be drawn from {smallest}")
    pairs = np.array([_passk(int(size), int(count), k) for size, count in zip(sizes, counts, strict=True)])
    return pairs.reshape(len(sizes), 2)[member, right.astype(int)]


def _passk(size: int, right: int, k: int) -> tuple[float, float]:
    """(advantage of a wrong response, of a right one) in a group of `size`."""
    wrong = size - right
    failure = comb(wrong, k) / comb(size, k)  # 1 - rho
    deviation = sqrt(failure * (1 - failure)) + EPSILON
    others_fail = comb(wrong - 1, k - 1) / comb(size - 1, k - 1) if wrong else 0.0
    return (failure - others_fail) / deviation, failure / deviation


def outcome_advantages(
    estimator: str, scores: np.ndarray, groups: Sequence[Hashable], k: int = ATTEMPTS, weight: float = WEIGHT
) -> np.ndarray:
    """(n,) advantages of one of ESTIMATORS; only passk reads `k`, only w_reinforce reads `weight`."""
    match estimator:
        case "nsr":
            return nsr(scores)
        case "psr":
            return psr(scores)
        case "w_reinforce":
            return w_reinforce(scores, weight)
        case "passk":
            return passk(scores, groups, k)
    raise ValueError(f"{estimator!r} is not one of {', '.join(ESTIMATORS)}")
