"""What a repeated failure costs, and GRPO's advantages from what is left (MEDS)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

from .penalties.registration import penalties

EPSILON = 1e-6  # as in verl's GRPO


def penalize(scores: np.ndarray, sizes: np.ndarray, right: np.ndarray, settings: Settings) -> np.ndarray:
    """Scores less the penalty p of the settings: a wrong response gets score - p, a right one score / (1 + p).

    scores, sizes, right  (n,)
    returns               (n,) float64; only the target pays
    """
    scores, right = np.asarray(scores, np.float64), np.asarray(right, bool)
    price = penalties(settings.penalty_name, sizes, settings.alpha, settings.cap)
    everyone, nobody = np.ones_like(right), np.zeros_like(right)
    pays = {"wrong": ~right, "right": right, "both": everyone, "none": nobody}[settings.target]
    return np.where(pays, np.where(right, scores / (1 + price), scores - price), scores)


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
