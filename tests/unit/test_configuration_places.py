"""Configurations that are unusual and right, and the places of results: what is taken, and under which name."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_bad_configurations import GOOD, ROOT, folder, read

from reward_memory.config import loading, reading, results_folder
from reward_memory.config.contradictions import context, contexts, too_long

__all__ = ["folder"]  # a fixture


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"# caf\xc3\xa9\n", b"%YAML 1.1\n---\n"])
def test_what_is_only_unusual_is_read(folder, before):
    assert read(before + GOOD.encode()).seeds == [0]


@pytest.mark.parametrize(
    "text", ["a: &x {b: 1}\nc: {<<: *x, b: 2}\n", "a: &x {b: 1}\nc: *x\nd: *x\n", "a: {b: 1}\nc: {b: 1}\n"]
)
def test_anchors_merges_and_equal_keys_of_other_sections_are_no_duplicates(folder, text):
    Path("mine.yaml").write_text(text, encoding="utf-8")
    reading.check(["mine.yaml"])


@pytest.mark.parametrize("spelled", ["results/", "./results", "results//", "./results/.", "x/../results"])
def test_one_folder_has_one_spelling(folder, spelled):
    assert read(GOOD.replace("results: results", f"results: {spelled}").encode()).results == "results"


def test_the_home_folder_is_meant_by_a_tilde_in_every_path(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    config = read(GOOD.replace("results: results", "results: ~/out\ndata: {mirror: ~/mirror}").encode())
    assert config.results == f"{folder}/home/out"
    assert config.data.mirror == f"{folder}/home/mirror"


def test_a_target_with_a_tilde_is_spelled_out(folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert results_folder.unexpanded(["-n", "results/a.csv"]) is None
    assert "write /home/me/out/a.csv" in results_folder.unexpanded(["~/out/a.csv", "-n"])


@pytest.mark.parametrize(
    "line",
    ["my.yaml", "my.yaml --cores all", "--cores all my.yaml", "-n my.yaml", "-c2 all my.yaml", "--cores=1 my.yaml -n"],
)
def test_a_configuration_is_no_target(line):
    told = results_folder.no_target(line.split())
    assert told == "my.yaml: is a configuration file, not a target; write --configfile my.yaml."


@pytest.mark.parametrize(
    "line",
    [
        "--cores all --configfile my.yaml",
        "results/a.csv --configfile a.yaml my.yaml -n",
        "--configfile=my.yaml",
        "--cores all --workflow-profile my.yaml",
        "all",
        "",
    ],
)
def test_a_configuration_that_an_option_takes_is_none(line):
    assert results_folder.no_target(line.split()) is None


@pytest.mark.parametrize("place", ["src", "src/new", "rules", "config/mine", ".git/x", "docs", "../{name}/tests"])
def test_results_stay_out_of_the_workflows_own_folders(tmp_path, place):
    place = place.format(name=tmp_path.name)
    assert "a folder of the workflow itself; choose another" in results_folder.bad_location(
        str(tmp_path / place), tmp_path
    )
    assert results_folder.bad_location(str(tmp_path / "results"), tmp_path) is None
    assert results_folder.bad_location(str(tmp_path / "srcs"), tmp_path) is None


@pytest.mark.parametrize("results", ["results", "results/mine"])
def test_results_on_a_disk_that_is_gone_are_told(folder, results):
    Path("results").symlink_to("/gone/disk")
    assert results_folder.bad_location(results, ROOT) == (
        f"results: {results}: {Path('results').absolute()} is a link to /gone/disk, which does not exist; mount that "
        "disk, or choose another folder."
    )


def test_a_link_into_the_workflow_is_followed(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "src")
    assert "lies in src" in results_folder.bad_location(str(tmp_path / "out"), tmp_path)


def test_every_folder_of_the_checkout_is_known_as_its_own():
    held = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ("results", "build")}
    known = {name for name in held if not name.startswith((".", "~", "__")) and not name.endswith(".egg-info")}
    assert known <= set(results_folder.SOURCES)


@pytest.mark.parametrize(
    ("settings", "positions"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024}, 1024),
        (
            {
                "max_position_embeddings": 32768,
                "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768},
            },
            131072,
        ),
        (
            {
                "max_position_embeddings": 131072,
                "rope_scaling": {"factor": 8.0, "original_max_position_embeddings": 8192},
            },
            131072,
        ),
        ({"max_position_embeddings": "many"}, None),
        ({}, None),
    ],
)
def test_positions_are_those_of_the_policys_own_settings(settings, positions):
    assert context(settings) == positions


def test_a_policy_by_path_is_held_against_its_own_positions(folder):
    (folder / "config.json").write_text('{"max_position_embeddings": 150}', encoding="utf-8")
    config = yaml.safe_load(GOOD)
    config["policies"]["tiny"] = {"path": str(folder)}
    config = loading.load(copy.deepcopy(config))
    assert contexts(config) == {"tiny": 150, "maths": 512}
    assert "are more than the 150 positions of the policy tiny; lower one of them." in too_long(
        config, contexts(config)
    )


def test_the_second_paper_alone_has_no_methods_of_the_first(folder):
    text = GOOD.replace("methods: [base, r1-p, memreward, oracle]", "methods: []")
    text = text.replace("  tiny: {bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}\n", "")
    assert read(text.encode()).methods == []


def test_messages_name_all_that_the_configuration_is_made_of():
    assert reading.named(["/a/b.yaml"], {}).endswith("b.yaml")
    assert reading.named([], {"seeds": [1]}) == "--config"
    assert reading.named([], {}) == "config"


def test_planning_imports_nothing_that_takes_long():
    """Every plan waits for what the rules import."""
    rules = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
    lines = [line for file in rules for line in file.read_text().splitlines()]
    imports = [line for line in lines if line.startswith("from reward_memory")]
    assert imports
    slow = ("reward_memory.verifiers", "reward_memory.data.mirror", "pandas", "scipy", "sympy", "torch", "ray")
    code = "\n".join([*imports, "import sys", f"print([name for name in {slow!r} if name in sys.modules])"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
