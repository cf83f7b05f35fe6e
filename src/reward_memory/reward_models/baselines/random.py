"""Random rewards: the baseline that a reward model must beat, and an uninformative control (arXiv 2506.10947)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reward_memory.seeds import derive

from ..base import Predictor, Tensors
from ..folds import label_counts
from ..registration import register
from ..rollouts import Rollouts


class Random(Predictor):
    """The probability is a hash of the seed, the query's text and the sample's number; nothing is learned.

    A response's text does not matter, so a query's first sample gets the same probability at every visit.
    """

    reads_signals = False

    def tensors(self) -> tuple[Tensors, Tensors]:
        return {}, {}

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> Random:
        return cls(config, metrics)

    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        pairs = zip(rollouts.texts[rollouts.group].tolist(), rollouts.samples.tolist(), strict=True)
        draws = [derive(self.config["seed"], text, sample) for text, sample in pairs]
        # 24 bits give a float32 below 1; all 31 would sometimes be rounded up to 1
        return (np.array(draws, np.int64) >> 7).astype(np.float32) / np.float32(2**24)


@register("random", model=Random, settings=(), labels=False)
def fit_random(name: str, labeled: Rollouts, *, seeds: Sequence[int], **_) -> Random:
    """Return the predictor; labels are not read."""
    config = {"predictor": name, "seed": int(seeds[0]), "encoder_dtype": labeled.dtype}
    return Random(config, label_counts(labeled))
