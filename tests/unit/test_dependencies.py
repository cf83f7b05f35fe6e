import ast
import re
from pathlib import Path

import pytest

from reward_memory.jobs import code_hash
from reward_memory.jobs.code_hash import reached, source_hash

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src/reward_memory"
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))

FILES = {
    "__init__.py": "",
    "errors.py": "class InputError(Exception):\n    pass\n",
    "settings.yaml": "depth: 3\n",
    "grading/__init__.py": "from .grader import Grader\nfrom .sandbox import Sandbox as Box\n\nLIMIT = 3\n",
    "grading/grader.py": "from ..errors import InputError\n\n\nclass Grader:\n    pass\n",
    "grading/sandbox.py": "import reward_memory_test.deep.water\n",
    "deep/__init__.py": "",
    "deep/water.py": "from . import fish\n",
    "deep/fish.py": "FINS = 2\n",
    "late.py": "def run():\n    from .deep import fish\n\n    return fish.FINS\n",
    "alone.py": "",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own; call it with a script's text to get the files that the script reaches."""
    folder = tmp_path / "reward_memory_test"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(code_hash, "PACKAGE", folder)
    monkeypatch.setattr(code_hash, "NAME", "reward_memory_test")
    forget()
    yield Package(folder)
    forget()


def forget():
    code_hash._imports.cache_clear()
    code_hash._content.cache_clear()


class Package:
    def __init__(self, folder: Path):
        self.folder, self.script = folder, folder.parent / "script.py"

    def reached(self, text: str, *extra: str) -> set[str]:
        self.script.write_text(text)
        forget()
        return {str(path.relative_to(self.folder)) for path in reached(self.script, extra) if path != self.script}

    def hash(self, text: str = "from reward_memory_test.late import run\n", *extra: str) -> str:
        self.script.write_text(text)
        forget()
        return source_hash(self.script, extra)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))


def test_an_import_leads_to_the_module_and_what_it_imports(package):
    assert package.reached("from reward_memory_test.grading.grader import Grader") == {"grading/grader.py", "errors.py"}


def test_an_import_inside_a_function_counts(package):
    assert package.reached("from reward_memory_test.late import run") == {"late.py", "deep/fish.py"}


def test_a_name_that_a_package_passes_on_leads_to_its_origin_alone(package):
    assert package.reached("from reward_memory_test.grading import Grader") == {"grading/grader.py", "errors.py"}


def test_a_renamed_name_is_followed_too(package):
    expected = {"grading/sandbox.py", "deep/water.py", "deep/fish.py"}
    assert package.reached("from reward_memory_test.grading import Box") == expected


def test_a_name_that_a_package_makes_itself_leads_to_all_that_it_imports(package):
    found = package.reached("from reward_memory_test.grading import LIMIT")
    assert found == {"grading/__init__.py", "grading/grader.py", "errors.py"} | {
        "grading/sandbox.py",
        "deep/water.py",
        "deep/fish.py",
    }


def test_a_plain_import_counts(package):
    assert package.reached("import reward_memory_test.deep.water as w") == {"deep/water.py", "deep/fish.py"}


def test_another_packages_modules_are_left_out(package):
    assert package.reached("import json\nfrom pathlib import Path\nimport reward_memory_test_other.alone") == set()


def test_an_extra_is_a_file_or_all_modules_of_a_folder(package):
    assert package.reached("", "settings.yaml", "deep") == {
        "settings.yaml",
        "deep/__init__.py",
        "deep/water.py",
        "deep/fish.py",
    }


def test_an_extra_that_is_not_there_is_an_error(package):
    with pytest.raises(ValueError, match=r"deep/bird\.py is not in"):
        package.reached("", "deep/bird.py")


def test_modules_that_import_each_other_come_to_an_end(package):
    (package.folder / "deep/fish.py").write_text("from . import water\n")
    assert package.reached("from reward_memory_test.deep import water") == {"deep/water.py", "deep/fish.py"}


def test_an_edit_of_code_that_is_reached_changes_the_hash(package):
    before = package.hash()
    package.edit("deep/fish.py", "2", "3")
    assert package.hash() != before


def test_an_edit_of_code_that_is_not_reached_changes_no_hash(package):
    before = package.hash()
    package.edit("grading/grader.py", "pass", "x = 1")
    assert package.hash() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def run():", "def run():  # swims"),
        ("def run():\n", "# above\n\n\n\ndef run():\n"),
        ("def run():\n", 'def run():\n    """New."""\n'),
        ("def run", '"""A module."""\n\n\ndef run'),
    ],
    ids=["comment", "lines", "docstring of a function", "docstring of a module"],
)
def test_a_comment_or_docstring_changes_no_hash(package, old, new):
    before = package.hash()
    package.edit("late.py", old, new)
    assert package.hash() == before


def test_an_edited_docstring_changes_no_hash(package):
    package.edit("late.py", "def run():\n", 'def run():\n    """Old."""\n')
    before = package.hash()
    package.edit("late.py", "Old.", "New.")
    assert package.hash() == before


def test_a_text_that_is_no_docstring_changes_the_hash(package):
    package.edit("late.py", "return fish.FINS", "return 'two'")
    before = package.hash()
    package.edit("late.py", "two", "three")
    assert package.hash() != before


def test_the_script_itself_and_its_name_count(package):
    assert package.hash("x = 1") != package.hash("x = 2")
    before = package.hash("x = 1")
    package.script = package.script.with_name("other.py")
    assert package.hash("x = 1") != before


def test_an_extra_that_is_no_python_counts_to_the_letter(package):
    before = package.hash("", "settings.yaml")
    package.edit("settings.yaml", "depth: 3", "depth: 3 # deep")
    assert package.hash("", "settings.yaml") != before


# --- the project's own scripts, rules and modules


def files(script: str, *extra: str) -> set[str]:
    return {
        str(path.relative_to(SOURCES))
        for path in reached(ROOT / f"scripts/{script}.py", extra)
        if path.is_relative_to(SOURCES)
    }


def packages(script: str) -> set[str]:
    return {name.split("/")[0].removesuffix(".py") for name in files(script)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_reaches_the_job_and_has_a_hash(script):
    assert "runtime.py" in files(script.stem)
    assert re.fullmatch("[0-9a-f]{16}", source_hash(script))


def test_evaluation_depends_on_sampling_and_verifiers_but_not_on_training_or_memory():
    assert packages("evaluate") >= {"generation", "verifiers", "evaluation"}
    assert not packages("evaluate") & {"training", "graph_memory", "labels", "benchmarks", "tables", "configuration"}


def test_rollouts_depend_on_no_verifier():
    assert not packages("rollouts") & {"verifiers", "evaluation", "training", "graph_memory", "labels"}


def test_the_reward_model_depends_on_no_verifier_and_no_policy():
    assert not packages("reward_model") & {"verifiers", "generation", "policies", "training", "evaluation", "labels"}


def test_tables_depend_on_statistics_and_not_on_the_making_of_grades():
    assert packages("accuracy_table") >= {"tables", "evaluation"}
    assert not packages("accuracy_table") & {"verifiers", "generation", "training", "graph_memory", "policies"}


RULE = re.compile(r"^rule (?P<name>\w+):(?P<body>.*?)(?=^rule |\Z)", re.MULTILINE | re.DOTALL)
RULES = {
    match["name"]: match["body"]
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for match in RULE.finditer(path.read_text())
    if "script:" in match["body"]
}


def sources(rule: str) -> list[str]:
    """The arguments of a rule's `src=sources(...)`."""
    return re.findall(r'"([^"]+)"', re.search(r"src=sources\((.*?)\)", RULES[rule], re.DOTALL)[1])


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_hashes_the_script_that_it_runs(rule):
    script, *extra = sources(rule)
    assert f'"../scripts/{script}.py"' in RULES[rule]
    source_hash(ROOT / f"scripts/{script}.py", tuple(extra))


@pytest.mark.parametrize("rule", ["evaluate", "verdicts", "train"])
def test_a_rule_that_grades_depends_on_what_runs_inside_the_sandbox(rule):
    # they are started as programs, so no import leads to them
    started = {
        "verifiers/sandbox/inside/runner.py",
        "verifiers/sandbox/inside/confine.py",
        "verifiers/symbolic_worker.py",
    }
    assert files(*sources(rule)) >= started


def test_training_depends_on_what_verl_loads_by_name():
    loaded = {"training/plugin.py", "training/trainer.py", "training/reward.py", "training/agent_loop.yaml"} | {
        "training/agent_loop.py",
        "training/cpu/plugin.py",
        "training/cpu/rollout.py",
        "graph_memory/reward_model.py",
    }
    assert files(*sources("train")) >= loaded


#: design.md's floors, ground floor first; the workflow and the command line stand on top.
FLOORS = [
    {"errors", "orphans", "fidelity", "devices", "schema_check", "alone", "scratch"},
    {
        "schemas",
        "reading",
        "provenance",
        "randomness",
        "progress",
        "lease",
        "dependencies",
        "finished",
        "records",
        "runtime",
    },
    {"benchmarks", "verifiers"},
    {"policies", "generation", "imported"},
    {"labels"},
    {"graph_memory"},
    {"error_memory"},
    {"training"},
    {"evaluation", "tables", "figures", "pages"},
    {"configuration", "algorithms", "variants", "allocations", "left_over", "arms", "cost", "cli"}
    | {"config_reading", "plausible", "result_folder", "verl_overrides"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, anywhere in it."""
    here = ["reward_memory", *path.relative_to(SOURCES).with_suffix("").parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level], *(node.module or "").split(".")] if node.level else [node.module]
            found |= {".".join(filter(None, [*base, alias.name])) for alias in node.names}
    return found


MODULES = sorted(SOURCES.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_a_module_imports_only_from_its_own_and_lower_floors_and_never_snakemake(path):
    mine = path.relative_to(SOURCES).parts[0].removesuffix(".py")
    if mine == "__init__":
        return
    for name in imports(path):
        outer, *inner = name.split(".")
        assert outer != "snakemake"
        if outer == "reward_memory":
            assert FLOOR[inner[0]] <= FLOOR[mine], f"{mine} must not import {name}"
        elif outer in ("verl", "ray", "vllm", "transfer_queue"):
            assert mine in ("training", "generation")


def test_packages_of_one_floor_do_not_import_each_other_in_a_circle():
    edges: dict[str, set[str]] = {}
    for path in MODULES:
        mine = path.relative_to(SOURCES).parts[0].removesuffix(".py")
        theirs = {name.split(".")[1] for name in imports(path) if name.startswith("reward_memory.")}
        edges.setdefault(mine, set()).update(theirs - {mine})
    while free := [name for name, to in edges.items() if not to & edges.keys()]:
        for name in free:
            del edges[name]
    assert edges == {}
