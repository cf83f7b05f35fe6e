"""Results and errors of parsing a released row."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

#: What programs write for a number that is missing or out of range.
NO_NUMBER = re.compile(r"\s*([+-]?((?i:nan|inf|infinity))|#?N/A|<NA>|NULL|null|None|\[\])\s*")


class Row(NamedTuple):
    """What a release says about one item; the fields are those of `Item`."""

    question: str
    ground_truth: str | None
    options: tuple[str, ...] | None = None
    template: str | None = None
    task: Mapping[str, Any] | None = None
    tests: str | None = None


Parser = Callable[[Any], Row]


class MissingAnswerError(ValueError):
    """A row without an answer."""


class WrongValueError(ValueError):
    """A row with a value that cannot be read; the message is the reason, as part of a sentence."""


class UnusableError(ValueError):
    """A row that is known to be unusable; the message is the reason."""


def as_integer(value: Any) -> int | None:
    """Return the integer that other tools write as 5, 5.0, "5" or "5.0"; None if the value is no integer."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if math.isfinite(number) and number.is_integer() else None


def check_row(row: Row, domain: str) -> Row:
    """Return the row if its texts can be used.

    domain  math | qa | code

    WrongValueError for an empty question, a NUL (which ends a text in some programs) or a math truth that is no number.
    """
    if not row.question.strip():
        raise WrongValueError("its question is empty")
    if any("\0" in text for text in (row.question, row.ground_truth or "", *(row.options or ()))):
        raise WrongValueError("it contains a NUL character")
    if domain == "math" and NO_NUMBER.fullmatch(row.ground_truth or ""):
        raise WrongValueError(f"its answer is {row.ground_truth}, which is not a number")
    return row
