"""Which files of the library a script uses, so that editing one reruns exactly the rules that use it.

Snakemake notices a changed script but not a changed module that the script imports.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
NAME = PACKAGE.name


def source_hash(script: Path, extra: tuple[str, ...] = ()) -> str:
    """Hash of a script and of all modules of this package that it reaches by imports.

    extra    files or packages that are reached by name rather than by import, relative to the package
    returns  16 hex digits; comments, docstrings and layout do not count

    ValueError if an extra does not exist.
    """
    total = hashlib.sha256()
    for path in sorted(reached(script, extra)):
        total.update(str(path.relative_to(PACKAGE) if path.is_relative_to(PACKAGE) else path.name).encode())
        total.update(_content(path).encode())
    return total.hexdigest()[:16]


def reached(script: Path, extra: tuple[str, ...] = ()) -> set[Path]:
    """The script, and every file of this package that it or its imports lead to."""
    todo = [script]
    for name in extra:
        path = PACKAGE / name
        if not path.exists():
            raise ValueError(f"{name} is not in {PACKAGE}")
        todo += sorted(p for p in path.rglob("*.py")) if path.is_dir() else [path]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += _imports(path)
    return seen


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """Files of this package that one file imports, anywhere in it."""
    if path.suffix != ".py":
        return ()
    found: list[Path] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = _resolve(path, node)
            if base is not None:
                for alias in node.names:
                    found += _follow(base, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == NAME:
                    found += _module(PACKAGE.joinpath(*parts[1:]))
    return tuple(found)


def _resolve(path: Path, node: ast.ImportFrom) -> Path | None:
    """Folder or module stem that a `from … import` names, or None outside this package."""
    parts = (node.module or "").split(".") if node.module else []
    if node.level:
        base = path.parent
        for _ in range(node.level - 1):
            base = base.parent
        return base.joinpath(*parts)
    return PACKAGE.joinpath(*parts[1:]) if parts[:1] == [NAME] else None


def _follow(base: Path, name: str) -> list[Path]:
    """What `from base import name` executes that `name` can depend on.

    A package's `__init__` that only passes the name on is not followed elsewhere: else a rule that uses one
    function of a package would depend on all of the package.
    """
    if not base.is_dir():
        return _module(base)
    if (module := _module(base / name)) != []:
        return module
    init = base / "__init__.py"
    for node in ast.parse(init.read_text(encoding="utf-8")).body if init.exists() else []:
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            origin = _resolve(init, node)
            return _follow(origin, name) if origin is not None else []
    return [init] if init.exists() else []


def _module(stem: Path) -> list[Path]:
    if stem.with_suffix(".py").exists():
        return [stem.with_suffix(".py")]
    return [stem / "__init__.py"] if (stem / "__init__.py").exists() else []


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
