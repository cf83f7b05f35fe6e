"""Penalty for repeated failures (MEDS)."""

from __future__ import annotations

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

from .penalties.registration import penalties


def penalize(scores: np.ndarray, sizes: np.ndarray, right: np.ndarray, settings: Settings) -> np.ndarray:
    """Apply the penalty p of the settings: a wrong response gets score - p, a right one score / (1 + p).

    scores, sizes, right  (n,)
    returns               (n,) float64; only responses of the target kind pay
    """
    scores, right = np.asarray(scores, np.float64), np.asarray(right, bool)
    price = penalties(settings.penalty_name, sizes, settings.alpha, settings.cap)
    everyone, nobody = np.ones_like(right), np.zeros_like(right)
    pays = {"wrong": ~right, "right": right, "both": everyone, "none": nobody}[settings.target]
    return np.where(pays, np.where(right, scores / (1 + price), scores - price), scores)
