"""Read configuration files, with checks that YAML itself lacks and error messages that name the line."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from reward_memory.errors import InputError

#: Key that makes Snakemake's template engine yte produce the settings; keys may then be repeated.
_TEMPLATE = "__use_yte__"
_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
#: Numbers that YAML reads differently than they look: 010 is 8, and 1:30 is 90.
_AMBIGUOUS = re.compile(r"[-+]?(0[0-9_]+|.*:.*)")
#: Typographic quotes and spaces from word processors and web pages; YAML treats them as letters.
_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_SPACES = "\u00a0\u2007\u202f\u200b\u2060\ufeff"


def check(files: Iterable[str | Path]) -> None:
    """Read configuration files again, to find mistakes that Snakemake's reader does not report.

    Raise InputError, one sentence with file, line and fix, for the first file that is not YAML or JSON in UTF-8, or
    that repeats a key in one section: YAML would silently keep the last one.
    """
    for file in files:
        read(Path(os.path.relpath(file)))


def named(files: Sequence[str | Path], given: Collection[str]) -> str:
    """Name in messages of a configuration that is merged from files and `--config` values."""
    parts = [os.path.relpath(path) for path in files] + ["--config"] * bool(given)
    return " + ".join(parts) or "config"


def read(path: Path) -> dict[str, Any]:
    """Return the settings of one configuration file. Raise InputError as `check` does."""
    text = _text(path)
    try:
        return _mapping(path, json.loads(text, object_pairs_hook=lambda pairs: _unique(path, pairs)))
    except (ValueError, RecursionError) as error:
        if path.suffix == ".json":
            line = getattr(error, "lineno", 1)
            raise InputError(f"{path}: line {line}: not JSON ({error}); correct that line.") from error
    return _yaml(path, text)


def _text(path: Path) -> str:
    try:
        # "-sig": Windows editors start files with a byte order mark
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file in {Path.cwd()}; copy the workflow's config.yaml there, or name a file with "
            "--configfile."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}: line {line}: not UTF-8 (byte {error.object[error.start]:#04x}); save the file as UTF-8."
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a readable file.") from error


def _yaml(path: Path, text: str) -> dict[str, Any]:
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        # must come first: constructing the values moves merged keys into their sections
        wrong = next(_mistakes(node, (), (), set()), None)
        settings = _mapping(path, None if node is None else loader.construct_document(node))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sign = ord(text[error.position])
        raise InputError(
            f"{path}: line {line}: the character U+{sign:04X} is not allowed in YAML; remove it."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = " ".join(filter(None, [error.context, error.problem]))
        raise InputError(f"{path}: line {line}: not YAML ({problem}); correct that line or the one before.") from error
    except RecursionError as error:
        raise InputError(f"{path}: sections are nested too deeply; write settings as in config.yaml.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: a value cannot be read ({error}); put it in quotes.") from error
    if wrong and not settings.get(_TEMPLATE):
        raise InputError(f"{path}: {wrong}")
    return settings


def _mapping(path: Path, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{path}: is not a mapping of keys to values; write lines such as `results: results`.")
    return dict(value)


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    section = dict(pairs)
    if len(section) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: {twice}: is given twice in one section; keep one of them.")
    return section


def _mistakes(
    node: yaml.Node | None, path: tuple[str, ...], above: tuple[yaml.Node, ...], visited: set[int]
) -> Iterator[str]:
    """Yield duplicate keys, aliases that refer to a section around them, and text or numbers that YAML misreads.

    path     keys that lead to the node
    above    parent nodes
    visited  ids of finished nodes: an alias leads to the same node again
    """
    if node in above:
        yield f"line {node.start_mark.line + 1}: {': '.join(path)}: refers to itself; write the settings out."
    elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _AMBIGUOUS.fullmatch(node.value):
        yield (
            f"line {node.start_mark.line + 1}: {': '.join(path)}: {node.value} is a different number to YAML (octal "
            "after a leading 0, base 60 with a colon); write it without them, or in quotes."
        )
    elif isinstance(node, yaml.ScalarNode) and (wrong := _typographic(node)):
        yield f"line {node.start_mark.line + 1}: {': '.join(path)}: {wrong}"
    elif isinstance(node, yaml.CollectionNode) and id(node) not in visited:
        if isinstance(node, yaml.MappingNode):
            yield from _duplicates(node, path)
        for part in node.value:
            key, value = part if isinstance(part, tuple) else (None, part)
            yield from _mistakes(value, (*path, str(key.value)) if key else path, (*above, node), visited)
        visited.add(id(node))


def _typographic(text: yaml.ScalarNode) -> str | None:
    """Return what is wrong with a text that has typographic quotes or spaces, or None."""
    if text.style is None and text.value[:1] in _QUOTES and text.value:
        return f"{text.value} has typographic quotes, which YAML reads as part of the text; use \" or '."
    if bad := next((sign for sign in text.value if sign in _SPACES), None):
        return f"{text.value!r} contains U+{ord(bad):04X}, which looks like a space or is invisible; type it again."
    return None


def _duplicates(section: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[str]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in section.value:
        name = (key.tag, str(key.value))
        # several merges (<<) mean the same as one merge of a list
        if name in lines and key.tag != _MERGE:
            where = ": ".join((*path, name[1]))
            yield (
                f"line {key.start_mark.line + 1}: {where}: is given twice, first in line {lines[name]}; "
                "keep one of them."
            )
        lines.setdefault(name, key.start_mark.line + 1)
