"""The JSON schema of the configuration, and a walk through it: for editors, messages and the reference page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .base import OVERRIDES, Section
from .configuration import Configuration
from .reward_model import PredictedRewards


def text() -> str:
    """schemas/config.schema.json, which editors complete and check keys with."""
    found = Configuration.model_json_schema()
    found["$defs"][PredictedRewards.__name__] = PredictedRewards.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(found)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _tidy(part: Any) -> Any:
    """Without the titles that pydantic makes of names; names that match no pattern are refused.

    A section of overrides has the keys of what it overrides.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    if model := part.get(OVERRIDES):
        return {"$ref": f"#/$defs/{model}"} | {key: part[key] for key in ("default", "description") if key in part}
    # `properties` may have a key `title` of its own
    kept = {key: _tidy(value) for key, value in part.items() if not (key == "title" and isinstance(value, str))}
    return kept | ({"additionalProperties": False} if "patternProperties" in kept else {})


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a JSON schema.

    schema       the part, with references
    definitions  what they refer to
    """

    schema: dict[str, Any]
    definitions: dict[str, Any]

    @classmethod
    def of(cls, model: type[Section]) -> Node:
        schema = model.model_json_schema()
        return cls(schema, schema.get("$defs", {}))

    def kinds(self) -> Iterator[dict[str, Any]]:
        """The part itself, then what it refers to, then each of several kinds of value that it allows."""
        yield self.schema
        for part in (self.schema, *self.schema.get("anyOf", ())):
            if part is not self.schema:
                yield from Node(part, self.definitions).kinds()
            if "$ref" in part and part is self.schema:
                yield from Node(self.definitions[part["$ref"].rpartition("/")[2]], self.definitions).kinds()

    def first(self, name: str, default: Any = None) -> Any:
        """What the schema says under `name`, in the part itself or in one that belongs to it."""
        return next((part[name] for part in self.kinds() if name in part), default)

    @property
    def expected(self) -> str:
        """What would be right, in words."""
        return self.first("expected", "a value")

    @property
    def keys(self) -> list[str]:
        """Of a section."""
        return list(self.first("properties", {}))

    def limit(self, name: str) -> Any:
        """`minimum`, `exclusiveMinimum` ...; None without one."""
        return self.first(name)

    def key(self, name: Any) -> Node:
        """What belongs to a key of a section, or to any name where there are no fixed keys."""
        if name in (properties := self.first("properties", {})):
            return Node(properties[name], self.definitions)
        named = self.first("patternProperties", {})
        rest = next(iter(named.values()), self.first("additionalProperties"))
        return Node(rest if isinstance(rest, dict) else {}, self.definitions)

    def names(self) -> Node:
        """What belongs to the names themselves."""
        return Node(self.first("propertyNames", {}), self.definitions)

    def item(self) -> Node:
        """What belongs to an item of a list."""
        return Node(self.first("items", {}), self.definitions)
