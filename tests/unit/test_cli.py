"""The command line's own options."""

import tomllib
from pathlib import Path

from typer.testing import CliRunner

from reward_memory.cli import app


def test_the_version_is_the_projects():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    run = CliRunner().invoke(app, ["--version"])
    assert (run.exit_code, run.output) == (0, f"{project['version']}\n")


def test_without_a_command_the_commands_are_shown():
    run = CliRunner().invoke(app, [])
    assert all(name in run.output for name in ("verify", "plan", "config"))
