"""Queries: the section `data` and the benchmarks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, ValidationInfo, field_validator

from .base import GIVEN, WHOLE, Name, Section, Seed, Sha256, Switch, Text, expected, mistaken, optional

Size = Annotated[int, Strict(), Field(ge=0, le=10_000_000), expected("a whole number of queries"), WHOLE]
Domain = Literal["math", "qa", "code"]
Commit = Annotated[str, Strict(), expected("a commit of 40 hexadecimal digits")]
AnyPath = Annotated[str, Strict(), expected("the path of a file")]


class Data(Section, json_schema_extra={"expected": "settings such as {seed: 42}"}):
    """Where queries come from and how they are sampled and split."""

    seed: Seed = Field(
        default=42, description="Seed of the sampling and splitting of queries and of the routing of labels."
    )
    redraw_labels: Switch = Field(
        default=False,
        description="Each seed draws its own labeled queries, so that intervals over seeds also cover the luck of that "
        "draw. False: all seeds share one draw.",
    )
    mirror: Annotated[Text | None, expected("the path of a folder")] = Field(
        default=None, description="Folder of released benchmark files; needed if the source of a benchmark is mirror."
    )
    partial: Switch = Field(
        default=False,
        description="Accept released files whose number of rows differs from that of the complete release.",
    )
    answer_format: Annotated[
        Literal["hash", "boxed"] | None,
        expected("hash (a last line #### <answer>), boxed (the answer in a LaTeX box) or null (as in the papers)"),
    ] = Field(
        default=None,
        description="Where the prompts of real benchmarks ask for the answer. Null is boxed for suite meds, as in "
        "MEDS, and hash for the others.",
    )


class Benchmark(Section, json_schema_extra={"expected": "suite, source and sizes of the benchmark"}):
    """One benchmark: what it is for, where it comes from, how many queries are taken."""

    suite: Name = Field(
        description="The experiment that it belongs to: main (MemReward), ood (MemReward out of domain), meds (MEDS) "
        "or one of your own (section suites)."
    )
    source: Annotated[
        Literal["generated", "mirror", "hub", "import"],
        expected(
            "generated (a stand-in made by rule), mirror (the release, in data.mirror), hub (downloaded) or "
            "import (rows of rollouts.import)"
        ),
    ] = Field(
        description="Where its queries come from: generated is a stand-in made by rule, mirror the release in "
        "data.mirror, hub a download, import the rows of rollouts.import."
    )
    domain: Annotated[Domain | None, GIVEN] = optional(
        "Source import: how responses are graded; needed if the name is not one of docs/data.md.",
        "math, qa or code",
    )
    revision: Annotated[Commit | dict[Text, Commit] | None, expected("a commit of 40 hexadecimal digits")] = Field(
        default=None, description="Source hub: the commit to download, or one for each repository if there are several."
    )
    sha256: Annotated[dict[AnyPath, Sha256], expected("checksums such as {main/train.parquet: 0123...}")] = Field(
        default={}, description="Source hub: path of a file in the repository -> the SHA-256 that it must have."
    )
    train: Annotated[Size | None, expected("a whole number of queries")] = Field(
        default=0,
        description="Training queries. Source import: null, which is the default there, is all that valid and test "
        "leave.",
    )
    valid: Size = Field(default=0, description="Validation queries, which select checkpoints.")
    test: Size = Field(description="Test queries, which tables report on. Source import: 0 if the key is absent.")

    @field_validator("train")
    @classmethod
    def _train_is_a_number(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None and info.data.get("source", "import") != "import":
            raise mistaken("a whole number of queries")
        return value

    @field_validator("test")
    @classmethod
    def _test_is_not_empty(cls, value: int, info: ValidationInfo) -> int:
        """Require test queries of benchmarks in main and ood; imported rows may all be training queries."""
        values = info.data
        if value == 0 and values.get("source", "import") != "import" and values.get("suite") in ("main", "ood"):
            raise mistaken("at least 1 query")
        return value
