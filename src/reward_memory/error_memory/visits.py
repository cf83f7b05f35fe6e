"""Cluster many prompts at once, in worker processes if that is faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

from .clusters import ANSWERS, Visit, visit

#: Seconds of work, by `estimate`, from which worker processes pay off: starting one takes two, for the imports.
PARALLEL_SECONDS = 5.0


def visit_all(tasks: Sequence[tuple[np.ndarray, np.ndarray]], settings: Settings, workers: int = 1) -> list[Visit]:
    """Call `clusters.visit` for each (history, new vectors).

    workers  maximum number of processes; results do not depend on it. They start when there is enough work for the
             first time, and end after five idle minutes or with this process.
    """
    if workers == 1 or sum(estimate(len(history), settings.method) for history, _ in tasks) < PARALLEL_SECONDS:
        return [visit(history, vectors, settings) for history, vectors in tasks]
    from joblib import Parallel, delayed

    # loky starts fresh interpreters: forking a trainer with its threads and memory is neither safe nor cheap
    pool = Parallel(n_jobs=workers, backend="loky", max_nbytes=None)
    # longest first, so that no process is left alone with a long one at the end
    order = sorted(range(len(tasks)), key=lambda task: -len(tasks[task][0]))
    done = cast("list[Visit]", pool(delayed(visit)(*tasks[task], settings) for task in order))
    return [result for _, result in sorted(zip(order, done, strict=True), key=lambda pair: pair[0])]


def estimate(points: int, method: str) -> float:
    """Approximate seconds that visiting a history takes."""
    if method in ("single", ANSWERS):
        return 1e-4
    return 3e-4 + 3e-6 * points + 9e-9 * points**2
