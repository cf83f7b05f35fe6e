"""Configuration files as text: what YAML itself would let pass, or refuse without saying where."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from reward_memory.errors import InputError

#: Where a file sets it, Snakemake's template engine yte makes the settings, and keys may come twice.
_TEMPLATE = "__use_yte__"
_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
#: Numbers that YAML does not take for what they look like: 010 is 8, and 1:30 is 90.
_STRANGE = re.compile(r"[-+]?(0[0-9_]+|.*:.*)")
#: What word processors and web pages put in place of plain quotes and spaces; YAML takes them for letters.
_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_SPACES = "\u00a0\u2007\u202f\u200b\u2060\ufeff"


def check(files: Iterable[str | Path]) -> None:
    """Read configuration files once more, for what Snakemake's own reader does not say.

    InputError, one sentence with file, line and fix, for the first file that is not YAML or JSON in UTF-8, or that
    gives a key twice in one section: YAML would keep the last one without a word.
    """
    for file in files:
        read(Path(os.path.relpath(file)))


def named(files: Sequence[str | Path], given: Collection[str]) -> str:
    """What messages call a configuration that is merged from files and from what `--config` gives."""
    parts = [os.path.relpath(path) for path in files] + ["--config"] * bool(given)
    return " + ".join(parts) or "config"


def read(path: Path) -> dict[str, Any]:
    """The settings in one configuration file; InputError as in `check`."""
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
        # "-sig": editors on Windows begin a file with a byte order mark
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
        # first: making values of the nodes puts merged keys into their sections
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


def _mapping(path: Path, found: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise InputError(f"{path}: holds no settings by name; write lines such as `results: results`.")
    return dict(found)


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: {twice}: is given twice in one section; keep one of them.")
    return found


def _mistakes(
    node: yaml.Node | None, path: tuple[str, ...], above: tuple[yaml.Node, ...], done: set[int]
) -> Iterator[str]:
    """Keys that a section has twice, aliases for a section around them, and numbers that YAML reads otherwise.

    path   the keys that lead to the node
    above  the nodes around it
    done   ids of the nodes that are finished: an alias leads to the same node again
    """
    if node in above:
        yield f"line {node.start_mark.line + 1}: {': '.join(path)}: refers to itself; write the settings out."
    elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _STRANGE.fullmatch(node.value):
        yield (
            f"line {node.start_mark.line + 1}: {': '.join(path)}: {node.value} is another number to YAML, which counts "
            "in eights after a 0 and in sixties at a colon; write it without them, or in quotes."
        )
    elif isinstance(node, yaml.ScalarNode) and (wrong := _typeset(node)):
        yield f"line {node.start_mark.line + 1}: {': '.join(path)}: {wrong}"
    elif isinstance(node, yaml.CollectionNode) and id(node) not in done:
        if isinstance(node, yaml.MappingNode):
            yield from _twice(node, path)
        for part in node.value:
            key, value = part if isinstance(part, tuple) else (None, part)
            yield from _mistakes(value, (*path, str(key.value)) if key else path, (*above, node), done)
        done.add(id(node))


def _typeset(text: yaml.ScalarNode) -> str | None:
    """What is wrong about a text with signs of a word processor or web page; None if nothing is."""
    if text.style is None and text.value[:1] in _QUOTES and text.value:
        return f"{text.value} is in the quotes of a word processor, which YAML takes for letters; use \" or '."
    if bad := next((sign for sign in text.value if sign in _SPACES), None):
        return f"{text.value!r} holds U+{ord(bad):04X}, which looks like a space or nothing; type it again."
    return None


def _twice(section: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[str]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in section.value:
        known = (key.tag, str(key.value))
        # several merges (<<) are as good as one of a list
        if known in lines and key.tag != _MERGE:
            where = ": ".join((*path, known[1]))
            yield (
                f"line {key.start_mark.line + 1}: {where}: is given twice, first in line {lines[known]}; "
                "keep one of them."
            )
        lines.setdefault(known, key.start_mark.line + 1)
