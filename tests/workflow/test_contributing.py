"""CONTRIBUTING.md, the justfile and CI: every command is run or planned, and the files that name versions agree."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
INDENTED = re.findall(r"^    (\S.*)$", PAGE, re.MULTILINE)
IN_TABLE = re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)
CI = (ROOT / ".ci/run").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
JUST = shutil.which("just", path=PATH)
DEBUGGING = next(line for line in INDENTED if "REWARD_MEMORY_DEBUG" in line)
CONFIG = ("--configfile", "config/test.yaml")
RECIPES = ("test-fast", "test", "lint", "figures")


def run(command: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    environment = os.environ | {"PATH": PATH}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def steps(recipe: str) -> list[str]:
    """The commands of a recipe, as just would run them."""
    if JUST is None:
        pytest.skip("needs just: pip install -e '.[test]'")
    done = run(f"just --dry-run {recipe}")
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_every_command_of_the_page_is_known_here():
    setup, *others = INDENTED
    assert any(line.startswith(setup) for line in CI.splitlines())
    assert others == ["pre-commit install", DEBUGGING, "just lint"]
    assert IN_TABLE == ["just test-fast", "just test", "just test-all", "pytest tests/unit/test_seeds.py", ".ci/run"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_pre_commit_is_installed_with_the_projects_hooks(tmp_path):
    shutil.copy2(ROOT / ".pre-commit-config.yaml", tmp_path)
    assert run("git init -q && pre-commit install", tmp_path).returncode == 0
    assert (tmp_path / ".git/hooks/pre-commit").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "options"), [("test-fast", ' -m "not slow"'), ("test", ""), ("test-all", " --all")])
def test_a_recipe_of_tests_collects_tests(recipe, options):
    (command,) = steps(recipe)
    assert command == f"pytest -n 2{options}"
    done = run(f"{command} --collect-only -o addopts= tests/unit/test_seeds.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_command_to_debug_runs_the_jobs_script_on_the_terminal(workflow):
    """The page's command, on a target that takes a second, with the breakpoint that the page asks for."""
    workflow.edit("scripts/route_labels.py", "    parquet.write", "    breakpoint()\n    parquet.write")
    target = "results/labels/main/ratio50.parquet"
    workflow.run(target.replace("labels/main/ratio50", "data/math/train"), "--cores", "1", *CONFIG)
    command = DEBUGGING.replace("results/tables/main.csv", target).replace("--force", "--forcerun route_labels")
    environment = workflow.environment | {"PATH": PATH}
    done = subprocess.run(
        command,
        shell=True,
        cwd=workflow.folder,
        env=environment,
        input="p len(labels)\nc\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "(Pdb) 48\n" in done.stdout


@pytest.mark.slow
def test_the_recipe_of_figures_plans_jobs(workflow):
    (command,) = steps("figures")
    done = workflow.run(*shlex.split(command)[1:], "-n")
    assert "Job stats" in done.stdout + done.stderr


def test_the_recipe_of_lint_runs_tools_whose_versions_are_pinned_as_in_the_lock():
    tools = {shlex.split(command)[0] for command in steps("lint")}
    pins = {one.name: str(one.specifier) for one in map(Requirement, PROJECT["optional-dependencies"]["dev"])}
    packages = {"lint-imports": "import-linter"}
    assert {packages.get(tool, tool) for tool in tools} - {"snakemake"} == {
        name for name, pin in pins.items() if pin.startswith("==")
    }
    lock = (ROOT / "envs/cpu.lock.txt").read_text().splitlines()
    assert {f"{name}{pin}" for name, pin in pins.items() if pin.startswith("==")} <= {*lock}


@pytest.mark.parametrize(
    "tool",
    ["ruff check .", "ruff format --check .", "snakefmt --check Snakefile rules", "lint-imports", "deptry ."],
)
def test_style_layers_and_dependencies_are_clean(tool):
    if shutil.which(tool.split()[0], path=PATH) is None:
        pytest.skip("needs the extra dev: pip install -e '.[test]'")
    done = run(tool)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_lints_and_github_calls_it():
    lines = CI.splitlines()
    tests = next(number for number, line in enumerate(lines) if "pytest" in line)
    assert "just lint" in lines[:tests]
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    assert ".ci/run" in [step.get("run") for step in jobs["test"]["steps"]]
    python = jobs["test"]["container"]["image"].split(":")[1].split("-")[0]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)


def test_the_citation_names_this_version_and_both_papers():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert [one["url"].rsplit("/")[-1] for one in cited["references"]] == ["2603.19310", "2604.11297"]
    assert all(one["title"] and one["authors"] for one in cited["references"])


def test_the_changelog_begins_with_what_is_not_released():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_the_catalog_says_how_software_is_deployed():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    rules = "".join(path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")])
    deployment = usage["software-stack-deployment"]
    assert deployment["conda"] == bool(re.search(r"^ +conda:", rules, re.MULTILINE))
    assert deployment["singularity"] == bool(re.search(r"^container:", rules, re.MULTILINE))
    assert usage["report"] == ("report(" in rules)
