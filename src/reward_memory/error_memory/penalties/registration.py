"""How a file of this package, or of another one, says that it is a penalty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reward_memory.errors import InputError
from reward_memory.settings.error_memory import PENALTIES

#: (sizes, alpha, cap) -> penalties, see `register`.
Penalty = Callable[[np.ndarray, float, float], np.ndarray]


def register(name: str) -> Callable[[Penalty], Penalty]:
    """Decorator of a function `(sizes, alpha, cap) -> penalties`.

    sizes       (n,) remembered responses in each response's cluster before this step
    alpha, cap  of the section error_memory
    penalties   (n,) of at least 0; what has size 0 repeats nothing and should cost 0

    Planning reads the name from the file without importing it: write it as a plain text. ValueError if it is taken.
    """

    def decorator(penalty: Penalty) -> Penalty:
        PENALTIES.add(name, penalty)
        return penalty

    return decorator


def penalties(name: str, sizes: np.ndarray, alpha: float, cap: float) -> np.ndarray:
    """(n,) float64, what the penalty of that name makes of `sizes`.

    InputError if there is no such penalty, or if it gives anything but finite numbers of at least 0, one a response.
    """
    sizes = np.asarray(sizes)
    found = np.asarray(PENALTIES.find(name)(sizes, alpha, cap), np.float64)
    if found.shape != sizes.shape or not np.isfinite(found).all() or (found < 0).any():
        raise InputError(f"error_memory: penalty: {name} must give one finite number of at least 0 for each response.")
    return found
