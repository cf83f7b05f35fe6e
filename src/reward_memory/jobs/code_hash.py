"""The hash of the code behind a rule: its script and the parts of the library that it names.

Snakemake notices a changed script but not a changed module that the script imports. A test compares what each rule
names with what its script imports.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).parents[1]
#: Part of every hash. The packages jobs and storage are part of none: they move files and change no number. Nor is
#: settings: all that it checks is in the params of a job, which Snakemake compares.
ALWAYS = ("seeds.py",)


def code_hash(script: Path, *parts: str) -> str:
    """16 hex digits for a script and parts of the library; comments, docstrings and layout do not count.

    parts  packages, modules or other files, relative to the library

    ValueError if a part does not exist.
    """
    total = hashlib.sha256(f"{script.name}{_content(script)}".encode())
    for path in sorted({path for part in (*ALWAYS, *parts) for path in _files(part)}):
        total.update(f"{path.relative_to(LIBRARY)}{_content(path)}".encode())
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
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            constant = body[0].value
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                body[:1] = [] if len(body) > 1 else [ast.Pass()]
    return ast.dump(tree)
