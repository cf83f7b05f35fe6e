"""What all sections share: the kinds of values that a key may have, and how text becomes a number."""

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
#: What the JSON schema of a section names the model under whose keys it overrides.
OVERRIDES = "overrides"
#: A table, a policy or a variant becomes part of paths.
NAME = "a name of letters, digits, dots and dashes (at most 100)"


class Section(BaseModel):
    """A section: it cannot be changed once it is read, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def expected(words: str) -> FieldInfo:
    """What a message says would be right, in words that follow 'is not'."""
    return Field(json_schema_extra={"expected": words})


def overriding(model: str, words: str) -> FieldInfo:
    """As `expected`, of a section that has any keys of the section with the model of that name."""
    return Field(json_schema_extra={"expected": words, OVERRIDES: model})


def mistaken(words: str) -> PydanticCustomError:
    """An error whose message is `<value> is not <words>`; without words it takes those of the key."""
    return PydanticCustomError("expected", "{words}", {"words": words})


def _whole(value: Any) -> Any:
    """YAML and Snakemake's `--config` leave some numbers as text."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _number(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """As `_whole`; YAML takes 1e-6 for text. A whole number stays one: 1 and 1.0 are other parameters of a rule."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, float) and value == 0:
        value = 0.0  # -0.0 is the same number under another name
    check(value)
    return value


def _different(values: list) -> list:
    if any(value in values[:place] for place, value in enumerate(values)):
        raise mistaken("")
    return values


class _Given:
    """The key may be absent, which is None here, but null is not a value that a file may give it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(reduce(or_, (kind for kind in get_args(source) if kind is not type(None))))


GIVEN = _Given()
WHOLE = BeforeValidator(_whole)
NUMBER = WrapValidator(_number)
UNIQUE: AfterValidator = AfterValidator(_different)


def optional(description: str, words: str | None = None) -> Any:
    """Field of a key that is left out of the loaded configuration where the file leaves it out."""
    return Field(
        default_factory=_absent,
        exclude_if=lambda value: value is None,
        description=description,
        json_schema_extra=None if words is None else {"expected": words},
    )


def _absent() -> None:
    """A default that the JSON schema does not show, since null is no value of the key."""


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
