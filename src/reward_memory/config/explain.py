"""Explain one key: its meaning, its allowed values, and its value in a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.settings import Configuration, renamed
from reward_memory.settings.json_schema import Node

from . import loading, reading, reference


def explain(key: str, file: Path) -> str:
    """Describe a key such as `training.clip_ratio_low`; names with dots need colons, as in `policies:qwen2.5:path`.

    Raise InputError if the key is unknown, or if the file cannot be read or has a mistake.
    """
    parts = [part.strip() for part in key.split(":" if ":" in key else ".")]
    section, node = _resolve(parts)
    lines = [": ".join(parts), f"  {node.schema.get('description') or node.first('description', '')}"]
    if node.keys:
        return "\n".join([*lines, f"  Keys: {', '.join(node.keys)}"])
    kind = reference.kind(node).replace("`", "")
    default = reference.default(section, parts[-1], ".".join(parts[:-1]))
    lines += [
        f"  Expected: {node.expected} ({kind})",
        f"  Default: {'none, it is required' if default is None else default}",
    ]
    return "\n".join([*lines, f"  In {file}: {_value(parts, file, default)}"])


def _resolve(parts: list[str]) -> tuple[Node, Node]:
    """Return (the section that holds a key, the key)."""
    section = node = Node.of(Configuration)
    for depth, part in enumerate(parts):
        section, node = node, node.key(part)
        if not node.schema and (new := renamed.sentence(part, section.keys)):
            raise InputError(f"{': '.join(parts[: depth + 1])}: {new}")
        if not node.schema:
            near = renamed.near(part, section.keys)
            hint = f"; perhaps {near} is meant" if near else f"; valid keys are {', '.join(section.keys)}"
            raise InputError(f"{': '.join(parts[: depth + 1])}: no such key{hint if section.keys else ''}.")
    return section, node


def _value(parts: list[str], file: Path, default: str | None) -> str:
    given = reading.read(file)
    value = _at(loading.load(given, str(file)).model_dump(by_alias=True), parts)
    if value is not _ABSENT:
        return reference.yaml(value) + (" (the default)" if _at(given, parts) is _ABSENT else "")
    # resources: the defaults are filled in later, per rule
    return "absent" if default in (None, "absent") else f"{default} (the default)"


_ABSENT = object()


def _at(settings: Any, parts: list[str]) -> Any:
    for part in parts:
        if not isinstance(settings, dict) or part not in settings:
            return _ABSENT
        settings = settings[part]
    return settings
