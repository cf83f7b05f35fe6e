"""Decorator that registers a penalty, of this package or of another one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reward_memory.errors import InputError
from reward_memory.settings.error_memory import PENALTIES

#: (sizes, alpha, cap) -> penalties, see `register`.
Penalty = Callable[[np.ndarray, float, float], np.ndarray]


def register(name: str) -> Callable[[Penalty], Penalty]:
    """Return a decorator for a penalty, a function `(sizes, alpha, cap) -> penalties`.

    sizes       (n,) remembered responses in each response's cluster before this step
    alpha, cap  of the section error_memory
    penalties   (n,) at least 0; a response of size 0 repeats nothing and should cost 0

    Planning reads the name from the file without importing it: write it as a string literal. ValueError if it is taken.
    """

    def decorator(penalty: Penalty) -> Penalty:
        PENALTIES.add(name, penalty)
        return penalty

    return decorator


def penalties(name: str, sizes: np.ndarray, alpha: float, cap: float) -> np.ndarray:
    """(n,) float64: apply the penalty of that name to `sizes`.

    InputError if there is no such penalty, or if it returns anything but one finite number of at least 0 per response.
    """
    sizes = np.asarray(sizes)
    result = np.asarray(PENALTIES.find(name)(sizes, alpha, cap), np.float64)
    if result.shape != sizes.shape or not np.isfinite(result).all() or (result < 0).any():
        raise InputError(f"error_memory: penalty: {name} must give one finite number of at least 0 for each response.")
    return result
