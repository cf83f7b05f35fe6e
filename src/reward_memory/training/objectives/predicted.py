"""From a predicted probability to a reward, and to whether the response counts as correct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reward_memory.settings import PredictedRewards, RewardModel


@dataclass(frozen=True, slots=True)
class Fitted:
    """Data and settings that a frozen reward model was fitted with.

    queries, responses, embeddings  files of `embed_rollouts`
    rewards   file of the rewards that the label ratio reveals, and no others
    settings  of the reward model
    """

    queries: Path
    responses: Path
    embeddings: Path
    rewards: Path
    settings: RewardModel

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Fitted:
        """Build from verl's configuration."""
        files = {name: Path(given[name]) for name in ("queries", "responses", "embeddings", "rewards")}
        return cls(**files, settings=RewardModel.model_validate(given["settings"]))


class FromPrediction(PredictedRewards):
    """How rewards are made from probabilities; verified rewards stay 0 or 1.

    A response counts as correct if its probability is strictly above the threshold. Its reward is then 1, else 0;
    a soft reward is the probability itself. Near the threshold the reward model may abstain.
    """

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> FromPrediction:
        """Build from a job's params or verl's configuration; the defaults if a method predicts no rewards."""
        return cls.model_validate(dict(settings or {}))

    @property
    def cut(self) -> float:
        """Threshold: a response counts as correct if its reward, predicted or verified, is strictly above this."""
        return self.threshold if self.reward == "soft" else 0.5

    def doubtful(self, probabilities: np.ndarray) -> np.ndarray:
        """(n,) bool: whether (n,) probabilities are closer to the threshold than `abstain`."""
        return np.abs(np.asarray(probabilities, np.float64) - self.threshold) < self.abstain

    def rewards(self, probabilities: np.ndarray, queries: Sequence[str]) -> np.ndarray:
        """(n,) float64 rewards from (n,) probabilities of responses to (n,) queries.

        An abstention gets the mean reward of the query's other responses, 0 if there are none: relative to its group
        (GRPO) the response is then neither good nor bad, and the group's mean does not change.
        """
        probabilities, doubtful = np.array(probabilities, np.float64), self.doubtful(probabilities)
        rewards = probabilities if self.reward == "soft" else (probabilities > self.threshold).astype(float)
        names, groups = np.unique(np.asarray(queries), return_inverse=True)
        for number in range(len(names)):
            group = np.flatnonzero(groups == number)
            abstained, kept = group[doubtful[group]], group[~doubtful[group]]
            rewards[abstained] = rewards[kept].mean() if len(kept) else 0.0
        return rewards

    def comparison_values(self, rewards: np.ndarray) -> np.ndarray:
        """(n,) values by which dynamic sampling compares the responses of a group.

        Soft rewards are almost never equal, so for them DAPO's rule uses correctness: a group is dropped if all its
        responses count as correct, or none does.
        """
        return (rewards > self.cut).astype(float) if self.reward == "soft" else rewards
