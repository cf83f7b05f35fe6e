"""Seeds that depend only on what is drawn, not on the order or the batch in which it is drawn."""

import hashlib

import numpy as np


def derive(*parts: int | str) -> int:
    """Derive a seed in [0, 2**31) from the names of what is drawn, such as (seed, step, query id, sample).

    31 bits, because vLLM's sampler and numpy's legacy generators accept no more.
    """
    text = "\0".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % 2**31


def uniforms(seed: int, count: int) -> np.ndarray:
    """Return (count,) float64 in [0, 1): the draws of one response, one per token position."""
    return np.random.Generator(np.random.Philox(key=seed)).random(count)


def generator(*parts: int | str) -> np.random.Generator:
    """Return a numpy generator that is seeded by the names of what is drawn."""
    return np.random.Generator(np.random.Philox(key=derive(*parts)))
