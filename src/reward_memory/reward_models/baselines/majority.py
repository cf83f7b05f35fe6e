"""The majority of a query's answers; nothing is learned."""

from __future__ import annotations

import numpy as np

from ..base import Predictor, Tensors
from ..features.signals import NAMES
from ..folds import label_counts
from ..registration import register
from ..rollouts import Rollouts

SHARE, MAJORITY = NAMES.index("share"), NAMES.index("majority")


class Majority(Predictor):
    """An answer that no other outvotes is right (as in TTRL, Zuo et al. 2025); nothing is learned.

    The probability is the mean of that and of the share of the votes, so it also ranks.
    """

    def tensors(self) -> tuple[Tensors, Tensors]:
        return {}, {}

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> Majority:
        return cls(config, metrics)

    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        return (rollouts.signals[:, SHARE] + rollouts.signals[:, MAJORITY]) / 2


@register("majority", model=Majority, settings=(), labels=False)
def fit_majority(name: str, labeled: Rollouts, **_) -> Majority:
    """No label is read."""
    return Majority({"predictor": name, "encoder_dtype": labeled.dtype}, label_counts(labeled))
