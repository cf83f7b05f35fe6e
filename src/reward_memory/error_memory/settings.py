"""What can be set about the error memory, and the check of it."""

from __future__ import annotations

import math
from typing import Any

from reward_memory.errors import InputError

from .penalties.registration import PENALTIES

METHODS = ("hdbscan", "kmeans", "single", "answers")
TARGETS = ("wrong", "right", "both", "none")

#: The paper's values, but for the last three.
DEFAULTS: dict[str, Any] = {
    "method": "hdbscan",  # of a prompt's failures: hdbscan | kmeans | single | answers, see clusters.label
    "last_layers": 14,  # layers that make the feature, counted from the last; or all
    "differences": False,  # of neighboring layers, in place of the logits themselves
    "num_neighbors": 3,  # nearest remembered responses that vote for a new one's cluster
    "alpha": 0.1,  # weight of the penalty; 0.02 for the model of 8B parameters
    "cap": 2.0,  # of the logarithm of a cluster's size, so the penalty is at most alpha * cap
    "penalty": "logarithm",  # what a repeated failure costs, one of penalties.registration.PENALTIES
    "target": "wrong",  # responses that pay: wrong | right | both | none (remembered and counted all the same)
    "noise_is_cluster": False,  # as in the paper; true as in the authors' code, where noise counts as one cluster
    "max_points_per_key": 1600,  # remembered of a prompt, the latest; null for all, as published
    "seed": 0,  # of kmeans
}


def configure(overrides: dict[str, Any]) -> dict[str, Any]:
    """DEFAULTS with `overrides`; InputError names an unknown key or an impossible value."""
    unknown = sorted(set(overrides) - set(DEFAULTS))
    if unknown:
        raise InputError(f"error_memory: {unknown[0]}: no such key; there are {', '.join(DEFAULTS)}.")
    config = DEFAULTS | overrides
    for key, allowed in (("method", METHODS), ("target", TARGETS), ("penalty", PENALTIES.names)):
        if config[key] not in allowed:
            raise InputError(f"error_memory: {key}: {config[key]} is not one of {', '.join(allowed)}.")
    for key, least, other in (
        ("last_layers", 1, "all"),
        ("num_neighbors", 1, ...),
        ("max_points_per_key", 1, None),
        ("seed", 0, ...),
    ):
        if config[key] != other and not _whole(config[key], least):
            also = {"all": " or all", None: " or null"}.get(other, "")
            raise InputError(f"error_memory: {key}: {config[key]} is not a whole number of at least {least}{also}.")
    for key in ("alpha", "cap"):
        if not _number(config[key]) or config[key] < 0:
            raise InputError(f"error_memory: {key}: {config[key]} is not a number of at least 0.")
    for key in ("differences", "noise_is_cluster"):
        if not isinstance(config[key], bool):
            raise InputError(f"error_memory: {key}: {config[key]} is neither true nor false.")
    return config


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
