"""What can be set about the error memory, and the check of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from reward_memory.errors import InputError

from .penalties.registration import PENALTIES

METHODS = ("hdbscan", "kmeans", "single", "answers")
TARGETS = ("wrong", "right", "both", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """The section error_memory of one run; the paper's values, but for the last three.

    method              of clustering a prompt's failures: hdbscan | kmeans | single | answers, see clusters.label
    last_layers         layers that make the feature, counted from the last; or all
    differences         of neighboring layers, in place of the logits themselves
    num_neighbors       nearest remembered responses that vote for a new one's cluster
    alpha               weight of the penalty; 0.02 for the model of 8B parameters
    cap                 of the logarithm of a cluster's size, so the penalty is at most alpha * cap
    penalty             what a repeated failure costs, one of penalties.registration.PENALTIES
    target              responses that pay: wrong | right | both | none (remembered and counted all the same)
    noise_is_cluster    as in the authors' code, where noise counts as one cluster; not as in the paper
    max_points_per_key  remembered of a prompt, the latest; None for all, as published
    seed                of kmeans
    """

    method: str = "hdbscan"
    last_layers: int | str = 14
    differences: bool = False
    num_neighbors: int = 3
    alpha: float = 0.1
    cap: float = 2.0
    penalty: str = "logarithm"
    target: str = "wrong"
    noise_is_cluster: bool = False
    max_points_per_key: int | None = 1600
    seed: int = 0


DEFAULTS: dict[str, Any] = asdict(Settings())


def configure(overrides: dict[str, Any]) -> Settings:
    """Settings of what a configuration holds; InputError names an unknown key or an impossible value."""
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
    return Settings(**config)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
