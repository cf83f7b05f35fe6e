"""Reinforcement learning for language models with a memory: MemReward and MEDS, reproducible."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import Results

__version__ = "0.1.0"


def load(folder: str = "results") -> Results:
    """Open the results of a run in a notebook or script; see `api.Results`. Raise InputError if there are none."""
    from .api import Results

    return Results(folder)
