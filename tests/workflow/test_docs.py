"""What the pages on reports, reproduction and extension say: commands plan jobs, settings and files are right."""

import re
import shlex
import shutil
import subprocess

import pytest
import yaml
from conftest import ROOT

from reward_memory.config import loading
from reward_memory.reward_models import names, registry
from reward_memory.settings import Sampling, Training
from reward_memory.settings.resources import Resources, TrainAmounts

PAGES = ("report", "reproduce", "extend", "glossary", "architecture")
COMMANDS = re.findall(r"^    (snakemake .*)$", (ROOT / "docs/reproduce.md").read_text(), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("command", [one for one in COMMANDS if "--workflow-profile" not in one])
def test_a_command_of_reproduce_plans_jobs(workflow, command):
    shutil.copytree(ROOT / "profiles", workflow.folder / "profiles")
    arguments = [*workflow.command()[:3], *shlex.split(command)[1:], "-n"]
    given = {"cwd": workflow.folder, "env": workflow.environment, "capture_output": True, "text": True}
    done = subprocess.run(arguments, check=False, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Job stats" in done.stdout + done.stderr


def test_the_command_for_a_cluster_is_that_of_its_own_page():
    (command,) = [one for one in COMMANDS if "--workflow-profile" in one]
    assert f"    {command}\n" in (ROOT / "docs/cluster.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page):
    text = (ROOT / f"docs/{page}.md").read_text()
    for path in re.findall(r"`((?:src|tests|envs|config|scripts)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_pictures_are_small():
    pictures = [*(ROOT / "docs").glob("*.png")]
    assert len(pictures) >= 3
    assert all(path.stat().st_size < 300_000 for path in pictures)


def block(heading: str) -> dict:
    """The first indented block of YAML below a heading of extend.md."""
    part = (ROOT / "docs/extend.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = re.search(r"(?:^    .*\n)+", part, re.MULTILINE)[0]
    return yaml.safe_load(re.sub("^    ", "", lines, flags=re.MULTILINE).replace("<commit of 40 digits>", "a" * 40))


@pytest.mark.parametrize("heading", ["Your own policy", "Your own reward predictor"])
def test_settings_of_extend_are_taken(heading):
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    for key, value in block(heading).items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    taken = loading.load(config)
    assert {"mine", "theirs"} <= set(taken.policies) or "wide" in taken.reward_model.variants


def test_a_predictor_is_named_where_extend_says():
    assert set(names.NAMES) - {names.AS_PUBLISHED} == set(registry.PREDICTORS._registered)


def tables(page: str, heading: str) -> dict[str, str]:
    """key -> default of the tables below a heading of a page."""
    part = (ROOT / f"docs/{page}.md").read_text().split(f"\n## {heading}")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", part, re.MULTILINE))


@pytest.mark.parametrize(("heading", "model"), [("Engines", Sampling), ("Training", Training)])
def test_keys_and_defaults_of_the_page_on_gpus_are_those_of_the_settings(heading, model):
    shown = tables("gpu", heading)
    assert len(shown) >= 6
    for key, default in shown.items():
        found = str(model.model_fields[key].default).lower()
        assert found in (default.lower(), "none"), key


def test_resources_of_the_page_on_gpus_are_known_and_its_example_is_taken():
    assert {*tables("gpu", "Resources")} == {*TrainAmounts.model_fields}
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/gpu.md").read_text(), re.MULTILINE | re.DOTALL)
    assert {*Resources.model_validate(yaml.safe_load(example)["resources"]).model_fields_set} == {
        "evaluate_policy",
        "train_policy",
    }
