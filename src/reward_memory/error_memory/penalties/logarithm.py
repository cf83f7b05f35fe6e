"""The paper's penalty: it grows with the logarithm of how often a failure was repeated, up to a cap."""

from __future__ import annotations

import numpy as np

from .registration import register


@register("logarithm")
def cluster_penalty(sizes: np.ndarray, alpha: float, cap: float) -> np.ndarray:
    """alpha * min(ln(size + 1), cap).

    sizes    (n,) remembered responses in each response's cluster before this step
    returns  (n,) float64, 0 where the size is 0

    ValueError if a size is negative.
    """
    sizes = np.asarray(sizes)
    if (sizes < 0).any():
        raise ValueError(f"cluster sizes must not be negative, got {sizes.min()}")
    return alpha * np.minimum(np.log1p(sizes), cap)
