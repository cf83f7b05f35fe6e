"""What the parsers make of a released row."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What a release says about one item; the fields are those of `Item`."""

    question: str
    ground_truth: str | None
    options: tuple[str, ...] | None = None
    template: str | None = None
    task: Mapping[str, Any] | None = None


Parser = Callable[[Any], Row]


class MissingAnswerError(ValueError):
    """A row without an answer."""


class UnusableError(ValueError):
    """A row that is known to be of no use; the message is the reason."""
