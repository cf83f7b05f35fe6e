import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from test_records import read

from reward_memory.errors import InputError
from reward_memory.jobs import finished
from reward_memory.storage.files import file_digest

PARAMS = {"steps": 10, "batch": {"size": 4}, "code": "abc", "state": "results/state"}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The record of one job that read two files and wrote one."""
    monkeypatch.chdir(tmp_path)
    Path("results/rollouts/tiny/math").mkdir(parents=True)
    Path("queries").write_text("2 + 2")
    Path("policy").mkdir()
    Path("policy/weights").write_text("0.5")
    for path in (Path("queries"), Path("policy/weights"), Path("policy")):
        os.utime(path, (1e9, 1e9))
    Path("results/rollouts/tiny/math/train.parquet").write_text("4")
    finished.record(
        "results",
        "rollouts",
        {"policy": "tiny", "benchmark": "math", "split": "train"},
        ["results/rollouts/tiny/math/train.parquet"],
        {path: file_digest(path) for path in ("queries", "policy")},
        PARAMS,
        begun=1.5e9,
        seconds=7200.0,
        gpus=2,
    )
    (one,) = read("results")
    return one


def changes(made, inputs=("queries", "policy"), params=PARAMS):
    return finished.changes(made, inputs, params, finished.Digests("results"))


def test_nothing_has_changed_at_first(made):
    assert changes(made) == {}


def test_a_touched_file_is_no_change(made):
    Path("queries").touch()
    Path("policy/weights").touch()
    assert changes(made) == {}


def test_a_file_older_than_the_result_is_not_read(made):
    Path("queries").write_text("3 + 3")
    os.utime("queries", (1e9, 1e9))
    assert changes(made) == {}


def test_what_was_touched_is_read_once(made, monkeypatch):
    Path("policy/weights").touch()
    known = finished.Digests("results")
    assert finished.changes(made, ["queries", "policy"], PARAMS, known) == {}
    known.keep()
    monkeypatch.setattr(finished, "file_digest", lambda path: pytest.fail(f"{path} is read again"))
    assert changes(made) == {}
    assert read("results") == [made]


@pytest.mark.parametrize("later", [b"another", b"0.6"])
def test_a_digest_holds_no_longer_than_its_file(made, later):
    known = finished.Digests("results")
    Path("policy/weights").touch()
    assert finished.changes(made, ["queries", "policy"], PARAMS, known) == {}
    known.keep()
    Path("policy/weights").write_bytes(later)
    assert changes(made) == {"inputs": "policy"}


def test_results_that_may_only_be_read_can_be_looked_at(made, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(finished, "write_json", refuse)
    Path("queries").touch()
    known = finished.Digests("results")
    assert finished.changes(made, ["queries", "policy"], PARAMS, known) == {}
    known.keep()


@pytest.mark.parametrize("path", ["queries", "policy/weights"])
def test_other_content_is_a_change(made, path):
    Path(path).write_text("another")
    assert changes(made) == {"inputs": path.split("/")[0]}


def test_an_input_that_is_gone_is_not_held_against_the_result(made):
    Path("queries").unlink()
    assert changes(made) == {}


def test_one_input_more_is_a_change(made):
    assert changes(made, ("queries", "policy", "another")) == {"inputs": "other input files"}


def test_changed_settings_are_told_one_by_one(made):
    params = PARAMS | {"steps": 20, "batch": {"size": 4, "order": "random"}}
    assert changes(made, params=params) == {"settings": 'batch.order null -> "random", steps 10 -> 20'}


def test_code_and_state_folder_are_no_settings(made):
    assert changes(made, params=PARAMS | {"code": "def", "state": "elsewhere"}) == {"code": "the code of this workflow"}


def test_an_upgraded_package_is_told(made):
    package, version = next(iter(made.versions.items()))
    old = replace(made, versions=made.versions | {package: "0.1"})
    assert changes(old) == {"packages": f"{package} 0.1 -> {version}"}


def test_a_result_whose_file_is_gone_is_not_finished(made):
    Path(made.outputs[0]).unlink()
    assert read("results") == []


def test_a_record_of_another_version_is_told_and_not_thrown_away(made):
    (path,) = Path("results/finished/rollouts").iterdir()
    path.write_text(path.read_text().replace('"begun"', '"ended"'))
    with pytest.raises(InputError, match=rf"^{path}: another version of this workflow wrote this record"):
        read("results")


def test_the_constraint_leaves_out_exactly_the_finished_result(made):
    pattern = re.compile(
        f"results/rollouts/(?P<policy>{finished.constraint([made], 'rollouts', 'results', 'tiny|tiny-weak')})"
        r"/(?P<benchmark>math|mmlu)/(?P<split>train|test)\.parquet$"
    )
    assert not pattern.match("results/rollouts/tiny/math/train.parquet")
    for path in ("tiny/math/test", "tiny/mmlu/train", "tiny-weak/math/train"):
        assert pattern.match(f"results/rollouts/{path}.parquet"), path


def test_a_folder_leaves_out_no_other_that_begins_alike(made):
    folder = replace(made, rule="bootstrap_policy", outputs=["results/policies/tiny"])
    pattern = re.compile(
        f"results/policies/({finished.constraint([folder], 'bootstrap_policy', 'results', 'tiny|tiny-weak')})$"
    )
    assert not pattern.match("results/policies/tiny")
    assert pattern.match("results/policies/tiny-weak")


def test_without_finished_results_the_constraint_is_the_names():
    assert finished.constraint([], "train", "results", "a|b") == "(?:a|b)"


def test_results_of_one_rule_and_reason_share_a_line_with_their_cost(made):
    others = [replace(made, wildcards={"policy": f"p{i}"}) for i in range(4)]
    (line,) = finished.outdated_messages([(other, {"code": "the code of this workflow"}) for other in others])
    assert line == (
        "Kept unchanged: rollouts of p0, p1, p2 and 1 more (took 8 h, 16 GPU hours), "
        "made with different code: the code of this workflow."
    )
