"""Generate docs/configuration.md: one table per section, from the settings models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.settings import Configuration, json_schema
from reward_memory.settings.json_schema import Node
from reward_memory.storage.files import write_text

from . import resources

PAGE, SCHEMA = "docs/configuration.md", "schemas/config.schema.json"
COMMAND = "reward-memory config --write"
_HEAD = f"""# Configuration

Every key of config.yaml with its type, default and meaning. `NAME` is a name that you choose. A mistake stops the run
before any job, with one sentence that names the file, the key and the fix.

`reward-memory config --explain training.clip_ratio_low` prints one of these keys with its value in config.yaml. Editors
with a YAML language server complete and check keys by schemas/config.schema.json, which the first line of config.yaml
names.

This page and that schema are generated from src/reward_memory/settings: edit there, then run
`{COMMAND}`.
"""


def files() -> dict[str, str]:
    """Return path in a checkout -> text of each generated file."""
    return {PAGE: page(), SCHEMA: json_schema.text()}


def write(checkout: Path) -> None:
    """Write the generated files. Raise InputError if `checkout` is not a checkout."""
    for name, text in files().items():
        if not (checkout / name).parent.is_dir():
            raise InputError(f"{checkout / name}: no such folder; run the command in a checkout of the workflow.")
        write_text(checkout / name, text)


def page() -> str:
    """Return the text of docs/configuration.md."""
    parts = [_HEAD]
    for path, node in sections(Node.of(Configuration)):
        title = f"## `{path}`\n\n{_about(node)}\n" if path else f"## Top level\n\n{_about(node)}\n"
        rows = [_row(path, node, key) for key in node.keys]
        parts.append("\n".join([title, "| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def sections(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Yield (path, part of the schema) of every section, outer sections first."""
    yield path, node
    for key in node.keys:
        part, inner = node.key(key), f"{path}.{key}" if path else key
        if part.keys:
            yield from sections(part, inner)
        # resources of one policy have the same keys as those of the rule
        elif (named := part.key(None)).keys and not path.startswith("resources."):
            yield from sections(named, f"{inner}.NAME")


def kind(node: Node) -> str:
    """Allowed types or values of a key, with limits."""
    return " or ".join(dict.fromkeys(filter(None, map(_kind, _alternatives(node)))))


def default(node: Node, key: str, path: str) -> str | None:
    """Default of a key in the section `node` at `path`, as YAML; None if the key is required."""
    rule = path.removeprefix("resources.")
    if rule in resources.DEFAULTS and key in resources.DEFAULTS[rule]:
        return yaml(resources.DEFAULTS[rule][key])
    if key in node.first("required", []):
        return None
    schema = node.key(key).schema
    return yaml(schema["default"]) if "default" in schema else "absent"


def yaml(value: Any) -> str:
    """Format a value for a configuration file, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _alternatives(node: Node) -> list[Node]:
    if "anyOf" in node.schema:
        return [part for one in node.schema["anyOf"] for part in _alternatives(Node(one, node.definitions))]
    return [node]


def _kind(node: Node) -> str:
    if node.keys:
        return "section"
    if (values := node.first("enum") or ([node.schema["const"]] if "const" in node.schema else None)) is not None:
        return " or ".join(f"`{yaml(value)}`" for value in values)
    kind = node.first("type")
    if kind in ("integer", "number"):
        return kind + _range(node)
    if kind == "array":
        return f"list of {_kind(node.item())}"
    if kind == "object":
        named = node.key(None)
        return f"names with {kind_of_named(named)}" if named.schema else "settings"
    return {"string": "text", "boolean": "`true` or `false`", "null": "`null`"}.get(kind, "")


def kind_of_named(node: Node) -> str:
    """Describe the value that each name of a mapping takes."""
    return {"section": "a section each", "settings": "settings each"}.get(text := kind(node), f"{text} each")


def _range(node: Node) -> str:
    least, above = node.limit("minimum"), node.limit("exclusiveMinimum")
    most, below = node.limit("maximum"), node.limit("exclusiveMaximum")
    low = f"from {_plain(least)}" if above is None else f"above {_plain(above)}"
    high = f"to {_plain(most)}" if below is None else f"to below {_plain(below)}"
    multiple = node.limit("multipleOf")
    return f" {low} {high}" + (f" in steps of {multiple}" if multiple else "")


def _plain(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _about(node: Node) -> str:
    return node.first("description", "")


def _row(path: str, node: Node, key: str) -> str:
    part = node.key(key)
    value = default(node, key, path)
    shown = "required" if value is None else value if value == "absent" else f"`{value}`"
    cells = (f"`{key}`", kind(part), "" if part.keys and shown == "absent" else shown, part.schema["description"])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
