"""MEDS' memory of failures: the section `error_memory`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from reward_memory.error_memory.penalties.registration import PENALTIES
from reward_memory.error_memory.settings import DEFAULTS

from .base import GIVEN, WHOLE, Layers, Neighbors, Section, Seed, Switch, Text, Weight, expected, mistaken, optional

Points = Annotated[int, Strict(), Field(ge=1, le=10_000_000), expected("at least 1 point, or null for all"), WHOLE]


def _known(name: str) -> str:
    if name not in PENALTIES.names:
        raise mistaken(f"one of {', '.join(PENALTIES.names)}")
    return name


PenaltyName = Annotated[Text, expected("the name of a penalty"), AfterValidator(_known)]


class ErrorMemory(Section, json_schema_extra={"expected": "settings such as {alpha: 0.1}"}):
    """How failures are remembered and what repeating one costs."""

    method: Annotated[
        Literal["hdbscan", "kmeans", "single", "answers"], expected("hdbscan, kmeans, single or answers")
    ] = Field(
        DEFAULTS["method"],
        description="How a query's failures are clustered; single puts all of them into one, answers puts equal "
        "answers into one and reads no layers.",
    )
    last_layers: Annotated[Layers | Literal["all"], expected("a whole number of at least 1, or all")] = Field(
        DEFAULTS["last_layers"],
        description="Layers whose logits are the feature of a response, counted from the last.",
    )
    differences: Switch = Field(
        DEFAULTS["differences"], description="Differences between neighboring layers instead of the logits themselves."
    )
    num_neighbors: Neighbors = Field(
        DEFAULTS["num_neighbors"], description="Nearest remembered responses that vote for the cluster of a new one."
    )
    penalty: Annotated[PenaltyName | None, GIVEN] = optional(
        "What a repeated failure costs, by the name that its file registers. Without it, logarithm: the paper's, alpha "
        "times the logarithm of the cluster's size and one, at most alpha * cap.",
        "the name of a penalty",
    )
    alpha: Weight = Field(DEFAULTS["alpha"], description="Weight of the penalty.")
    cap: Weight = Field(
        DEFAULTS["cap"],
        description="Largest logarithm of a cluster's size that counts, so that the penalty is at most alpha * cap.",
    )
    target: Annotated[Literal["wrong", "right", "both", "none"], expected("wrong, right, both or none")] = Field(
        DEFAULTS["target"],
        description="Responses that the penalty is for; with none they are remembered and counted all the same.",
    )
    noise_is_cluster: Switch = Field(
        DEFAULTS["noise_is_cluster"],
        description="Count failures that HDBSCAN calls noise as one cluster, as the authors' code does; the paper "
        "does not.",
    )
    max_points_per_key: Annotated[Points | None, expected("at least 1 point, or null for all")] = Field(
        DEFAULTS["max_points_per_key"],
        description="Latest responses of a query that are remembered. Null is all, as published.",
    )
    seed: Seed = Field(DEFAULTS["seed"], description="Seed of kmeans.")
