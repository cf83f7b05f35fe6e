import ast
import re
from pathlib import Path

import pytest

from reward_memory.jobs import code_hash as module
from reward_memory.jobs.code_hash import code_hash

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "src/reward_memory"
#: Part of no hash: they move files, find parts by name, plan and report, and change no number. `settings` checks what
#: reaches a job as its params, which Snakemake compares.
WITHOUT = {"__init__.py", "errors.py", "plugins.py", "seeds.py", "jobs", "storage", "config", "settings"}

FILES = {
    "seeds.py": "FIRST = 1\n",
    "settings.yaml": "depth: 3\n",
    "grading/__init__.py": "",
    "grading/grader.py": "class Grader:\n    pass\n",
    "deep/water.py": "def run():\n    return 2\n",
}


class Library:
    """A small library of its own and one script."""

    def __init__(self, folder: Path):
        self.folder, self.script = folder, folder.parent / "script.py"
        self.script.write_text("x = 1\n")
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    def hash(self, *parts: str) -> str:
        forget()
        return code_hash(self.script, *parts)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))


def forget():
    for cached in (module._files, module._content, module._cached):
        cached.cache_clear()


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LIBRARY", tmp_path / "library")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield Library(tmp_path / "library")
    forget()


def test_a_hash_has_sixteen_hex_digits(library):
    assert re.fullmatch("[0-9a-f]{16}", library.hash("grading"))


@pytest.mark.parametrize("part", ["deep", "deep/water.py"])
def test_an_edit_of_a_part_changes_the_hash(library, part):
    before = library.hash(part)
    library.edit("deep/water.py", "2", "3")
    assert library.hash(part) != before


def test_an_edit_elsewhere_changes_no_hash(library):
    before = library.hash("grading")
    library.edit("deep/water.py", "2", "3")
    assert library.hash("grading") == before


def test_a_new_module_of_a_part_changes_the_hash(library):
    before = library.hash("deep")
    (library.folder / "deep/fish.py").write_text("FINS = 2\n")
    assert library.hash("deep") != before


def test_seeds_count_always(library):
    before = library.hash("grading")
    library.edit("seeds.py", "1", "2")
    assert library.hash("grading") != before


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
def test_a_comment_or_docstring_changes_no_hash(library, old, new):
    before = library.hash("deep")
    library.edit("deep/water.py", old, new)
    assert library.hash("deep") == before


def test_an_edited_docstring_changes_no_hash(library):
    library.edit("deep/water.py", "def run():\n", 'def run():\n    """Old."""\n')
    before = library.hash("deep")
    library.edit("deep/water.py", "Old.", "New.")
    assert library.hash("deep") == before


def test_a_text_that_is_no_docstring_changes_the_hash(library):
    library.edit("deep/water.py", "return 2", "return 'two'")
    before = library.hash("deep")
    library.edit("deep/water.py", "two", "three")
    assert library.hash("deep") != before


def test_the_script_itself_and_its_name_count(library):
    first = library.hash()
    library.script.write_text("x = 2\n")
    second = library.hash()
    library.script = library.script.rename(library.script.with_name("other.py"))
    assert len({first, second, library.hash()}) == 3


def test_a_part_that_is_no_python_counts_to_the_letter(library):
    before = library.hash("settings.yaml")
    library.edit("settings.yaml", "depth: 3", "depth: 3 # deep")
    assert library.hash("settings.yaml") != before


def test_a_part_that_is_not_there_is_an_error(library):
    with pytest.raises(ValueError, match=r"deep/bird\.py is not in"):
        library.hash("deep/bird.py")


# --- digests that are kept between runs


def kept(library) -> Path:
    return next((library.folder.parent / "cache/reward-memory").iterdir())


def test_a_second_run_parses_nothing_and_finds_the_same_hash(library, monkeypatch):
    first = library.hash("deep", "grading")
    monkeypatch.setattr(module, "_syntax", lambda text: pytest.fail("parsed again"))
    assert library.hash("deep", "grading") == first


def test_an_edit_is_noticed_in_spite_of_kept_digests(library):
    first = library.hash("deep")
    library.edit("deep/water.py", "2", "3")
    assert library.hash("deep") != first
    library.edit("deep/water.py", "3", "2")
    assert library.hash("deep") == first


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null"])
def test_damaged_digests_are_made_again(library, text):
    first = library.hash("deep")
    kept(library).write_text(text)
    assert library.hash("deep") == first
    assert len(kept(library).read_text()) > 100


def test_a_place_that_takes_no_digests_does_no_harm(library, tmp_path, monkeypatch):
    first = library.hash("deep")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert library.hash("deep") == first


def test_digests_of_old_versions_do_not_pile_up(library, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 5)
    for number in range(9):
        library.edit("deep/water.py", f"{2 + number}", f"{3 + number}")
        library.hash("deep")
    assert kept(library).read_text().count(":") < 9


# --- the project's own rules and scripts

RULE = re.compile(r"^rule (?P<name>\w+):(?P<body>.*?)(?=^rule |\Z)", re.MULTILINE | re.DOTALL)
RULES = {
    match["name"]: match["body"]
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for match in RULE.finditer(path.read_text())
    if "script:" in match["body"]
}
#: What a script imports and its rule need not name, with the reason.
UNNAMED = {
    # a benchmark that runs its solutions names them in code_tests
    "sample_queries": {"data/code_tests.py", "verifiers"},
    # the columns of a table of predictors, no number
    "count_dropped": {"training/__init__.py"},
    "count_prompt_tokens": {"training/__init__.py"},
}


def named(rule: str) -> list[str]:
    """The arguments of a rule's `code=code_hash(...)`."""
    return re.findall(r'"([^"]+)"', re.search(r"\bcode=code_hash\((.*?)\)", RULES[rule], re.DOTALL)[1])


def imports(path: Path) -> set[Path]:
    """The library's modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".") if node.module else []
            if node.level:
                base = path.parents[node.level - 1].joinpath(*parts)
            elif parts[:1] == ["reward_memory"]:
                base = LIBRARY.joinpath(*parts[1:])
            else:
                continue
            for alias in node.names:
                stems = [base / alias.name, base]
                files = [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
                found.add(next(file for file in files if file.exists()))
    return found


def reached(script: str) -> set[str]:
    todo, seen = [ROOT / f"scripts/{script}.py"], set()
    while todo:
        for path in imports(todo.pop()) - seen:
            seen.add(path)
            todo.append(path)
    return {str(path.relative_to(LIBRARY)) for path in seen}


def covered(path: str, parts: set[str]) -> bool:
    return any(path == part or path.startswith(f"{part}/") for part in parts)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_script_that_it_runs_and_all_that_this_imports(rule):
    script, *parts = named(rule)
    assert f'"../scripts/{script}.py"' in RULES[rule]
    known = {*parts} | WITHOUT | UNNAMED.get(rule, set())
    assert {path for path in reached(script) if not covered(path, known)} == set()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_nothing_that_is_not_there(rule):
    script, *parts = named(rule)
    code_hash(ROOT / f"scripts/{script}.py", *parts)


@pytest.mark.parametrize("rule", ["evaluate_policy", "grade_rollouts", "train_policy"])
def test_a_rule_that_grades_depends_on_what_runs_inside_the_sandbox(rule):
    # started as programs, so no import leads to them
    for path in ("verifiers/sandbox/inside/runner.py", "verifiers/symbolic_worker.py"):
        assert (LIBRARY / path).exists()
        assert covered(path, {*named(rule)})


@pytest.mark.parametrize(
    "path",
    ["training/verl/plugin.py", "training/verl/agent_loop.yaml", "training/cpu/plugin.py", "reward_models/base.py"],
)
def test_training_depends_on_what_verl_loads_by_name(path):
    assert (LIBRARY / path).exists()
    assert covered(path, {*named("train_policy")})


def test_rollouts_depend_on_no_verifier_and_no_answer_reader():
    assert not {"verifiers", "answers", "evaluation"} & {*named("sample_rollouts")}


def test_evaluation_and_tables_depend_on_no_training():
    assert not any(
        part.startswith("training") for rule in ("evaluate_policy", "accuracy_table") for part in named(rule)
    )
