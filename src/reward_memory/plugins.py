"""Plugins ("parts") by name: predictors, penalties, tables and benchmarks, from this or another installed package.

A part is a function with the decorator `@register("name", ...)`, in a separate file. This package's files are in one
folder per kind. Other packages declare an entry point: its name is the part's, its value the module that registers it.
Planning parses names and options from the source files, so it imports neither torch nor the part.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar

from .errors import InputError

Part = TypeVar("Part")


@dataclass(frozen=True)
class Declared:
    """Location of a part.

    module   absolute module name
    options  keyword arguments of `register` that are literals
    rivals   modules of other installed packages that provide the same name
    """

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()


def declared(folder: Path, package: str) -> dict[str, Declared]:
    """Return name -> part for all files in a package's folder. Raise ValueError if a name occurs twice."""
    found: dict[str, Declared] = {}
    for path in sorted(folder.rglob("*.py")):
        module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
        for name, part in _of_file(path, module):
            if name in found:
                raise ValueError(f"{module}: {name!r} is registered in {found[name].module}, too.")
            found[name] = part
    return found


def outside(group: str) -> dict[str, Declared]:
    """Return name -> part for the entry points of installed packages.

    If a module cannot be found or does not register the name, the part has no options; `Parts.find` raises the error.
    """
    found: dict[str, Declared] = {}
    for point in entry_points(group=group):
        try:
            spec = find_spec(point.value)
            parts = dict(_of_file(Path(spec.origin), point.value)) if spec and spec.has_location and spec.origin else {}
        except (ImportError, ValueError, SyntaxError, OSError):
            parts = {}
        part = parts.get(point.name, Declared(point.value))
        if first := found.get(point.name):
            part = replace(first, rivals=(*first.rivals, part.module))
        found[point.name] = part
    return found


def _of_file(path: Path, module: str) -> Iterator[tuple[str, Declared]]:
    text = path.read_text(encoding="utf-8")
    if "@register(" not in text:
        return
    for node in ast.parse(text).body:
        for call in getattr(node, "decorator_list", []):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register":
                given = {word.arg: _constant(word.value) for word in call.keywords if word.arg}
                options = {name: value for name, value in given.items() if value is not None}
                for name in map(ast.literal_eval, call.args):
                    yield name, Declared(module, options)


def _constant(node: ast.expr) -> Any:
    """Value of an expression, None if it is not a literal."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


class Parts(Generic[Part]):
    """Registry of the parts of one kind.

    key       configuration key, or another word, that starts each message
    group     entry point group
    folder    folder with this package's files of the kind
    package   module name of the folder
    reserved  names with another meaning, which no part may have
    """

    def __init__(self, key: str, group: str, folder: Path, package: str, reserved: Collection[str] = ()):
        self.key, self.group, self._reserved = key, group, reserved
        self._inside, self._outside = declared(folder, package), outside(group)
        self._registered: dict[str, Part] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted; imports nothing."""
        return tuple(sorted({*self._inside, *self._outside}))

    def declared(self, name: str) -> Declared:
        """Return the location of a part. Raise InputError if no part or several parts have that name."""
        if name not in self.names:
            raise InputError(f"{self.key}: {name!r} is not one of {', '.join(self.names)}.")
        if name in self._inside and name not in self._outside:
            return self._inside[name]
        part = self._outside[name]
        if name in self._inside or name in self._reserved:
            raise InputError(
                f"{self.key}: {name}: {part.module} registers a name that is already taken; choose another."
            )
        if part.rivals:
            modules = " and ".join((part.module, *part.rivals))
            raise InputError(f"{self.key}: {name}: {modules} all register it; uninstall all but one of these packages.")
        return part

    def options(self, name: str) -> Mapping[str, Any]:
        """Options that a part's file declares; empty if the part cannot be used."""
        try:
            return self.declared(name).options
        except InputError:
            return {}

    def add(self, name: str, part: Part) -> None:
        """Register a part. Raise ValueError if the name is taken."""
        if name in self._registered:
            raise ValueError(f"{self.key}: {name!r} is registered twice.")
        self._registered[name] = part

    def import_inside(self) -> None:
        """Import all of this package's files of the kind."""
        for module in sorted({part.module for part in self._inside.values()}):
            import_module(module)

    def find(self, name: str) -> Part:
        """Import and return a part. Raise InputError if it does not exist or its module does not register it."""
        module = self.declared(name).module
        if name not in self._registered:
            try:
                import_module(module)
            except Exception as error:  # other packages may raise anything on import
                raise InputError(f"{self.key}: {name}: {module} cannot be imported: {error}") from error
            if name not in self._registered:
                raise InputError(f"{self.key}: {name}: {module} does not register it; see docs/extend.md.")
        return self._registered[name]
