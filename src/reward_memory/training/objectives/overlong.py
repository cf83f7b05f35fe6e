"""DAPO's penalty on long responses."""

import numpy as np


def overlong_penalty(tokens: np.ndarray, longest: int, buffer: int, factor: float = 1.0) -> np.ndarray:
    """DAPO's soft punishment of long responses (eq. 13), to be added to their rewards.

    tokens   (n,) response lengths
    longest  tokens at which the full penalty applies; the rollout's limit
    buffer   tokens before `longest` over which it grows linearly
    factor   the full penalty, >= 0
    returns  (n,) float64 in [-factor, 0] for lengths of at most `longest`: 0 up to longest - buffer

    ValueError if the buffer is empty or longer than the responses.
    """
    if not 0 < buffer <= longest:
        raise ValueError(f"a buffer of {buffer} tokens does not fit in responses of {longest}")
    return np.minimum((longest - buffer - np.asarray(tokens, float)) / buffer * factor, 0.0)
