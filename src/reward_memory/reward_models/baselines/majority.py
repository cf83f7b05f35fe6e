"""Majority vote over a query's answers; nothing is learned."""

from __future__ import annotations

import numpy as np

from ..base import Predictor, Tensors
from ..features.signals import NAMES
from ..folds import label_counts
from ..registration import register
from ..rollouts import Rollouts

SHARE, MAJORITY = NAMES.index("share"), NAMES.index("majority")


class Majority(Predictor):
    """An answer is right if no other has more votes (as in TTRL, Zuo et al. 2025); nothing is learned.

    The probability is the mean of that (0 or 1) and the answer's share of the responses, so it also ranks.
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
    """Return the predictor; labels are not read."""
    return Majority({"predictor": name, "encoder_dtype": labeled.dtype}, label_counts(labeled))
