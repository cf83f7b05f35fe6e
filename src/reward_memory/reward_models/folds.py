"""Split labeled queries for selection. The split depends only on their ids and a seed, not on their order."""

from __future__ import annotations

import numpy as np

from reward_memory.errors import InputError
from reward_memory.seeds import derive, generator

from .rollouts import Rollouts


def labeled_only(rollouts: Rollouts) -> Rollouts:
    """Return only the labeled queries. InputError if there are fewer than two."""
    labeled = rollouts.take(rollouts.labeled)
    if len(labeled.query_ids) < 2:
        raise InputError(
            f"reward_model: {len(labeled.query_ids)} labeled queries with responses are too few to train and select "
            "on; raise label_ratios or the benchmarks' train sizes."
        )
    return labeled


def label_counts(labeled: Rollouts) -> dict[str, int]:
    """Numbers of queries and responses that a predictor was fitted on, for its metrics."""
    return {"labeled_queries": len(labeled.query_ids), "labeled_responses": len(labeled.rewards)}


def hold_out(rollouts: Rollouts, share: float, seed: int) -> np.ndarray:
    """(q,) bool: the labeled queries held out for selection, at least one but not all, spread evenly over benchmarks.

    Systematic sampling of the queries in (benchmark, random) order. Depends only on ids and the seed.
    """
    order = _shuffled(rollouts, "holdout", seed)
    count = min(max(1, round(share * len(order))), len(order) - 1)
    first = generator("holdout", int(seed), "start").random()
    held = np.zeros(len(order), bool)
    held[[order[int((first + step) * len(order) / count)] for step in range(count)]] = True
    return held


def folds(rollouts: Rollouts, count: int, seed: int) -> np.ndarray:
    """(q,) int64 in [0, count): the fold of each query, benchmarks spread evenly over the folds."""
    fold = np.empty(len(rollouts.query_ids), np.int64)
    fold[_shuffled(rollouts, "folds", seed)] = np.arange(len(fold)) % count
    return fold


def _shuffled(rollouts: Rollouts, purpose: str, seed: int) -> list[int]:
    draws = [derive(purpose, int(seed), str(name)) for name in rollouts.query_ids]
    return sorted(range(len(draws)), key=lambda row: (rollouts.benchmarks[row], draws[row], rollouts.query_ids[row]))
