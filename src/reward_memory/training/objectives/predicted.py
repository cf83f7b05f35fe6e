"""What training makes of a predicted probability: a reward, and whether the response counts as correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reward_memory.settings import PredictedRewards


class FromPrediction(PredictedRewards):
    """How rewards are made from probabilities; verified rewards stay 0 or 1.

    A response counts as correct if its probability is strictly above the threshold. Its reward is then 1, else 0;
    a soft one is the probability itself.
    """

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> FromPrediction:
        """From a job's params or verl's configuration; the defaults where a method predicts no rewards."""
        return cls.model_validate(dict(settings or {}))

    @property
    def cut(self) -> float:
        """A response counts as correct if its reward, predicted or verified, is strictly above this."""
        return self.threshold if self.reward == "soft" else 0.5

    def rewards(self, probabilities: np.ndarray) -> np.ndarray:
        """(n,) float64 rewards of (n,) probabilities."""
        probabilities = np.asarray(probabilities, np.float64)
        return probabilities if self.reward == "soft" else (probabilities > self.threshold).astype(float)

    def compared(self, rewards: np.ndarray) -> np.ndarray:
        """(n,) what dynamic sampling compares the responses of a group by.

        Soft rewards almost never are equal, so DAPO's rule is about correctness there: a group is let go if all its
        responses count as correct, or none does.
        """
        return (rewards > self.cut).astype(float) if self.reward == "soft" else rewards
