"""MEDS in a training run: which responses repeat a failure, and their penalized scores."""

from pathlib import Path
from typing import Any

import numpy as np

from reward_memory.error_memory.clusters import ANSWERS
from reward_memory.error_memory.features import answer_position, answer_vectors, pieces, select
from reward_memory.error_memory.memory import ErrorMemory
from reward_memory.error_memory.penalty import penalize
from reward_memory.reward_models.features.signals import answer_key
from reward_memory.settings import ErrorMemory as Settings

from ..responses import Response

#: Forms of a final answer; if a response has both, the last one counts.
FORMS = ("boxed", "hash")


class RepeatedErrors:
    """The error memory of one run, opened at its first use in its state before that step.

    folder     of the memory
    settings   of the run
    tokenizer  the policy's
    every      steps between two checkpoints
    cut        a response is a failure unless its reward is above this
    """

    def __init__(
        self,
        folder: str | Path,
        settings: Settings,
        tokenizer: Any,
        every: int,
        workers: int = 1,
        cut: float = 0.5,
    ):
        self.folder, self.every, self.workers, self.cut = Path(folder), every, workers, cut
        self.settings = settings
        self._piece = pieces(tokenizer)
        self._memory: ErrorMemory | None = None

    @property
    def reads_layers(self) -> bool:
        """Whether failures are distinguished by the layers' logits, not by their answers."""
        return self.settings.method != ANSWERS

    def positions(self, responses: list[Response | None]) -> np.ndarray:
        """(n,) index of the token before the final answer in each response, -1 for none; None is a padding row."""
        indices = []
        for response in responses:
            places = [answer_position(response.ids, self._piece, form) for form in FORMS] if response else []
            indices.append(max((place for place in places if place is not None), default=-1))
        return np.array(indices, np.int64)

    def penalize(self, step: int, responses: list[Response | None], logits: np.ndarray | None) -> dict[str, float]:
        """Assign the responses of a step to clusters of their queries' failures, and lower their scores.

        responses  of the batch, None for padding; their `cluster_size` and `score` are set
        logits     (n, L) of each layer, NaN if a response has no answer; None if no layers are read

        Returns metrics for verl's log.
        """
        if self._memory is None:
            self._memory = ErrorMemory(self.folder, self.settings, step - 1, self.workers)
        rows = [row for row, response in enumerate(responses) if response is not None]
        real = [responses[row] for row in rows]
        if logits is None:
            vectors = answer_vectors([answer_key(response.text, response.domain) for response in real])
        else:
            vectors = select(logits[rows], self.settings.last_layers, self.settings.differences)
        right = np.array([response.reward > self.cut for response in real])
        seen = self._memory.observe(
            step,
            [response.query for response in real],
            right,
            np.array([response.sample for response in real]),
            vectors,
        )
        before = np.array([response.score for response in real])
        scores = penalize(before, seen.sizes, right, self.settings)
        for response, size, score in zip(real, seen.sizes, scores, strict=True):
            response.cluster_size, response.score = int(size), float(score)
        # keep points for the last two checkpoints: checkpoints.newest_intact skips an older one that lacks points
        self._memory.release(step - step % self.every - self.every)
        numbers = {name: value for name, value in seen.statistics.items() if value is not None}
        numbers |= uneven_groups([response.query for response in real], right, before - scores)
        return {f"memory/{name}": float(value) for name, value in numbers.items()} | {
            "memory/penalty": float(np.mean(before - scores))
        }


def uneven_groups(queries: list[str], right: np.ndarray, penalties: np.ndarray) -> dict[str, float]:
    """How many groups the penalty affects: GRPO's normalization cancels a penalty that all failures of a group share.

    queries, right, penalties  (n,) of each response

    Returns `failed_groups`, groups with two or more wrong responses; and of these `uneven_groups`, the share whose
    wrong responses have different penalties, and `penalty_spread`, the mean of highest minus lowest penalty. The last
    two are omitted if there is no such group.
    """
    paid: dict[str, list[float]] = {}
    for query, correct, penalty in zip(queries, right, penalties, strict=True):
        if not correct:
            paid.setdefault(query, []).append(float(penalty))
    spreads = np.array([max(values) - min(values) for values in paid.values() if len(values) > 1])
    if not len(spreads):
        return {"failed_groups": 0}
    uneven = spreads > 1e-9  # scores are sums of floats
    return {"failed_groups": len(spreads), "uneven_groups": uneven.mean(), "penalty_spread": spreads.mean()}
