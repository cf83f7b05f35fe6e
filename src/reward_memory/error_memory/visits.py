"""Many prompts' clusters at once, in other processes where that is faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

from .clusters import ANSWERS, Visit, visit

#: Seconds of work, as `estimate` has it, from which other processes pay: to start one takes two, for the imports.
WORTH = 5.0


def visit_all(tasks: Sequence[tuple[np.ndarray, np.ndarray]], settings: Settings, workers: int = 1) -> list[Visit]:
    """`clusters.visit` of each (history, new vectors).

    workers  processes at most; the result does not depend on them. They are started when there is enough to do for
             the first time, and end after five idle minutes or with this process.
    """
    if workers == 1 or sum(estimate(len(history), settings.method) for history, _ in tasks) < WORTH:
        return [visit(history, vectors, settings) for history, vectors in tasks]
    from joblib import Parallel, delayed

    # loky starts fresh interpreters: a fork of a trainer with its threads and memory is neither safe nor cheap
    pool = Parallel(n_jobs=workers, backend="loky", max_nbytes=None)
    # the long ones first, so that no process is left alone with one at the end
    order = sorted(range(len(tasks)), key=lambda task: -len(tasks[task][0]))
    done = cast("list[Visit]", pool(delayed(visit)(*tasks[task], settings) for task in order))
    return [result for _, result in sorted(zip(order, done, strict=True), key=lambda pair: pair[0])]


def estimate(points: int, method: str) -> float:
    """Seconds that the visit of a history takes, roughly."""
    if method in ("single", ANSWERS):
        return 1e-4
    return 3e-4 + 3e-6 * points + 9e-9 * points**2
