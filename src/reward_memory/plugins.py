"""Parts by name: predictors, penalties, tables and benchmarks, of this package or of an installed one.

A part is a function under `@register("name", ...)` in a file of its own. A file of this package is found in the folder
of its kind. One of another package is an entry point: its name is the part's, its value the module that registers it.
Planning reads names and options from the files' text, so it imports neither torch nor anything of the part's.
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
    """Where a part is.

    module   absolute
    options  the keywords of `register` that are plain constants
    rivals   modules of other installed packages that bring the same name
    """

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()


def declared(folder: Path, package: str) -> dict[str, Declared]:
    """name -> part, of all files in a package's folder. ValueError if a name occurs twice."""
    found: dict[str, Declared] = {}
    for path in sorted(folder.rglob("*.py")):
        module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
        for name, part in _of_file(path, module):
            if name in found:
                raise ValueError(f"{module}: {name!r} is registered in {found[name].module}, too.")
            found[name] = part
    return found


def outside(group: str) -> dict[str, Declared]:
    """name -> part, of the installed packages' entry points.

    A module that cannot be found or does not register the name has no options here; `Parts.find` says so.
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
    """The value of an expression, None where it is no constant."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


class Parts(Generic[Part]):
    """The parts of one kind.

    key       of the configuration, or another word that messages begin with
    group     of the entry points
    folder    of this package's files of the kind
    package   the folder's name as a module
    reserved  names that mean something else, which no part may have
    """

    def __init__(self, key: str, group: str, folder: Path, package: str, reserved: Collection[str] = ()):
        self.key, self.group, self._reserved = key, group, reserved
        self._inside, self._outside = declared(folder, package), outside(group)
        self._registered: dict[str, Part] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted; nothing is imported."""
        return tuple(sorted({*self._inside, *self._outside}))

    def declared(self, name: str) -> Declared:
        """Where a part is. InputError if there is none of that name, or two."""
        if name not in self.names:
            raise InputError(f"{self.key}: {name!r} is not one of {', '.join(self.names)}.")
        if name in self._inside and name not in self._outside:
            return self._inside[name]
        part = self._outside[name]
        if name in self._inside or name in self._reserved:
            raise InputError(f"{self.key}: {name}: {part.module} registers a name that there is; choose another.")
        if part.rivals:
            modules = " and ".join((part.module, *part.rivals))
            raise InputError(f"{self.key}: {name}: {modules} bring it, all installed; uninstall all but one.")
        return part

    def options(self, name: str) -> Mapping[str, Any]:
        """What a part's file says of it, empty for one that cannot be used."""
        try:
            return self.declared(name).options
        except InputError:
            return {}

    def add(self, name: str, part: Part) -> None:
        """What `register` does. ValueError if the name is taken."""
        if name in self._registered:
            raise ValueError(f"{self.key}: {name!r} is registered twice.")
        self._registered[name] = part

    def import_inside(self) -> None:
        """Import all of this package's files of the kind."""
        for module in sorted({part.module for part in self._inside.values()}):
            import_module(module)

    def find(self, name: str) -> Part:
        """The part of that name, imported. InputError if there is none, or its module does not bring it."""
        module = self.declared(name).module
        if name not in self._registered:
            try:
                import_module(module)
            except Exception as error:  # whatever another package's module raises
                raise InputError(f"{self.key}: {name}: {module} cannot be imported: {error}") from error
            if name not in self._registered:
                raise InputError(f"{self.key}: {name}: {module} does not register it; see docs/extend.md.")
        return self._registered[name]
