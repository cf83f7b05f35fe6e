"""JSON schema of the configuration, and lookups in it, for editors, messages and the reference page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .base import OVERRIDES, Section
from .configuration import Configuration
from .reward_model import PredictedRewards


def text() -> str:
    """Return the text of schemas/config.schema.json, with which editors complete and check keys."""
    generated = Configuration.model_json_schema()
    generated["$defs"][PredictedRewards.__name__] = PredictedRewards.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(generated)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _tidy(part: Any) -> Any:
    """Drop the titles that pydantic generates; refuse names that match no pattern.

    A section of overrides gets the keys of the model that it overrides.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    if model := part.get(OVERRIDES):
        return {"$ref": f"#/$defs/{model}"} | {key: part[key] for key in ("default", "description") if key in part}
    # only strings: `properties` may contain a key named `title`
    kept = {key: _tidy(value) for key, value in part.items() if not (key == "title" and isinstance(value, str))}
    return kept | ({"additionalProperties": False} if "patternProperties" in kept else {})


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a JSON schema.

    schema       the part, with references
    definitions  targets of the references
    """

    schema: dict[str, Any]
    definitions: dict[str, Any]

    @classmethod
    def of(cls, model: type[Section]) -> Node:
        schema = model.model_json_schema()
        return cls(schema, schema.get("$defs", {}))

    def kinds(self) -> Iterator[dict[str, Any]]:
        """Yield the part, then the target of its reference, then each of its alternatives (anyOf)."""
        yield self.schema
        for part in (self.schema, *self.schema.get("anyOf", ())):
            if part is not self.schema:
                yield from Node(part, self.definitions).kinds()
            if "$ref" in part and part is self.schema:
                yield from Node(self.definitions[part["$ref"].rpartition("/")[2]], self.definitions).kinds()

    def first(self, name: str, default: Any = None) -> Any:
        """Value of the first `name` in the part or in one of its `kinds`, else `default`."""
        return next((part[name] for part in self.kinds() if name in part), default)

    @property
    def expected(self) -> str:
        """Valid values, in words."""
        return self.first("expected", "a value")

    @property
    def keys(self) -> list[str]:
        """Keys of a section."""
        return list(self.first("properties", {}))

    def limit(self, name: str) -> Any:
        """Value of `minimum`, `exclusiveMinimum` and so on; None if there is none."""
        return self.first(name)

    def key(self, name: Any) -> Node:
        """Schema of a key of a section, or of any name if there are no fixed keys."""
        if name in (properties := self.first("properties", {})):
            return Node(properties[name], self.definitions)
        named = self.first("patternProperties", {})
        rest = next(iter(named.values()), self.first("additionalProperties"))
        return Node(rest if isinstance(rest, dict) else {}, self.definitions)

    def names(self) -> Node:
        """Schema of the names themselves."""
        return Node(self.first("propertyNames", {}), self.definitions)

    def item(self) -> Node:
        """Schema of a list item."""
        return Node(self.first("items", {}), self.definitions)
