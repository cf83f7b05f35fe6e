"""Suites and variants of methods: settings that override the sections at the top."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from .base import UNIQUE, WHOLE, AnyName, MethodName, Name, PredictorName, Section, Seeds, expected, overriding

PolicyName = Annotated[str, Strict(), expected("the name of a policy")]
SuiteName = Annotated[str, Strict(), expected("the name of a suite")]
Percentage = Annotated[int, Strict(), Field(ge=0, le=100), expected("a whole percentage between 0 and 100"), WHOLE]
Ratios = Annotated[list[Percentage], Strict(), Field(min_length=1), UNIQUE]
Method = Annotated[
    str,
    Strict(),
    expected("the name of a method, such as memreward, memreward:majority, dapo or memreward+meds"),
]
OfTraining = Annotated[dict[Any, Any], overriding("Training", "settings of the section training")]
OfErrorMemory = Annotated[dict[Any, Any], overriding("ErrorMemory", "settings of the section error_memory")]
OfRewardModel = Annotated[
    dict[Any, Any], overriding("PredictedRewards", "threshold and reward of the section reward_model")
]
OfEvaluation = Annotated[dict[Any, Any], overriding("Evaluation", "settings of the section evaluation")]


class PolicyOverrides(Section, json_schema_extra={"expected": "settings such as {error_memory: {alpha: 0.02}}"}):
    """Settings of one policy."""

    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    error_memory: OfErrorMemory = Field(
        default={}, description="Settings that override those of the section error_memory."
    )


class Variant(Section, json_schema_extra={"expected": "settings such as {like: meds, error_memory: {alpha: 0.05}}"}):
    """A method of your own."""

    like: MethodName = Field(description="The method that it is based on; the settings here differ.")
    predictor: Annotated[PredictorName | None, expected("the name of a predictor, or null for that of like")] = Field(
        default=None, description="Reward model, for a variant of a method with predicted rewards."
    )
    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    error_memory: OfErrorMemory = Field(
        default={}, description="Settings that override those of the section error_memory."
    )
    reward_model: OfRewardModel = Field(
        default={}, description="threshold, reward, abstain and refit that override those of the section reward_model."
    )


class Suite(Section, json_schema_extra={"expected": "settings such as {policies: [tiny-math], methods: [dapo, meds]}"}):
    """An experiment on the benchmarks of one suite."""

    policies: Annotated[
        Annotated[list[PolicyName], Strict(), Field(min_length=1), UNIQUE] | None,
        expected("a list of different policies, or null for those that no suite names"),
    ] = Field(default=None, description="Policies that are trained; null is all policies that no suite names.")
    methods: Annotated[
        Annotated[list[Method], Strict(), UNIQUE] | None,
        expected("a list of different methods, or null for those at the top"),
    ] = Field(default=None, description="Methods of the suite; null is those at the top.")
    label_ratios: Annotated[
        Ratios | None, expected("a list of different percentages, or null for those at the top")
    ] = Field(default=None, description="Percent of the suite's training queries whose ground truth may be used.")
    seeds: Annotated[Seeds | None, expected("a list of different whole numbers, or null for those at the top")] = Field(
        default=None,
        description="Seeds of the suite's reward models, trainings and evaluations; null is those at the top.",
    )
    reward_model_of: Annotated[SuiteName | None, expected("the name of a suite, or null for its own")] = Field(
        default=None,
        description="The suite on whose rollouts the reward models that predict here are fitted; null is this one.",
    )
    reward_model_ratio: Annotated[
        Percentage | None, expected("a whole percentage between 0 and 100, or null for that of the run")
    ] = Field(
        default=None,
        description="With reward_model_of: label ratio of the reward models that predict here. Null is that of the "
        "run; for a run without labels it is the only one of the other suite.",
    )
    transfer: Annotated[list[SuiteName], Strict(), UNIQUE, expected("a list of other suites")] = Field(
        default=[], description="Other suites whose test queries the policies of this one answer, for transfer.csv."
    )
    budget: Annotated[Literal["equal", "as_published"], expected("equal or as_published")] = Field(
        default="equal",
        description="equal gives all methods one response length and mini-batch size, as_published those of MEDS' "
        "scripts.",
    )
    per_policy: Annotated[
        dict[AnyName, PolicyOverrides], expected("settings such as {qwen3-8b: {error_memory: {alpha: 0.02}}}")
    ] = Field(default={}, description="Name of a policy -> its own settings, which override those of this suite.")
    training: OfTraining = Field(default={}, description="Settings that override those of the section training.")
    error_memory: OfErrorMemory = Field(
        default={}, description="Settings that override those of the section error_memory."
    )
    reward_model: OfRewardModel = Field(
        default={}, description="threshold, reward, abstain and refit that override those of the section reward_model."
    )
    evaluation: OfEvaluation = Field(default={}, description="Settings that override those of the section evaluation.")


Variants = Annotated[
    dict[Name, Variant], expected("variants such as {gentle: {like: meds, error_memory: {alpha: 0.05}}}")
]
