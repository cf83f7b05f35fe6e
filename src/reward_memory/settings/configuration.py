"""The whole configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from .base import GIVEN, UNIQUE, Behavior, Name, Path, PredictorName, Section, Seeds, Text, expected, optional
from .cost import Cost
from .data import Benchmark, Data
from .error_memory import ErrorMemory
from .policies import Policy
from .resources import Resources
from .reward_model import RewardModel
from .sampling import Evaluation, Rollouts
from .suites import Method, Ratios, Suite, SuiteName, Variants
from .training import Training

BenchmarkName = Annotated[
    str,
    Strict(),
    Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100),
    expected("a name of letters, digits, dots, dashes and underscores (at most 100)"),
]
Pair = Annotated[list[Method], Strict(), Field(min_length=2, max_length=2), UNIQUE, expected("two different methods")]


class Configuration(Section):
    """A configuration of the workflow."""

    results: Annotated[Path, expected("a folder for all targets")] = Field(
        default="results", description="Folder of all targets."
    )
    seeds: Annotated[Seeds, expected("a list of different whole numbers")] = Field(
        default=[0], description="Seeds of reward models, training and evaluation; tables aggregate over them."
    )
    fidelity: Annotated[
        Text | Annotated[list[Behavior], Strict()], expected("corrected, as_published, or a list of behaviors")
    ] = Field(
        default="corrected",
        description="Behaviors of the authors' code to switch on, by their names in docs/fidelity.md.",
    )
    finished: Annotated[Literal["check", "keep", "rebuild"], expected("check, keep or rebuild")] = Field(
        default="check",
        description="What to do with finished results that take long (policies, rollouts, embeddings, reward models, "
        "trainings, evaluations) if settings, inputs, code or packages have changed. check keeps them and lists the "
        "changes; a job that would use a result of other settings or inputs stops before it starts. keep uses them as "
        "they are. rebuild computes them again.",
    )
    data: Data = Field(default_factory=Data, description="Where queries come from and how they are split.")
    benchmarks: Annotated[dict[BenchmarkName, Benchmark], Field(min_length=1), expected("at least one benchmark")] = (
        Field(
            description="Name of a benchmark -> its suite, source and sizes. The names are those of docs/data.md; the "
            "source import takes any."
        )
    )
    policies: Annotated[dict[Name, Policy], Field(min_length=1), expected("at least one policy")] = Field(
        description="Name of a policy -> where it comes from."
    )
    label_ratios: Annotated[Ratios, expected("a list of different percentages")] = Field(
        default=[20], description="Percent of the training queries whose ground truth may be used."
    )
    methods: Annotated[list[Method], Strict(), UNIQUE, expected("a list of different methods")] = Field(
        default=["base", "r1-p", "memreward", "oracle"],
        description="Methods of suite main, and of every suite in `suites` that names none; empty if rollouts are "
        "imported.",
    )
    variants: Variants = Field(
        default={}, description="Name of a method of your own -> the method that it is based on, and what differs."
    )
    suites: Annotated[
        dict[SuiteName, Suite], expected("suites such as {meds: {policies: [tiny-math], methods: [dapo, meds]}}")
    ] = Field(
        default={},
        description="Name of a suite (an experiment) -> its settings that differ from those at the top. main needs no "
        "entry. Another suite without an entry is not trained on; it is only tested, by `transfer`.",
    )
    differences: Annotated[list[Pair], Strict(), expected("a list of pairs of methods such as [[memreward, r1-p]]")] = (
        Field(
            default=[],
            description="Pairs of methods of suite main whose difference is in accuracy_delta.csv, in addition to each "
            "memreward minus r1-p.",
        )
    )
    sandbox: Annotated[
        Literal["bubblewrap", "reduced"],
        expected("bubblewrap (refuse to run without it) or reduced (Landlock and limits where bubblewrap cannot run)"),
    ] = Field(
        default="bubblewrap",
        description="Where model-written code runs. bubblewrap refuses to run without it; reduced uses Landlock, a "
        "system call filter and resource limits where bubblewrap cannot run.",
    )
    rollouts: Rollouts = Field(default_factory=Rollouts, description="Responses that reward models learn from.")
    reward_model: Annotated[RewardModel | None, GIVEN] = optional(
        "Needed by the method memreward; without it no reward model is fitted."
    )
    predictors: Annotated[
        Annotated[list[PredictorName], Strict(), Field(min_length=1), UNIQUE] | None,
        expected("a list of different predictors"),
    ] = Field(
        default=None,
        description="Reward models of the table reward_models.csv. Null is all of them, variants included.",
    )
    training: Training = Field(default_factory=Training, description="Training of policies, with verl.")
    resources: Resources = Field(
        default_factory=Resources,
        description="Resources that a job of each rule requests; per_policy overrides them for a policy. A profile "
        "caps them: without GPUs, gpu becomes 0 and the job runs on the CPU. Memory and time grow with each attempt. "
        "Changes do not trigger reruns.",
    )
    error_memory: ErrorMemory = Field(
        default_factory=ErrorMemory,
        description="MEDS' memory of failures, for methods whose name begins with meds or ends with +meds.",
    )
    evaluation: Evaluation = Field(default_factory=Evaluation, description="Responses to the test queries.")
    cost: Cost = Field(
        default_factory=Cost,
        description="Assumptions of the estimate in tables/cost.csv and `reward-memory plan` (docs/cost.md); no result "
        "depends on them.",
    )
