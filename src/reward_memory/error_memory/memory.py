"""The error memory of a training run: looks up the cluster size of each response, then stores the responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

from .store import Store
from .visits import visit_all


@dataclass(frozen=True, slots=True)
class Observation:
    """Result of `ErrorMemory.observe` for a step's responses.

    sizes       (n,) remembered responses in each one's cluster before this step; 0 for a response without a vector and
                for a kind that is not remembered
    statistics  numbers about the step, see `ErrorMemory.observe`
    """

    sizes: np.ndarray
    statistics: dict[str, float | None]


class ErrorMemory:
    """The memory as it was after a step; a run that resumes there sees the same as an uninterrupted one.

    Wrong responses are always remembered, right ones only if the penalty applies to them. Cluster labels are not
    stored but recomputed from a key's points when the key comes up again. This costs the same as after its last visit,
    and nothing for keys that never return.
    """

    def __init__(self, folder: str | Path, settings: Settings, step: int = 0, workers: int = 1):
        """Open the memory in `folder` as it was after `step` steps; the data of later steps is deleted.

        workers  maximum number of clustering processes; results do not depend on it

        InputError if the folder does not hold the memory after that step.
        """
        self.settings, self.workers = settings, workers
        self._store = Store(folder, step, settings.max_points_per_key)
        self._oldest = 0

    @property
    def step(self) -> int:
        """The last step observed."""
        return self._store.step

    def release(self, oldest: int) -> None:
        """Declare that no run will resume before step `oldest`; points that only such runs see may be dropped."""
        self._oldest = max(self._oldest, oldest)

    def observe(
        self, step: int, keys: Sequence[str] | np.ndarray, right: np.ndarray, samples: np.ndarray, vectors: np.ndarray
    ) -> Observation:
        """Place a step's responses in the clusters of their prompts, then remember them.

        step     the one after the last observed; every step must be observed, even without responses
        keys     (n,) hash of each response's prompt
        right    (n,) bool
        samples  (n,) int, the response's number among those to its prompt
        vectors  (n, d) see `features.select`; a row that is not all finite (no answer, or padding) gets size 0 and
                 is not remembered

        The order of the rows does not matter. Statistics: `wrong` responses, those of them `placed` (they have a
        vector) and `repeated` (size at least 1), and `repeated_share` of the placed, None without any; `noise_share` of
        the points that their keys had before the step, None without any; `points`, `keys`, `files` and `bytes` of the
        memory after the step; `bytes_written` by the step.

        ValueError if `step` is not the next one, or the lengths or widths do not agree.
        """
        keys, right, samples = np.asarray(keys, str), np.asarray(right, bool), np.asarray(samples)
        vectors = np.asarray(vectors, np.float32)
        if step != self.step + 1:
            raise ValueError(f"step {step} does not follow step {self.step}, the last one in the error memory")
        if not len(keys) == len(right) == len(samples) == len(vectors):
            raise ValueError(
                f"{len(keys)} keys, {len(right)} verdicts, {len(samples)} samples and {len(vectors)} vectors"
            )
        rows = self._remembered(keys, right, samples, vectors)
        groups = list(_runs(keys[rows], right[rows], rows))
        owners = [(str(keys[group[0]]), bool(right[group[0]])) for group in groups]
        histories = [self._store.history(*owner) for owner in owners]
        tasks = [(history, vectors[group]) for history, group in zip(histories, groups, strict=True)]
        visits = visit_all(tasks, self.settings, self.workers)
        sizes = np.zeros(len(keys), np.int64)
        for group, visit in zip(groups, visits, strict=True):
            sizes[group] = visit.sizes
        written = self._store.append(keys[rows], right[rows], samples[rows], vectors[rows])
        written += self._store.tidy(self._oldest)
        failed = [place for place, owner in enumerate(owners) if not owner[1]]
        noise = sum(visits[place].noise for place in failed)
        past = sum(len(histories[place]) for place in failed)
        placed = sizes[rows[~right[rows]]]
        return Observation(
            sizes,
            {
                "wrong": int((~right).sum()),
                "placed": len(placed),
                "repeated": int((placed > 0).sum()),
                "repeated_share": float((placed > 0).mean()) if len(placed) else None,
                "noise_share": noise / past if past else None,
                "points": self._store.points,
                "keys": self._store.keys,
                "files": self._store.files,
                "bytes": self._store.bytes,
                "bytes_written": written,
            },
        )

    def _remembered(self, keys, right, samples, vectors) -> np.ndarray:
        """Rows to store, in storage order, which does not depend on the order given."""
        enter = np.isfinite(vectors).all(axis=1)
        if self.settings.target not in ("right", "both"):
            enter &= ~right
        # the vectors only break ties between otherwise equal rows, as when a prompt is in a batch twice
        order = np.lexsort([*vectors.T[::-1], samples, right, keys])
        return order[enter[order]]


def _runs(keys: np.ndarray, right: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of each key, from rows sorted by key."""
    new = (keys[1:] != keys[:-1]) | (right[1:] != right[:-1])
    return iter(np.split(rows, np.flatnonzero(new) + 1)) if len(rows) else iter(())
