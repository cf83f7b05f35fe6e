"""What training makes of a predicted probability: a reward, and whether the response counts as correct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reward_memory.settings import PredictedRewards, RewardModel


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a frozen reward model was fitted on, and with.

    queries, responses, embeddings  files of `embed_rollouts`
    rewards   file of the rewards that the label ratio reveals, and of no others
    settings  of the reward model
    """

    queries: Path
    responses: Path
    embeddings: Path
    rewards: Path
    settings: RewardModel

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Fitted:
        """From verl's configuration."""
        files = {name: Path(given[name]) for name in ("queries", "responses", "embeddings", "rewards")}
        return cls(**files, settings=RewardModel.model_validate(given["settings"]))


class FromPrediction(PredictedRewards):
    """How rewards are made from probabilities; verified rewards stay 0 or 1.

    A response counts as correct if its probability is strictly above the threshold. Its reward is then 1, else 0;
    a soft one is the probability itself. Near the threshold the reward model may abstain.
    """

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> FromPrediction:
        """From a job's params or verl's configuration; the defaults where a method predicts no rewards."""
        return cls.model_validate(dict(settings or {}))

    @property
    def cut(self) -> float:
        """A response counts as correct if its reward, predicted or verified, is strictly above this."""
        return self.threshold if self.reward == "soft" else 0.5

    def doubtful(self, probabilities: np.ndarray) -> np.ndarray:
        """(n,) bool: whether (n,) probabilities are nearer to the threshold than `abstain`."""
        return np.abs(np.asarray(probabilities, np.float64) - self.threshold) < self.abstain

    def rewards(self, probabilities: np.ndarray, queries: Sequence[str]) -> np.ndarray:
        """(n,) float64 rewards of (n,) probabilities of responses to (n,) queries.

        Abstention is the mean reward of the query's other responses, 0 where there is none: relative to its group
        (GRPO) the response is then neither good nor bad, and the group's mean stays what it is.
        """
        probabilities, doubtful = np.array(probabilities, np.float64), self.doubtful(probabilities)
        rewards = probabilities if self.reward == "soft" else (probabilities > self.threshold).astype(float)
        names, groups = np.unique(np.asarray(queries), return_inverse=True)
        for number in range(len(names)):
            group = np.flatnonzero(groups == number)
            left, kept = group[doubtful[group]], group[~doubtful[group]]
            rewards[left] = rewards[kept].mean() if len(kept) else 0.0
        return rewards

    def compared(self, rewards: np.ndarray) -> np.ndarray:
        """(n,) what dynamic sampling compares the responses of a group by.

        Soft rewards almost never are equal, so DAPO's rule is about correctness there: a group is let go if all its
        responses count as correct, or none does.
        """
        return (rewards > self.cut).astype(float) if self.reward == "soft" else rewards
