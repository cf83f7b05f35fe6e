"""The unit test files that import a module, the nearest first."""

import ast
import re
from collections import deque
from pathlib import Path

from mutation.sites import is_text

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/reward_memory"
TESTS = ROOT / "tests/unit"


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def nearest_tests(names: list[str], most: int) -> dict[str, list[Path]]:
    """At most `most` test files of each module: fewest imports between first, then most words in common."""
    files = {dotted(file): file for file in PACKAGE.rglob("*.py")} | {file.stem: file for file in TESTS.glob("*.py")}
    importers: dict[str, list[str]] = {name: [] for name in files}
    for name, file in sorted(files.items()):
        for other in imported(file, name, set(files)):
            importers[other].append(name)
    return {name: [files[test] for test in _by_distance(name, importers, files)][:most] for name in names}


def imported(file: Path, name: str, known: set[str]) -> set[str]:
    """The known modules that a file imports anywhere in it, or names as a script next to it."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif is_text(node) and str(node.value).endswith(".py"):
            found.add(f"{package}.{str(node.value).removesuffix('.py')}")
    return found & known - {name}


def _by_distance(start: str, importers: dict[str, list[str]], files: dict[str, Path]) -> list[str]:
    distance, queue = {start: 0}, deque([start])
    while queue:
        name = queue.popleft()
        for importer in importers[name]:
            # a package only hands on what it imports
            step = 0 if files[importer].name == "__init__.py" else 1
            if distance[name] + step < distance.get(importer, len(files)):
                distance[importer] = distance[name] + step
                queue.append(importer)
    near = {word[:5] for name in importers[start] for word in re.split(r"[._]", name)[2:]}
    stem, parts = (
        {word[:5] for word in re.split(r"[._]", name)} for name in (start.rpartition(".")[2], start.partition(".")[2])
    )

    def key(test: str) -> tuple:
        words = {word[:5] for word in test.split("_")}
        alike = 2 * len(stem & words) + bool(parts & words) + bool(near & words)
        return distance[test] > 1, -alike, distance[test], test

    return sorted((name for name in distance if name.startswith("test_")), key=key)
