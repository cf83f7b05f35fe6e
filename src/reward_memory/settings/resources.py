"""Resources that jobs request: the section `resources`, with the defaults in config/resources.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from .base import GIVEN, NUMBER, WHOLE, AnyName, Finite, Section, expected, optional

Gpus = Annotated[int, Strict(), Field(ge=0, le=100_000), expected("a whole number of GPUs"), WHOLE]
Nodes = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("at least 1 machine"), WHOLE]
Threads = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("at least 1 thread"), WHOLE]
Megabytes = Annotated[int, Strict(), Field(ge=1, le=100_000_000), expected("a whole number of megabytes"), WHOLE]
Time = Annotated[str, Strict(), Field(pattern="^[1-9][0-9]{0,4}[mhd]$"), expected("a time such as 30m, 12h or 2d")]
Gigabytes = Annotated[Finite, Field(gt=0, le=100_000), expected("a number of gigabytes, such as 80"), NUMBER]
DeviceMemory = Annotated[Gigabytes | None, GIVEN]
OF_DEVICE = "Memory of one GPU; with it a training run that would not fit is refused before it waits in a queue."


class Amounts(Section, json_schema_extra={"expected": "resources such as {gpu: 8}"}):
    """Resources that one job requests; an absent key takes the rule's default."""

    gpu: Annotated[Gpus | None, GIVEN] = optional("GPUs of the job, over all its machines.")
    nodes: Annotated[Nodes | None, GIVEN] = optional("Machines that share the job's GPUs evenly.")
    threads: Annotated[Threads | None, GIVEN] = optional("Processor cores.")
    mem_mb: Annotated[Megabytes | None, GIVEN] = optional("Megabytes of memory of the first attempt.")
    runtime: Annotated[Time | None, GIVEN] = optional("Longest run of the first attempt.")


class TrainAmounts(Amounts):
    """Resources that one training job requests."""

    gpu_memory_gb: DeviceMemory = optional(OF_DEVICE)


OF_JOB = "resources such as {gpu: 4, mem_mb: 64000, runtime: 12h}"
OF_POLICIES = "resources such as {large: {gpu: 8}}"
OWN = "Name of a policy -> its own resources, which override those of this rule."


class Job(Amounts, json_schema_extra={"expected": OF_JOB}):
    """Resources of the jobs of one rule."""

    per_policy: Annotated[dict[AnyName, Amounts], expected(OF_POLICIES)] = Field(default={}, description=OWN)


class TrainJob(TrainAmounts, json_schema_extra={"expected": OF_JOB}):
    """Resources of training runs."""

    per_policy: Annotated[dict[AnyName, TrainAmounts], expected(OF_POLICIES)] = Field(default={}, description=OWN)


class Resources(Section, json_schema_extra={"expected": "resources such as {train_policy: {gpu: 4}}"}):
    """Resources that the jobs of each rule request."""

    sample_rollouts: Job = Field(default_factory=Job, description="Sampling of the training queries' responses.")
    evaluate_policy: Job = Field(
        default_factory=Job, description="Sampling and grading of the test queries' responses."
    )
    embed_rollouts: Job = Field(default_factory=Job, description="Embedding of queries and responses.")
    fit_reward_model: Job = Field(default_factory=Job, description="Fitting of a reward model.")
    measure_reward_model: Job = Field(default_factory=Job, description="Measurement of a reward model.")
    train_policy: TrainJob = Field(default_factory=TrainJob, description="Training of a policy.")
