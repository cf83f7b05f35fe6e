"""Sources of policies: the section `policies`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, model_validator

from .base import (
    GIVEN,
    NUMBER,
    WHOLE,
    AnyName,
    Finite,
    Layers,
    Path,
    Positive,
    Section,
    Seed,
    Sha256,
    expected,
    mistaken,
    optional,
)

Width = Annotated[int, Strict(), Field(ge=32, le=8192, multiple_of=32), expected("a multiple of 32"), WHOLE]
Rate = Annotated[Finite, Field(ge=0, le=1), expected("a number between 0 and 1"), NUMBER]
Repository = Annotated[
    str,
    Strict(),
    Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"),
    expected("the name of a repository such as Qwen/Qwen2.5-3B-Instruct"),
]
Commit = Annotated[
    str,
    Strict(),
    Field(pattern="^[0-9a-f]{40}$"),
    expected("a commit of 40 hexadecimal digits in small letters, in quotes if all are digits (a branch may move)"),
]
FileName = Annotated[str, Strict(), expected("the name of a file")]
Percent = Annotated[Finite, Field(ge=0, le=100), expected("a percentage from 0 to 100"), NUMBER]
Scores = Annotated[dict[AnyName, Percent], expected("scores such as {gsm8k: 79.1}")]
ONE = "exactly one of bootstrap, package, hub, path and imported"
#: The only key of a policy that does not name a source.
OFFICIAL = "expected"


class Bootstrap(Section, json_schema_extra={"expected": "hidden, layers and steps of a tiny policy"}):
    """A tiny policy that the workflow pre-trains on generated problems."""

    hidden_size: Width = Field(description="Width of its hidden states.")
    num_hidden_layers: Layers = Field(description="Layers of its transformer.")
    steps: Positive = Field(description="Steps of pre-training, of 32 texts each.")
    noise: Rate = Field(
        default=0.4,
        description="Rate of wrong solutions in the last 40 % of the steps, which training can then remove.",
    )
    seed: Seed = Field(default=0, description="Seed of its tokenizer, weights and texts.")
    benchmarks: Annotated[Literal["memreward", "meds", "watches"], expected("memreward, meds or watches")] = Field(
        default="memreward",
        description="Whose stand-ins it learns: MemReward's (answers after ####), MEDS' (in a box) or that of the "
        "error memory's control (in a box).",
    )


class Hub(Section, json_schema_extra={"expected": "repository and revision of a model on the hub"}):
    """Where a model is on the Hugging Face hub."""

    repository: Repository = Field(description="Repository of the model.")
    revision: Commit = Field(description="Commit of the repository.")
    sha256: Annotated[dict[FileName, Sha256], expected("checksums such as {model.safetensors: 0123...}")] = Field(
        default={}, description="Name of a file in the repository -> the SHA-256 that it must have."
    )


def _one_source(schema: dict[str, Any]) -> None:
    schema |= {"expected": ONE, "oneOf": [{"required": [name]} for name in schema["properties"] if name != OFFICIAL]}


class Policy(Section, json_schema_extra=_one_source):
    """A policy, by exactly one of the keys that say where it comes from."""

    bootstrap: Annotated[Bootstrap | None, GIVEN] = optional("A tiny policy that the workflow pre-trains itself.")
    package: Annotated[Path | None, GIVEN] = optional(
        "A Python package that carries the policy as a GGUF file.", "the name of an installed Python package"
    )
    hub: Annotated[Hub | None, GIVEN] = optional("A model of the Hugging Face hub, with safetensors.")
    path: Annotated[Path | None, GIVEN] = optional(
        "A Hugging Face model folder.", "the path of a Hugging Face model folder"
    )
    imported: Annotated[Literal[True] | None, GIVEN] = optional(
        "No policy, only a name for what rollouts.import holds.", "true"
    )

    expected: Annotated[Scores | None, GIVEN] = optional(
        "Name of a benchmark -> accuracy in percent that the policy's authors state for it before training; tables of "
        "accuracies say how far off ours is.",
        "scores such as {gsm8k: 79.1}",
    )

    @property
    def source(self) -> str:
        """Key that names the source of the policy."""
        return next(iter(self.model_fields_set - {OFFICIAL}))

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set - {OFFICIAL}) != 1:
            raise mistaken(ONE)
        return self
