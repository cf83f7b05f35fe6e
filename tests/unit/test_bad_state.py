"""State that is damaged in ways that no kill leaves: links, swapped files, edited checksums, other programs' tables."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_checkpoints import SIZES, TRAINING, make

from reward_memory.errors import InputError
from reward_memory.generation.engine import _kept_shard
from reward_memory.report.tables.learning_curves import read_run
from reward_memory.storage import csv_tables, parquet
from reward_memory.storage.files import digest, read_json
from reward_memory.training.checkpoints import newest_intact
from reward_memory.training.history import outcome

LATEST = "checkpoints/global_step_4"
SEGMENT = "error_memory/steps-00000003-00000003.parquet"
LOG = "metrics.0000.jsonl"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run that was killed in step 5."""
    return make(tmp_path_factory.mktemp("kept"), 4)


def linked(name: str, target: str = ""):
    """A link in place of a file or folder: to itself, or to `target`."""

    def damage(state: Path) -> None:
        path = state / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.symlink_to(target or path.name)

    return damage


def sums(files: object):
    value = json.dumps({"files": files, "checksum": digest(files)})
    return lambda state: (state / LATEST / "checksums.json").write_text(value)


def of_step_2(name: str):
    return lambda state: shutil.copy(state / "checkpoints/global_step_2" / name, state / LATEST / name)


def segment(name: str, values: pa.Array):
    """Another column in a file of the error memory, with its metadata as they were."""

    def damage(state: Path) -> None:
        table = pq.read_table(state / SEGMENT)
        changed = table.set_column(table.column_names.index(name), name, values)
        pq.write_table(changed.replace_schema_metadata(table.schema.metadata), state / SEGMENT)

    return damage


def vectors(values: list[float]) -> pa.Array:
    return pa.array([values] * 2, pa.list_(pa.float32()))


def logged(old: str, new: str):
    return lambda state: (state / LOG).write_text((state / LOG).read_text().replace(old, new))


def as_folder(name: str):
    return lambda state: ((state / name).unlink(), (state / name).mkdir())


#: damage -> (what is done, step that is resumed, words of the sentence)
STEPPED_BACK = {
    "a checkpoint is a link to itself": (linked(LATEST), 2, "global_step_4 is not a folder"),
    "a checkpoint is a dead link": (linked(LATEST, "gone"), 2, "global_step_4 is not a folder"),
    "no checkpoint at all": (
        lambda state: (state / "checkpoints").rename(state / "old"),
        0,
        "checkpoints has no checkpoint, although the log mentions one; the training starts over",
    ),
    "no tracker": (
        lambda state: (state / "checkpoints/latest_checkpointed_iteration.txt").unlink(),
        4,
        "iteration.txt is missing; the training resumes after step 4",
    ),
    "checksums are a link to themselves": (linked(f"{LATEST}/checksums.json"), 2, "checksums.json cannot be read"),
    "checksums are a dead link": (linked(f"{LATEST}/checksums.json", "gone"), 2, "checksums.json cannot be read"),
    "checksums of another checkpoint": (of_step_2("checksums.json"), 2, "holds the checksums of another checkpoint"),
    "checksums of nothing": (sums({}), 2, "checksums.json holds the checksums of another"),
    "checksums in a list": (sums(["a"]), 2, "checksums.json holds no checksums"),
    "checksums in words": (sums({f"{LATEST}/data.pt": "x"}), 2, "checksums.json holds no checksums"),
    "data of another checkpoint": (of_step_2("data.pt"), 2, "global_step_4/data.pt was changed after"),
    "a model of another checkpoint": (of_step_2("actor/model_world_size_1_rank_0.pt"), 2, "rank_0.pt was changed"),
    "an optimizer of another checkpoint": (of_step_2("actor/optim_world_size_1_rank_0.pt"), 2, "rank_0.pt was changed"),
    "no actor": (lambda state: shutil.rmtree(state / LATEST / "actor"), 2, "global_step_4/actor.* is missing"),
    "a checkpoint is empty": (
        lambda state: (shutil.rmtree(state / LATEST), (state / LATEST).mkdir()),
        2,
        "global_step_4/data.pt is missing",
    ),
    "data is a folder": (as_folder(f"{LATEST}/data.pt"), 2, "data.pt is a folder"),
    "weights are a link to themselves": (linked(f"{LATEST}/actor/huggingface/model.safetensors"), 2, "cannot be read"),
    "responses are a link to themselves": (
        linked("responses/step_000003.parquet"),
        2,
        "step_000003.parquet is missing",
    ),
    "a segment is a link to itself": (linked(SEGMENT), 2, "steps-00000003.*: is not a complete parquet file"),
    "a segment of no numbers": (
        segment("vector", vectors([float("nan")] * 3)),
        2,
        "steps-00000003.*: does not hold the points",
    ),
    "a segment of another width": (segment("vector", vectors([1.0] * 5)), 2, "holds points of 5 numbers, and .* of 3"),
    "a segment of no prompts": (
        segment("key", pa.array([None, None], pa.string())),
        2,
        "does not hold the points that were",
    ),
    "a log that is a link to itself": (linked(LOG), 0, "metrics.0000.jsonl lacks step 1"),
    "metrics in words": (logged('"reward/mean": 0.5', '"reward/mean": "half"'), 0, "metrics.0000.jsonl lacks step 1"),
    "a number of responses that is none": (logged("3.0", "NaN"), 0, "metrics.0000.jsonl lacks step 1"),
    "an accuracy in words": (logged("0.3", '"best"'), 0, "metrics.0000.jsonl lacks step 2"),
    "an accuracy that is null": (logged("0.3", "null"), 0, "metrics.0000.jsonl lacks step 2"),
}


@pytest.mark.parametrize(("damage", "step", "words"), STEPPED_BACK.values(), ids=STEPPED_BACK)
def test_a_training_steps_back_and_says_from_what(kept, tmp_path, capsys, damage, step, words):
    state = shutil.copytree(kept, tmp_path / "state")
    damage(state)
    assert newest_intact(state, TRAINING, SIZES, memory=True) == step
    told = capsys.readouterr().err
    assert told.startswith("training: ")
    assert told.count("\n") == 1
    assert str(state) in told
    assert re.search(words, told), told


def test_lost_checkpoints_are_told_once_and_not_of_the_attempt_after(kept, tmp_path, capsys):
    state = shutil.copytree(kept, tmp_path / "state")
    shutil.rmtree(state / "checkpoints")
    newest_intact(state, TRAINING, SIZES, memory=True)
    assert "has no checkpoint" in capsys.readouterr().err
    first = (state / LOG).read_text().splitlines()[0]  # a kill after the first step, before any checkpoint
    (state / "metrics.0001.jsonl").write_text(f"{first}\n")
    newest_intact(state, TRAINING, SIZES, memory=True)
    assert "has no checkpoint" not in capsys.readouterr().err


#: likewise, where the user has to say what is meant
REFUSED = {
    "checkpoints on a disk that is gone": (linked("checkpoints", "/gone/disk"), "checkpoints: is a link to /gone/disk"),
    "responses on a disk that is gone": (linked("responses", "/gone/disk"), "responses: is a link to /gone/disk"),
    "a memory on a disk that is gone": (linked("error_memory", "/gone/disk"), "mount that disk, or delete the link"),
    "a memory that is a link to itself": (linked("error_memory"), "error_memory: is a link to error_memory"),
    "a log of another benchmark": (
        logged("val-core/math", "val-core/mmlu"),
        "validated on mmlu, which is not among math",
    ),
}


@pytest.mark.parametrize(("damage", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_damage_but_another_place_or_run_is_left_to_the_user(kept, tmp_path, damage, words):
    state = shutil.copytree(kept, tmp_path / "state")
    damage(state)
    with pytest.raises(InputError, match=words):
        newest_intact(state, TRAINING, SIZES, memory=True)


def test_settings_of_an_earlier_version_that_were_cut_are_told(tmp_path, capsys):
    state = make(tmp_path, 4, sealed=False)
    (state / LATEST / "actor/huggingface/config.json").write_text("")
    assert newest_intact(state, TRAINING, SIZES, memory=True) == 2
    assert "config.json is not complete JSON" in capsys.readouterr().err


RESPONSE = pd.DataFrame([("q", "b", "math", 0, "t", "a", "b", 3, True)], columns=parquet.RESPONSES.names)
SHARDS = {
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a dead link": lambda path: path.symlink_to("gone"),
    "of another query": RESPONSE.assign(query_id="z"),
    "without a part": RESPONSE.assign(thinking=None),
    "without a count": RESPONSE.assign(tokens=None),
    "with a response twice": pd.concat([RESPONSE, RESPONSE]),
}


@pytest.mark.parametrize("damage", SHARDS.values(), ids=SHARDS)
def test_a_shard_that_is_not_that_of_its_queries_is_sampled_again(tmp_path, capsys, damage):
    path = tmp_path / "shard.parquet"
    damage(path) if callable(damage) else parquet.write(damage, path, parquet.RESPONSES, checked=True)
    assert _kept_shard(path, [(SimpleNamespace(id="q", benchmark="b", domain="math"), 0)]) is None
    assert re.fullmatch(rf"{path}: .*; sampling its responses again\.\n", capsys.readouterr().err)


HISTORIES = {
    "no file": (lambda path: None, "no such file; run the same command again to build it."),
    "a folder": (Path.mkdir, "cannot be read (Is a directory); restore it, or delete it"),
    "nothing": (Path.touch, "is not a complete table; restore it, or delete it"),
    "no text": (lambda path: path.write_bytes(bytes(range(256))), "is not a complete table; restore it, or delete it"),
    "half a row": (
        lambda path: path.write_text('reward,valid_accuracy\n0.5,"0.'),
        "is not a complete table; restore it, or delete it",
    ),
    "another table": (lambda path: path.write_text("a\n1\n"), "has no column 'reward'; restore it, or delete it"),
    "words": (
        lambda path: path.write_text("reward,valid_accuracy\nhigh,0.1\n"),
        "column 'reward' does not hold numbers",
    ),
}


@pytest.mark.parametrize(("damage", "words"), HISTORIES.values(), ids=HISTORIES)
def test_a_damaged_history_is_named(tmp_path, damage, words):
    path = tmp_path / "history.csv"
    damage(path)
    with pytest.raises(InputError) as caught:
        outcome(path)
    assert str(caught.value).startswith(f"{path}: {words}")


def test_a_whole_table_is_read_with_its_options(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1,NA\n")
    assert csv_tables.read(tmp_path / "table.csv", ["a"], keep_default_na=False)["b"].tolist() == ["NA"]


RUN = "suite,policy,method,label_ratio,seed,step,valid_accuracy\nmain,tiny,dapo,100,0,1,0.5\n"
RUNS = {
    "saved with semicolons": (
        RUN.replace(",", ";").replace("0.5", "0,5"),
        "saved by another program, with separators other than commas",
    ),
    "saved with tabs": (RUN.replace(",", "\t"), "was saved by another program"),
    "without a name": (RUN.replace("policy,", "model,"), "has no column 'policy'"),
    "with a decimal comma": (RUN.replace("0.5", '"0,5"'), "column 'valid_accuracy' does not hold numbers"),
}


@pytest.mark.parametrize(("text", "words"), RUNS.values(), ids=RUNS)
def test_a_history_that_was_saved_anew_is_named(tmp_path, text, words):
    path = tmp_path / "history.csv"
    path.write_text(RUN)
    assert read_run(path)["valid_accuracy"].tolist() == [0.5]
    path.write_text(text)
    with pytest.raises(
        InputError, match=re.escape(f"{path}: ") + f".*{words}.*; restore it, or delete it and run the same command"
    ):
        read_run(path)


MANIFESTS = {
    "nothing": ("", "is not complete JSON"),
    "a list": ("[]", "has no key 'config'"),
    "cut": ('{"config": {', "is not complete JSON"),
}


@pytest.mark.parametrize(("text", "words"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_damaged_manifest_is_named(tmp_path, text, words):
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(
        InputError, match=re.escape(f"{path}: ") + f".*{words}.*; restore it, or delete it and run the same command"
    ):
        read_json(path, "config")
