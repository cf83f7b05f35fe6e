"""Shared by all sections: value types, validators, and the conversion of text to numbers."""

from __future__ import annotations

import contextlib
from functools import reduce
from operator import or_
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Strict,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError

LARGEST_SEED = 2**31 - 1
#: JSON schema key that names the model whose keys a section overrides.
OVERRIDES = "overrides"
#: Names of tables, policies and variants become parts of paths.
NAME = "a name of letters, digits, dots and dashes (at most 100)"


class Section(BaseModel):
    """A section: it cannot be changed once it is read, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def expected(words: str) -> FieldInfo:
    """Describe valid values of a key, in words that follow 'is not' in messages."""
    return Field(json_schema_extra={"expected": words})


def overriding(model: str, words: str) -> FieldInfo:
    """Like `expected`, for a section that may have any keys of the model `model`."""
    return Field(json_schema_extra={"expected": words, OVERRIDES: model})


def mistaken(words: str) -> PydanticCustomError:
    """Create an error with the message `<value> is not <words>`; empty words mean those of the key."""
    return PydanticCustomError("expected", "{words}", {"words": words})


def _as_integer(value: Any) -> Any:
    """Convert text to an integer: YAML and Snakemake's `--config` leave some numbers as text."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _as_number(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Convert text to a float: YAML reads 1e-6 as text. Keep integers: 1 and 1.0 are different parameters of a rule."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, float) and value == 0:
        value = 0.0  # -0.0 equals 0.0 but prints differently
    check(value)
    return value


def _all_different(values: list) -> list:
    if any(value in values[:place] for place, value in enumerate(values)):
        raise mistaken("")
    return values


class _Given:
    """Marks a key that may be absent (None once loaded), but that a file may not set to null."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(reduce(or_, (kind for kind in get_args(source) if kind is not type(None))))


GIVEN = _Given()
WHOLE = BeforeValidator(_as_integer)
NUMBER = WrapValidator(_as_number)
UNIQUE: AfterValidator = AfterValidator(_all_different)


def optional(description: str, words: str | None = None) -> Any:
    """Field of a key that is left out of the loaded configuration if the file does not set it."""
    return Field(
        default_factory=_absent,
        exclude_if=lambda value: value is None,
        description=description,
        json_schema_extra=None if words is None else {"expected": words},
    )


def _absent() -> None:
    """Default that the JSON schema does not show, since null is not a valid value of the key."""


Switch = Annotated[bool, Strict(), expected("true or false")]
Text = Annotated[str, Strict()]
Path = Annotated[str, Strict(), Field(min_length=1)]
Seed = Annotated[int, Strict(), Field(ge=0, le=LARGEST_SEED), expected("a whole number of at least 0"), WHOLE]
Seeds = Annotated[list[Seed], Strict(), Field(min_length=1), UNIQUE]
Sha256 = Annotated[
    str,
    Strict(),
    Field(pattern="^[0-9a-f]{64}$"),
    expected("64 hexadecimal digits in small letters, in quotes if all are digits"),
]
Name = Annotated[str, Strict(), Field(pattern="^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=100), expected(NAME)]
AnyName = Annotated[str, Strict(), expected("a name")]
MethodName = Annotated[str, Strict(), expected("the name of a method")]
PredictorName = Annotated[str, Strict(), expected("the name of a predictor")]
Behavior = Annotated[str, Strict(), expected("the name of a behavior")]

Positive = Annotated[int, Strict(), Field(ge=1, le=1_000_000), expected("a whole number of at least 1"), WHOLE]
Neighbors = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("a whole number of at least 1"), WHOLE]
Layers = Annotated[int, Strict(), Field(ge=1, le=1024), expected("a whole number of at least 1"), WHOLE]
Steps = Annotated[int, Strict(), Field(ge=1, le=1_000_000), expected("a whole number of steps"), WHOLE]
Responses = Annotated[int, Strict(), Field(ge=1, le=100_000), expected("at least 1 response a query"), WHOLE]
CopyGpus = Annotated[int, Strict(), Field(ge=1, le=1024), expected("at least 1 GPU"), WHOLE]

Finite = Annotated[float, Strict(), AllowInfNan(False)]
Weight = Annotated[Finite, Field(ge=0, le=1000), expected("a number of at least 0"), NUMBER]
Decay = Annotated[Finite, Field(ge=0, le=10), expected("a number of at least 0"), NUMBER]
Temperature = Annotated[Finite, Field(ge=0, le=100), expected("a number of at least 0"), NUMBER]
LearningRate = Annotated[Finite, Field(gt=0, ge=1e-12, le=1), expected("a number above 0"), NUMBER]
Share = Annotated[Finite, Field(gt=0, le=1), expected("a share above 0 and at most 1"), NUMBER]
