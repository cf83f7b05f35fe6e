"""The reward predictors' names, read without importing them: planning needs no torch.

A predictor of this package is a file with a function under `@register("name", ...)` (`registration`). One of another
package is an entry point of the group GROUP: its name is the predictor's, its value the module that registers it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "reward_memory.reward_models"
#: `graph` with every published behavior of the stage reward_model.
AS_PUBLISHED = "graph-as-published"
#: What `registration.register` takes that planning reads.
FLAGS = ("network", "labels")


@dataclass(frozen=True)
class Declared:
    """Where a predictor is: module, absolute; network and labels, see `registration.register`."""

    module: str
    network: bool
    labels: bool = True


def declared(folder: Path, package: str) -> dict[str, Declared]:
    """name -> predictor, of all files in a package's folder. ValueError if a name occurs twice."""
    found: dict[str, Declared] = {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "@register(" not in text:
            continue
        module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
        for call in _registrations(ast.parse(text)):
            flags = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg in FLAGS}
            for name in map(ast.literal_eval, call.args):
                if name in found:
                    raise ValueError(f"{module}: the reward predictor {name!r} is in {found[name].module}, too.")
                found[name] = Declared(module, flags.get("network", False), flags.get("labels", True))
    return found


def _registrations(tree: ast.Module) -> list[ast.Call]:
    """The calls of `register` that decorate a module's functions."""
    return [
        call
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register"
    ]


DECLARED = declared(Path(__file__).parent, __package__)
#: Those of other packages.
OUTSIDE = {point.name: Declared(point.value, False) for point in entry_points(group=GROUP)}
NAMES = tuple(sorted({AS_PUBLISHED, *DECLARED, *OUTSIDE}))
#: Those that are networks, which fidelity's behaviors are about.
NETWORKS = tuple(name for name in NAMES if name == AS_PUBLISHED or (name in DECLARED and DECLARED[name].network))
#: Those that are fitted without any label.
LABEL_FREE = tuple(name for name in NAMES if name in DECLARED and not DECLARED[name].labels)
