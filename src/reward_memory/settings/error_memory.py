"""MEDS' memory of failures: the section `error_memory`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from reward_memory.plugins import Parts

from .base import GIVEN, WHOLE, Layers, Neighbors, Section, Seed, Switch, Text, Weight, expected, mistaken, optional

#: Penalties by name, read without importing any; the modules in error_memory/penalties register them.
PENALTIES: Parts[Callable[..., Any]] = Parts(
    "error_memory: penalty",
    "reward_memory.penalties",
    Path(__file__).parents[1] / "error_memory/penalties",
    "reward_memory.error_memory.penalties",
)
Points = Annotated[int, Strict(), Field(ge=1, le=10_000_000), expected("at least 1 point, or null for all"), WHOLE]


def _registered(name: str) -> str:
    if name not in PENALTIES.names:
        raise mistaken(f"one of {', '.join(PENALTIES.names)}")
    return name


PenaltyName = Annotated[Text, expected("the name of a penalty"), AfterValidator(_registered)]


class ErrorMemory(Section, json_schema_extra={"expected": "settings such as {alpha: 0.1}"}):
    """How failures are remembered and what repeating one costs."""

    method: Annotated[
        Literal["hdbscan", "kmeans", "single", "answers"], expected("hdbscan, kmeans, single or answers")
    ] = Field(
        default="hdbscan",
        description="How a query's failures are clustered; single puts all of them into one, answers puts equal "
        "answers into one and reads no layers.",
    )
    last_layers: Annotated[Layers | Literal["all"], expected("a whole number of at least 1, or all")] = Field(
        default=14,
        description="Layers whose logits are the feature of a response, counted from the last.",
    )
    differences: Switch = Field(
        default=False, description="Differences between neighboring layers instead of the logits themselves."
    )
    num_neighbors: Neighbors = Field(
        default=3, description="Nearest remembered responses that vote for the cluster of a new one."
    )
    penalty: Annotated[PenaltyName | None, GIVEN] = optional(
        "Registered name of the function that computes the penalty of a repeated failure. The default is "
        "logarithm, the paper's: alpha * ln(cluster size + 1), at most alpha * cap.",
        "the name of a penalty",
    )
    alpha: Weight = Field(default=0.1, description="Weight of the penalty.")
    cap: Weight = Field(
        default=2.0,
        description="Largest logarithm of a cluster's size that counts, so that the penalty is at most alpha * cap.",
    )
    target: Annotated[Literal["wrong", "right", "both", "none"], expected("wrong, right, both or none")] = Field(
        default="wrong",
        description="Responses that the penalty applies to. With none, failures are remembered and counted but not "
        "penalized.",
    )
    noise_is_cluster: Switch = Field(
        default=False,
        description="Count failures that HDBSCAN calls noise as one cluster, as the authors' code does; the paper "
        "does not.",
    )
    max_points_per_key: Annotated[Points | None, expected("at least 1 point, or null for all")] = Field(
        default=1600,
        description="Latest responses of a query that are remembered. Null is all, as published.",
    )
    seed: Seed = Field(default=0, description="Seed of kmeans.")

    @property
    def penalty_name(self) -> str:
        """Name of the penalty, or of the default."""
        return self.penalty or "logarithm"
