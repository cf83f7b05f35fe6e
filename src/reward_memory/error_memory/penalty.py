"""What a repeated failure costs, and GRPO's advantages from what is left (MEDS)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

EPSILON = 1e-6  # as in verl's GRPO


def cluster_penalty(sizes: np.ndarray, alpha: float, cap: float = 2.0) -> np.ndarray:
    """alpha * min(ln(size + 1), cap).

    sizes    (n,) remembered responses in each response's cluster before this step
    returns  (n,) float64, 0 where the size is 0

    ValueError if a size is negative.
    """
    sizes = np.asarray(sizes)
    if (sizes < 0).any():
        raise ValueError(f"cluster sizes must not be negative, got {sizes.min()}")
    return alpha * np.minimum(np.log1p(sizes), cap)


def penalize(
    scores: np.ndarray,
    sizes: np.ndarray,
    right: np.ndarray,
    *,
    alpha: float,
    cap: float = 2.0,
    target: str = "wrong",
) -> np.ndarray:
    """Scores less the penalty p: a wrong response gets score - p, a right one score / (1 + p).

    scores, sizes, right  (n,)
    target                wrong | right | both | none: the responses that pay
    returns               (n,) float64
    """
    scores, right = np.asarray(scores, np.float64), np.asarray(right, bool)
    penalty = cluster_penalty(sizes, alpha, cap)
    pays = {"wrong": ~right, "right": right, "both": np.ones_like(right), "none": np.zeros_like(right)}[target]
    return np.where(pays, np.where(right, scores / (1 + penalty), scores - penalty), scores)


def group_normalize(scores: np.ndarray, groups: Sequence[Hashable]) -> np.ndarray:
    """(score - mean) / (std + 1e-6) within each group, as verl's GRPO: std is unbiased, a group of one keeps its score.

    scores   (n,)
    groups   (n,) the group of each, usually the prompt
    returns  (n,) float64
    """
    scores = np.asarray(scores, np.float64)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    count = np.bincount(member)
    alone = count == 1
    mean = np.where(alone, 0.0, np.bincount(member, scores) / count)
    squares = np.bincount(member, (scores - mean[member]) ** 2)
    deviation = np.where(alone, 1.0, np.sqrt(squares / np.maximum(count - 1, 1)))
    return (scores - mean[member]) / (deviation[member] + EPSILON)
