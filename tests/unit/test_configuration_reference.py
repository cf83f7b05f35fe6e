"""What is generated from the models: the page of all keys, the schema for editors, and a key in words."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from bad_configurations import GOOD
from typer.testing import CliRunner

from reward_memory.cli import app
from reward_memory.config import reference
from reward_memory.config.explain import explain
from reward_memory.errors import InputError

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schemas/config.schema.json").read_text(encoding="utf-8"))
FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]


@pytest.mark.parametrize("name", ["docs/configuration.md", "schemas/config.schema.json"])
def test_a_generated_file_is_up_to_date(name):
    stale = (ROOT / name).read_text(encoding="utf-8") != reference.files()[name]
    assert not stale, f"{name} is stale; run `{reference.COMMAND}`"


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_configuration_names_its_schema_and_fits_it(file):
    first, _, _ = file.read_text(encoding="utf-8").partition("\n")
    assert (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve() == ROOT / reference.SCHEMA
    jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("train_batch_size: 8", "train_batch_sizes: 8"),
        ("train_batch_size: 8", "train_batch_size: 0"),
        ("  tiny:", "  org/tiny:"),
        ("{hidden_size: 32, num_hidden_layers: 1, steps: 10}}\n  maths", "{num_hidden_layers: 1, steps: 10}}\n  maths"),
        ("sandbox: reduced", "resources: {train: {runtime: long}}"),
        ("sandbox: reduced", "sandbox: null"),
        ("predictor: graph", "learning_rate: 0"),
        ("training: {train_batch_size: 4}", "training: {step: 3}"),
        ("training: {train_batch_size: 4}", "per_policy: {maths: {error_memory: {alpha: -1}}}"),
        ("training: {train_batch_size: 4}", "evaluation: {top_p: 2}"),
        ("sandbox: reduced", "variants: {mine: {like: memreward, reward_model: {heads: 2}}}"),
        ("training: {steps: 4", "training: {per_policy: {tiny: {steps: 0}}, steps: 4"),
        ("predictor: graph", "variants: {wide: {predictor: graph, heads: 0}}"),
    ],
)
def test_an_editor_marks_what_loading_refuses(old, new):
    jsonschema.validate(yaml.safe_load(GOOD), SCHEMA)
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(changed), SCHEMA)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(GOOD, encoding="utf-8")
    return Path("mine.yaml")


#: key -> how its type, default and value are printed
EXPLAINED = {
    "training.steps": ("integer from 1 to 1000000", "20", "4"),
    "training: temperature": ("number above 0 to 100", "1.0", "1.0 (the default)"),
    "training.ppo_mini_batch_size": ("integer from 1 to 1000000 or null", "null", "null (the default)"),
    "benchmarks.gsm8k.train": ("integer from 0 to 10000000 or null", "0", "200"),
    "benchmarks.gsm8k.suite": ("text", "none, it is required", "main"),
    "policies.tiny.bootstrap.hidden_size": ("integer from 32 to 8192 in steps of 32", "none, it is required", "32"),
    "policies.tiny.path": ("text", "absent", "absent"),
    "label_ratios": ("list of integer from 0 to 100", "[20]", "[20, 50]"),
    "resources.train_policy.mem_mb": ("integer from 1 to 100000000", "4000", "4000 (the default)"),
    "resources.sample_rollouts.mem_mb": ("integer from 1 to 100000000", "3000", "3000 (the default)"),
    "error_memory.last_layers": ("integer from 1 to 1024 or all", "14", "14 (the default)"),
    "fidelity": ("text or list of text", "corrected", "corrected (the default)"),
}


@pytest.mark.parametrize(("key", "printed"), EXPLAINED.items(), ids=EXPLAINED.keys())
def test_a_key_is_explained(file, key, printed):
    kind, default, value = printed
    lines = explain(key, file).splitlines()
    assert lines[1].endswith(".")
    assert lines[2].startswith("  Expected: ")
    assert lines[2].endswith(f" ({kind})")
    assert lines[3:] == [f"  Default: {default}", f"  In mine.yaml: {value}"]


def test_a_section_lists_its_keys(file):
    assert explain("cost", file).splitlines()[-1].startswith("  Keys: gpu, response_share, ")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("training.stepps", "training: stepps: no such key; perhaps steps is meant."),
        ("zzz", "zzz: no such key; valid keys are results, seeds,"),
        ("training.steps.more", "training: steps: more: no such key."),
    ],
)
def test_an_unknown_key_is_one_sentence(file, key, words):
    with pytest.raises(InputError) as caught:
        explain(key, file)
    assert str(caught.value).startswith(words)


def test_the_command_explains_and_says_what_is_wrong(file):
    run = CliRunner().invoke(app, ["config", "--explain", "training.steps", "--configfile", "mine.yaml"])
    assert (run.exit_code, run.stdout.splitlines()[-1]) == (0, "  In mine.yaml: 4")
    file.write_text(GOOD.replace("steps: 4", "steps: 0"), encoding="utf-8")
    run = CliRunner().invoke(app, ["config", "--explain", "seeds", "--configfile", "mine.yaml"])
    assert (run.exit_code, run.stderr) == (
        1,
        "mine.yaml: training: steps: 0 is not a whole number of at least 1.\n",
    )
    assert CliRunner().invoke(app, ["config"]).exit_code == 2


def test_the_command_writes_both_files_in_a_checkout_only(file):
    run = CliRunner().invoke(app, ["config", "--write"])
    assert (run.exit_code, run.stderr) == (
        1,
        "docs/configuration.md: no such folder; run the command in a checkout of the workflow.\n",
    )
    for folder in ("docs", "schemas"):
        Path(folder).mkdir()
    assert CliRunner().invoke(app, ["config", "--write"]).exit_code == 0
    assert Path("docs/configuration.md").read_text(encoding="utf-8") == reference.page()
