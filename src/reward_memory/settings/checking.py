"""Validate a section against its model; report the first mistake in one sentence."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reward_memory.errors import InputError

from . import renamed
from .base import NAME, Section
from .json_schema import Node

Validated = TypeVar("Validated", bound=Section)
_UNKNOWN = ("extra_forbidden", "invalid_key")
#: Sections that are never suggested for a misplaced key.
_NEVER_SUGGESTED = ("cost", "resources")
#: pydantic's error types for numbers above a limit; float_type means that a float cannot hold the number.
_TOO_LARGE = ("less_than_equal", "float_type")


def mistake(model: type[Section], value: Any) -> str | None:
    """Return a message about the mistake nearest to the top level of a value, or None."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        return _first(model, value, error)
    return None


def validated(model: type[Validated], value: Any, where: str) -> Validated:
    """Return the value as a model. Raise InputError, one sentence that begins with `where`, for the first mistake."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError(f"{where}: {_first(model, value, error)}") from None


def _first(model: type[Section], value: Any, error: ValidationError) -> str:
    top = Node.of(model)
    mistakes = [_Mistake(top, value, detail) for detail in error.errors(include_url=False)]
    return min(mistakes, key=lambda mistake: mistake.rank).sentence()


class _Mistake:
    """One pydantic error, with its place in the configuration and in the schema."""

    def __init__(self, top: Node, value: Any, detail: ErrorDetails):
        self.kind, self.value, self.limits = detail["type"], detail["input"], detail.get("ctx", {})
        self.top, self.node, self.path, self.of_key = top, top, [], False
        for part in detail["loc"]:
            if part == "[key]":
                self.of_key = True
            elif isinstance(value, list) and isinstance(part, int):
                # omit the list index: the message shows the value
                value, self.node, self.path = value[part], self.node.item(), [*self.path, None]
            elif isinstance(value, dict) and part in value:
                value, self.node, self.path = value[part], self.node.key(part), [*self.path, part]
            elif self.kind == "missing":
                self.node, self.path = self.node.key(part), [*self.path, part]
            # else: pydantic's name for one alternative of a union
        if self.kind in _UNKNOWN or self.of_key:
            self._point_at_the_key(top, detail)

    def _point_at_the_key(self, top: Node, detail: ErrorDetails) -> None:
        """Set `key` to the invalid key as written, and `node` and `path` to the section around it."""
        *around, key = (part for part in detail["loc"] if part != "[key]")
        self.key = key if self.kind == "extra_forbidden" else detail["input"]
        self.path, self.node = around, top
        for part in around:
            self.node = self.node.key(part)

    @property
    def rank(self) -> tuple[int, str, bool]:
        """Sort key: outer sections first, then by name, unknown keys before missing keys that they may stand for."""
        path = self.path[:-1] if self.kind == "missing" else self.path
        return len(path), str(path), self.kind == "missing"

    def sentence(self) -> str:
        where = ": ".join(str(part) for part in self.path if part is not None)
        if (self.kind in _UNKNOWN or self.of_key) and not isinstance(self.key, str):
            return f"{_join(where, self.key)}: {_not_text(self.key)}"
        if self.kind in _UNKNOWN:
            return f"{_join(where, self.key)}: {_no_such_key(self.key, self.node, self.top)}"
        if self.of_key:
            return f"{_join(where, self.key)}: {self.key!r} is not {self.node.names().expected}."
        if self.kind == "missing":
            return f"{where} is missing; it should be {self.node.expected}."
        if self.kind == "string_type" and self._expected() == NAME and isinstance(self.value, int | float):
            return f"{where}: {_shown(self.value)} is not text to YAML; put it in quotes."
        return f"{where}: {_shown(self.value)} {self._beyond() or f'is not {self._expected()}'}."

    def _expected(self) -> str:
        return self.limits.get("words") or self.node.expected

    def _beyond(self) -> str | None:
        """Message for a number beyond a generous limit that the expected words do not mention, or None."""
        most, least = self.node.limit("maximum"), self.node.limit("minimum")
        large = self.kind in _TOO_LARGE and isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if large and most is not None and str(most) not in self._expected():
            return f"is too large; give at most {most}"
        above = self.node.limit("exclusiveMinimum")
        if self.kind == "greater_than_equal" and above is not None and self.value > above:
            return f"is too small; give at least {least}"
        return None


def _no_such_key(key: Any, section: Node, top: Node) -> str:
    if new := renamed.sentence(str(key), section.keys):
        return new
    near = renamed.near(str(key), section.keys)
    if other := _misplaced(str(key), section, top):
        return f"no such key here; {other}{f'; here perhaps {near} is meant' if near and 'belongs' in other else ''}."
    perhaps = f"; perhaps {near} is meant" if near else ""
    return f"no such key; valid keys are {', '.join(section.keys)}{perhaps}."


def _misplaced(key: str, section: Node, top: Node) -> str | None:
    """Say where a misplaced key belongs, or how to write it; None if unknown."""
    outer, colon, inner = key.partition(":")
    if colon and outer in section.keys:
        return f"put a space after the colon, as in {outer}: {inner or '...'}"
    outer, point, inner = key.partition(".")
    if point and outer in section.keys:
        return f"write the section with the key in it, {outer}: {{{inner}: ...}}"
    if "benchmarks" not in top.keys:  # only a part of the configuration is checked
        return None
    if section.keys != top.keys and key in top.keys:
        return f"{key} belongs at the top level of the file, not in another section; move it there"
    homes = [name for name in top.keys if name not in _NEVER_SUGGESTED and key in top.key(name).keys]
    return f"it belongs in the section {' or '.join(homes)}, as in {homes[0]}: {{{key}: ...}}" if homes else None


def _not_text(key: Any) -> str:
    """Message for a key that YAML does not read as text, such as no, 7, or the 5 in `learning_rate: 0,5`."""
    if key is None or isinstance(key, bool):
        word = {None: "null or ~", True: "true, yes or on", False: "false, no or off"}[key]
        kind = "nothing" if key is None else "a truth value"
        return f"YAML takes this key ({word}) for {kind}, not a name; put it in quotes, or choose another name."
    if isinstance(key, int | float):
        return (
            "YAML takes this key for a number, not a name; write a decimal with a point, not a comma, and a name that "
            "looks like a number in quotes."
        )
    return "YAML takes this key for a date, not a name; put it in quotes, or choose another name."


def _join(path: str, key: Any) -> str:
    return f"{path}: {key}" if path else str(key)


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
