"""The hash of the code behind a rule: its script and the parts of the library that it names.

Snakemake notices a changed script but not a changed module that the script imports. A test compares what each rule
names with what its script imports.
"""

import ast
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reward_memory.storage.files import write_json

LIBRARY = Path(__file__).parents[1]
#: Part of every hash. The packages jobs and storage are part of none: they move files and change no number. Nor is
#: settings: all that it checks is in the params of a job, which Snakemake compares.
ALWAYS = ("seeds.py",)
#: Digests kept between runs, of some twenty versions of the library. Every planning and every job of a cluster needs
#: all of them, and parsing takes a second.
MOST_KEPT = 6000
#: Of what `_syntax` returns; another one makes kept digests void.
FORM = 1


def code_hash(script: Path, *parts: str) -> str:
    """16 hex digits for a script and parts of the library; comments, docstrings and layout do not count.

    parts  packages, modules or other files, relative to the library

    ValueError if a part does not exist.
    """
    count = len(_known())
    total = hashlib.sha256(f"{script.name}{_content(script)}".encode())
    for path in sorted({path for part in (*ALWAYS, *parts) for path in _files(part)}):
        total.update(f"{path.relative_to(LIBRARY)}{_content(path)}".encode())
    _keep(count)
    return total.hexdigest()[:16]


@cache
def _files(part: str) -> tuple[Path, ...]:
    path = LIBRARY / part
    if not path.exists():
        raise ValueError(f"{part} is not in {LIBRARY}")
    return tuple(_sources(path)) if path.is_dir() else (path,)


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".py", ".yaml"))


@cache
def _content(path: Path) -> str:
    """The text of a file; of a Python file a digest of what it does."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    written = hashlib.sha256(text.encode()).hexdigest()
    known = _known()
    if written not in known:
        known[written] = hashlib.sha256(_syntax(text).encode()).hexdigest()
    return known[written]


def _syntax(text: str) -> str:
    """The syntax tree of a module, without docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            constant = body[0].value
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                body[:1] = [] if len(body) > 1 else [ast.Pass()]
    return ast.dump(tree)


def _kept() -> Path:
    """The user's file of digests; Python's versions print syntax trees differently, and so may another `_syntax`."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder, "reward-memory", f"code-{FORM}-{sys.implementation.cache_tag}.json")


@cache
def _known() -> dict[str, str]:
    """Digest of a file's text -> digest of its syntax."""
    try:
        found = json.loads(_kept().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return {}
    return found if isinstance(found, dict) and len(found) < MOST_KEPT else {}


def _keep(count: int) -> None:
    """Write the digests where there are more than the `count` that were read; a folder that takes none does no harm."""
    if len(_known()) > count:
        with contextlib.suppress(Exception):
            write_json(_kept(), _known())
