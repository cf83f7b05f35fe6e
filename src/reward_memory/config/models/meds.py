"""The second paper: the section `meds`, whose parts override the sections at the top."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from .base import UNIQUE, AnyName, MethodName, Name, Section, Seeds, expected

PolicyName = Annotated[str, Strict(), expected("the name of a policy")]
OfTraining = Annotated[dict[Any, Any], expected("settings of the section training")]
OfErrorMemory = Annotated[dict[Any, Any], expected("settings of the section error_memory")]
OfEvaluation = Annotated[dict[Any, Any], expected("settings of the section evaluation")]


class Own(Section, json_schema_extra={"expected": "settings such as {error_memory: {alpha: 0.02}}"}):
    """Settings of one policy."""

    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    error_memory: OfErrorMemory = Field(
        default={}, description="Settings that override those of the section error_memory."
    )


class Variant(Section, json_schema_extra={"expected": "settings such as {method: meds, error_memory: {alpha: 0.05}}"}):
    """A further method."""

    method: MethodName = Field(description="The built-in method that it is a variant of.")
    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    error_memory: OfErrorMemory = Field(
        default={}, description="Settings that override those of the section error_memory."
    )


class Meds(Section, json_schema_extra={"expected": "settings such as {policies: [tiny-math], methods: [dapo, meds]}"}):
    """MEDS, on the benchmarks of suite meds."""

    policies: Annotated[
        list[PolicyName], Strict(), Field(min_length=1), UNIQUE, expected("a list of different policies")
    ] = Field(description="Policies that are trained for the second paper; the first then leaves them out.")
    methods: Annotated[
        list[MethodName], Strict(), Field(min_length=1), UNIQUE, expected("a list of different methods")
    ] = Field(description="Arms of the tables, by their names in docs/meds.md or in variants.")
    seeds: Annotated[Seeds | None, expected("a list of different whole numbers, or null for those at the top")] = Field(
        None, description="Seeds of the second paper. Null is those at the top."
    )
    budget: Annotated[Literal["equal", "as_published"], expected("equal or as_published")] = Field(
        "equal",
        description="equal gives all arms one response length and mini-batch, as_published those of their scripts.",
    )
    variants: Annotated[
        dict[Name, Variant],
        expected("variants such as {gentle: {method: meds, error_memory: {alpha: 0.05}}}"),
    ] = Field(default={}, description="Name of a further method -> the method that it is, with its own settings.")
    per_policy: Annotated[
        dict[AnyName, Own], expected("settings such as {qwen3-8b: {error_memory: {alpha: 0.02}}}")
    ] = Field(default={}, description="Name of a policy -> its own settings, which override those of this section.")
    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    evaluation: OfEvaluation = Field(default={}, description="Settings that override those of the section evaluation.")
