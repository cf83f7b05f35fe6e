"""docs/architecture.md: every file and name on it exists, and its layers are those that import-linter holds."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "src/reward_memory"
PAGE = (ROOT / "docs/architecture.md").read_text()
MENTIONED = sorted({name for name in re.findall(r"`([\w./-]+(?::[\w.]+)?)`", PAGE) if "/" in name})
HOPS = 3


def found(path: str) -> Path:
    root = ROOT if path.startswith(("rules/", "scripts/", "src/", "results/")) else LIBRARY
    return root / path


def names(file: Path) -> set[str]:
    """Functions, classes, `Class.method`s and constants of a module; rules and functions of a Snakefile."""
    if file.suffix == ".smk":
        return set(re.findall(r"^(?:rule|def) (\w+)", file.read_text(), re.MULTILINE))
    listed = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            listed.add(node.name)
        if isinstance(node, ast.ClassDef):
            listed |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            listed |= {target.id for target in targets if isinstance(target, ast.Name)}
    return listed


@pytest.mark.parametrize("mention", [one for one in MENTIONED if not one.startswith("results/")])
def test_a_file_and_a_name_exist(mention):
    path, _, name = mention.partition(":")
    assert found(path).exists()
    if name:
        assert name in names(found(path))


def test_the_layers_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    rows = re.findall(r"^\| (`.*?) \| .+ \|$", PAGE, re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [set(layer.split(" | ")) for layer in layers]


def test_a_walk_has_at_most_three_hops():
    walks = re.findall(r"^\*\*.+\.\*\*\n((?:.+\n)+)", PAGE.split("## Five walks")[1].split("\n## ")[0], re.MULTILINE)
    assert len(walks) == 5
    for walk in walks:
        assert 1 <= walk.count("→") < HOPS, walk
