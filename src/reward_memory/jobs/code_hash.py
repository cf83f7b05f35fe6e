"""The hash of the code behind a rule: its script and the parts of the library that it names.

Snakemake notices a changed script but not a changed module that the script imports. A test checks that
each rule names what its script imports.
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
#: Part of every hash. The packages jobs and storage are in none: they move files and change no number. The package
#: settings is in none because the values that it checks are in a job's params, which Snakemake compares.
ALWAYS = ("seeds.py",)
#: Maximum number of cached digests, enough for about twenty versions of the library. The cache saves each dry run and
#: each cluster job the second that parsing all files takes.
MOST_KEPT = 6000
#: Version of the output of `_syntax`; a change invalidates cached digests.
FORM = 1


def code_hash(script: Path, *parts: str) -> str:
    """16 hex digits for a script and parts of the library; comments, docstrings and layout do not count.

    parts  packages, modules or other files, relative to the library

    ValueError if a part does not exist.
    """
    count = len(_cached())
    total = hashlib.sha256(f"{script.name}{_content(script)}".encode())
    for path in sorted({path for part in (*ALWAYS, *parts) for path in _files(part)}):
        total.update(f"{path.relative_to(LIBRARY)}{_content(path)}".encode())
    _save(count)
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
    """The text of a file; for a Python file, the digest of its syntax tree."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    key = hashlib.sha256(text.encode()).hexdigest()
    digests = _cached()
    if key not in digests:
        digests[key] = hashlib.sha256(_syntax(text).encode()).hexdigest()
    return digests[key]


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


def _cache_file() -> Path:
    """The user's cache file. Its name has the Python version, which affects printed syntax trees, and FORM."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder, "reward-memory", f"code-{FORM}-{sys.implementation.cache_tag}.json")


@cache
def _cached() -> dict[str, str]:
    """Digest of a file's text -> digest of its syntax."""
    try:
        digests = json.loads(_cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return {}
    return digests if isinstance(digests, dict) and len(digests) < MOST_KEPT else {}


def _save(count: int) -> None:
    """Write the cache if it has more than the `count` entries that were read; failures are ignored."""
    if len(_cached()) > count:
        with contextlib.suppress(Exception):
            write_json(_cache_file(), _cached())
