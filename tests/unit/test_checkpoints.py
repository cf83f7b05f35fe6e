"""What an attempt at a training resumes from, whatever the last one left damaged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from reward_memory.error_memory.store import Store
from reward_memory.settings import Training
from reward_memory.storage import parquet
from reward_memory.training import checkpoints
from reward_memory.training.checkpoints import incomplete_reason, newest_intact, responses_of, seal
from reward_memory.training.responses import STEP_RESPONSES, Response, frame

TRAINING = Training.model_validate({"steps": 6, "save_freq": 2, "selection": "valid"})
SIZES = {"math": 4}
#: The checkpoint of step 4 is the best.
ACCURACIES = {0: 0.1, 2: 0.3, 4: 0.6, 6: 0.5}


def write_log(state: Path, number: int, steps: range) -> None:
    lines = []
    for step in steps:
        data = {"reward/mean": 0.5, "reward/sampled": 3.0}
        if step in ACCURACIES:
            data["val-core/math/acc/mean@1"] = ACCURACIES[step]
        lines.append(json.dumps({"step": step, "data": data if step else {"val-core/math/acc/mean@1": 0.1}}) + "\n")
    (state / f"metrics.{number:04d}.jsonl").write_text("".join(lines))


def write_step(state: Path, step: int) -> None:
    responses = {str(one): Response(f"q{one}", 0, 1, f"text {one} of {step}", [1, 2], 1.0, np.nan) for one in range(3)}
    parquet.write(frame(step, responses, {"0"}), responses_of(state, step), STEP_RESPONSES, checked=True)


def save(state: Path, step: int, sealed: bool = True) -> Path:
    folder = state / f"checkpoints/global_step_{step}"
    (folder / "actor/huggingface").mkdir(parents=True, exist_ok=True)
    weights = {"weight": torch.arange(64.0) + step}
    save_file(weights, folder / "actor/huggingface/model.safetensors")
    (folder / "actor/huggingface/config.json").write_text("{}")
    for kind in ("model", "optim", "extra_state"):
        torch.save(weights, folder / f"actor/{kind}_world_size_1_rank_0.pt")
    torch.save({"position": step}, folder / "data.pt")
    (state / "checkpoints" / checkpoints.TRACKER).write_text(str(step))
    if sealed:
        seal(state / "checkpoints", step)
    return folder


def make(state: Path, steps: int = 6, sealed: bool = True) -> Path:
    """The state of a run of `steps` steps, a checkpoint every two."""
    memory = Store(state / "error_memory")
    for step in range(1, steps + 1):
        write_step(state, step)
        memory.append(np.array(["a", "b"]), np.zeros(2, bool), np.arange(2), np.full((2, 3), step, np.float32))
        if step % 2 == 0:
            write_log(state, 0, range(step))  # verl logs a step after its checkpoint
            save(state, step, sealed)
    write_log(state, 0, range(steps + 1))
    return state


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return make(tmp_path_factory.mktemp("done"))


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    """A run that was killed in step 5."""
    return make(tmp_path_factory.mktemp("halfway"), 4)


@pytest.fixture(scope="module")
def unsealed(tmp_path_factory):
    """Of an earlier version, which wrote no checksums."""
    return make(tmp_path_factory.mktemp("unsealed"), sealed=False)


def resume(state: Path, memory: bool = True, **training) -> int:
    return newest_intact(state, TRAINING.model_copy(update=training), SIZES, memory)


def tracked(state: Path) -> int:
    tracker = state / "checkpoints" / checkpoints.TRACKER
    return int(tracker.read_text()) if tracker.exists() else 0


def test_a_run_that_is_done_is_done_and_nothing_is_said(done, capsys):
    assert resume(done) == tracked(done) == 6
    assert incomplete_reason(done, TRAINING, SIZES) is None
    assert capsys.readouterr().err == ""


def test_a_killed_run_resumes_from_its_last_checkpoint_and_nothing_is_said(halfway, capsys):
    assert resume(halfway) == tracked(halfway) == 4
    assert incomplete_reason(halfway, TRAINING, SIZES).endswith("metrics.0000.jsonl lacks step 5")
    assert capsys.readouterr().err == ""


def cut(share: float):
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


#: Half of the rows, as other programs write them.
REWRITTEN = {
    "rows": lambda path: pq.write_table(pq.read_table(path).slice(0, 1), path),
    "rows by pandas": lambda path: pd.read_parquet(path).head(1).to_parquet(path),
}


DAMAGES = {
    "gone": Path.unlink,
    "empty": cut(0),
    "half": cut(0.5),
    "short": cut(0.999),
    "zeros": zeros,
    "a bit": flip,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "other": lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
    "folder": folder,
}
CHECKPOINT = [
    "actor/huggingface/model.safetensors",
    "actor/huggingface/config.json",
    "actor/model_world_size_1_rank_0.pt",
    "actor/extra_state_world_size_1_rank_0.pt",
    "data.pt",
    checkpoints.SUMS,
]


def said(capsys) -> str:
    """The one sentence that was printed."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("training: ")
    assert "Error" not in line
    return line


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (name, damage)
        for name in [*CHECKPOINT, "actor/optim_world_size_1_rank_0.pt"]
        for damage in DAMAGES
        # a kill leaves no checksums, and old checkpoints let their optimizer go
        if damage != "gone" or name in CHECKPOINT[:-1]
    ],
)
def test_a_damaged_file_of_a_checkpoint_is_named_and_the_one_before_resumed(halfway, tmp_path, capsys, name, damage):
    state = shutil.copytree(halfway, tmp_path / "state")
    path = state / "checkpoints/global_step_4" / name
    DAMAGES[damage](path)
    assert resume(state) == tracked(state) == 2
    line = said(capsys)
    assert str(path) in line
    assert line.endswith("; the training resumes after step 2.")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", CHECKPOINT[:4])
def test_a_run_that_is_done_trains_its_damaged_best_checkpoint_again(done, tmp_path, capsys, name, damage):
    state = shutil.copytree(done, tmp_path / "state")
    path = state / "checkpoints/global_step_4" / name
    DAMAGES[damage](path)
    assert incomplete_reason(state, TRAINING, SIZES).startswith(str(path))
    assert resume(state) == tracked(state) == 2
    assert str(path) in said(capsys)


def test_damage_to_a_checkpoint_that_is_neither_resumed_nor_kept_does_not_matter(done, tmp_path, capsys):
    state = shutil.copytree(done, tmp_path / "state")
    cut(0.5)(state / "checkpoints/global_step_6/actor/huggingface/model.safetensors")
    cut(0.5)(state / "checkpoints/global_step_2/actor/huggingface/model.safetensors")
    assert resume(state) == 6
    assert capsys.readouterr().err == ""
    assert resume(state, selection="last") == 4
    assert "global_step_6/actor/huggingface/model.safetensors" in said(capsys)


def test_weights_that_are_damaged_in_all_checkpoints_never_become_the_result(done, tmp_path, capsys):
    state = shutil.copytree(done, tmp_path / "state")
    for path in state.rglob("model.safetensors"):
        cut(0.7)(path)
    assert resume(state) == tracked(state) == 0
    line = said(capsys)
    assert "global_step_4/actor/huggingface/model.safetensors is truncated" in line
    assert "global_step_2/actor/huggingface/model.safetensors is truncated" in line
    assert line.endswith("; the training starts over.")
    assert not (state / "error_memory").exists()


def test_a_best_checkpoint_that_is_gone_is_trained_again(done, tmp_path, capsys):
    state = shutil.copytree(done, tmp_path / "state")
    shutil.rmtree(state / "checkpoints/global_step_4")
    assert resume(state) == 2
    assert "global_step_4 is missing" in said(capsys)


def test_a_checkpoint_whose_optimizer_was_let_go_is_passed_over_in_silence(halfway, tmp_path, capsys):
    state = shutil.copytree(halfway, tmp_path / "state")
    cut(0.5)(state / "checkpoints/global_step_4/data.pt")
    (state / "checkpoints/global_step_2/actor/optim_world_size_1_rank_0.pt").unlink()
    assert resume(state) == 0
    assert "global_step_2" not in said(capsys)


@pytest.mark.parametrize("damage", ["gone", "empty", "half", "short", "zeros", "other", "folder", *REWRITTEN])
@pytest.mark.parametrize(("step", "goes"), [(1, 0), (3, 2), (4, 2), (5, 4), (6, 4)])
def test_damaged_responses_are_named_and_sampled_again(done, tmp_path, capsys, step, goes, damage):
    state = shutil.copytree(done, tmp_path / "state")
    path = responses_of(state, step)
    (DAMAGES | REWRITTEN)[damage](path)
    assert incomplete_reason(state, TRAINING, SIZES).startswith(str(path))
    assert resume(state) == tracked(state) == goes
    assert str(path) in said(capsys)


def test_responses_of_another_step_are_not_taken_for_a_steps_own(done, tmp_path, capsys):
    state = shutil.copytree(done, tmp_path / "state")
    shutil.copy(responses_of(state, 1), responses_of(state, 3))
    assert resume(state) == 2
    assert "step_000003.parquet does not hold the responses of step 3" in said(capsys)


@pytest.mark.parametrize(("kept", "goes"), [(0, 0), (1, 0), (2, 0), (3, 2), (4, 2), (5, 4), (6, 4)], ids=str)
def test_a_log_that_was_cut_is_named_and_its_steps_trained_again(done, tmp_path, capsys, kept, goes):
    state = shutil.copytree(done, tmp_path / "state")
    path = state / "metrics.0000.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:kept]) + lines[kept][:20])
    assert resume(state) == tracked(state) == goes
    if kept < 6:
        assert str(path) in said(capsys)
    else:
        assert capsys.readouterr().err == ""  # what a kill between verl's checkpoint and its log leaves


@pytest.mark.parametrize("damage", ["gone", "empty", "half", "zeros", "other", "folder"])
def test_a_damaged_log_is_named(done, tmp_path, capsys, damage):
    state = shutil.copytree(done, tmp_path / "state")
    DAMAGES[damage](state / "metrics.0000.jsonl")
    assert resume(state) in (0, 2)
    assert "metrics.0000.jsonl" in said(capsys)


@pytest.mark.parametrize(
    "line", ["5", "null", "[]", '{"step": 3}', '{"data": {}}', '{"step": "3", "data": {}}', '{"step": 3, "data": 1}']
)
def test_a_line_of_the_log_that_is_no_step_counts_for_none(done, tmp_path, capsys, line):
    state = shutil.copytree(done, tmp_path / "state")
    path = state / "metrics.0000.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[4:]]) + "\n")
    assert resume(state) == 2
    assert "metrics.0000.jsonl lacks step 3" in said(capsys)


def test_a_number_of_the_log_that_was_edited_is_noticed(halfway, tmp_path, capsys):
    state = shutil.copytree(halfway, tmp_path / "state")
    path = state / "metrics.0000.jsonl"
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace("0.5", "0.9")
    path.write_text("\n".join(lines) + "\n")
    assert resume(state) == 2
    assert f"{path} was changed after it was written" in said(capsys)


def test_a_log_without_the_validation_before_the_first_step_is_noticed(halfway, tmp_path, capsys):
    state = shutil.copytree(halfway, tmp_path / "state")
    path = state / "metrics.0000.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    assert resume(state) == 0
    assert str(path) in said(capsys)


@pytest.mark.parametrize("damage", ["gone", "empty", "half", "short", "zeros", "a bit", "other", "folder", *REWRITTEN])
@pytest.mark.parametrize(("step", "goes"), [(1, 0), (3, 2), (4, 2)])
def test_a_damaged_file_of_the_error_memory_is_named_and_stepped_back_from(
    halfway, tmp_path, capsys, step, goes, damage
):
    state = shutil.copytree(halfway, tmp_path / "state")
    path = state / f"error_memory/steps-{step:08d}-{step:08d}.parquet"
    (DAMAGES | REWRITTEN)[damage](path)
    assert resume(state) == tracked(state) == goes
    line = said(capsys)
    assert str(path) in line or (damage == "gone" and str(path.parent) in line)
    Store(state / "error_memory", goes)  # can be opened there


def test_a_run_without_error_memory_has_none_to_check(halfway, tmp_path):
    state = shutil.copytree(halfway, tmp_path / "state")
    shutil.rmtree(state / "error_memory")
    assert resume(state, memory=False) == 4


TRACKERS = {
    "empty": b"",
    "zeros": b"\0\0",
    "text": b"four",
    "binary": b"\xff\xfe4",
    "99": b"99",
    "3": b"3",
    "-4": b"-4",
}


@pytest.mark.parametrize("content", TRACKERS)
def test_a_tracker_that_names_no_checkpoint_is_set_to_the_newest_that_is_there(halfway, tmp_path, capsys, content):
    state = shutil.copytree(halfway, tmp_path / "state")
    tracker = state / "checkpoints" / checkpoints.TRACKER
    tracker.write_bytes(TRACKERS[content])
    assert resume(state) == tracked(state) == 4
    if content in ("empty", "zeros"):
        assert capsys.readouterr().err == ""  # verl writes it in place, and was killed
    else:
        assert str(tracker) in said(capsys)


def test_a_tracker_that_is_a_folder_is_replaced(halfway, tmp_path, capsys):
    state = shutil.copytree(halfway, tmp_path / "state")
    folder(state / "checkpoints" / checkpoints.TRACKER)
    assert resume(state) == tracked(state) == 4
    assert "cannot be read (Is a directory)" in said(capsys)


def test_a_checkpoint_that_verl_had_not_named_yet_is_not_resumed(halfway, tmp_path):
    state = shutil.copytree(halfway, tmp_path / "state")
    (state / "checkpoints" / checkpoints.TRACKER).write_text("2")
    assert resume(state) == tracked(state) == 2


def test_an_empty_tracker_without_a_whole_checkpoint_is_removed(tmp_path):
    # verl would fail on the empty file
    (tmp_path / "checkpoints/global_step_5/actor").mkdir(parents=True)
    (tmp_path / "checkpoints" / checkpoints.TRACKER).touch()
    assert resume(tmp_path) == 0
    assert not (tmp_path / "checkpoints" / checkpoints.TRACKER).exists()


def test_a_state_without_a_tracker_stays_without(tmp_path):
    make(tmp_path, 2, sealed=False)  # as a kill before verl writes it, or a training that starts over
    (tmp_path / "checkpoints" / checkpoints.TRACKER).unlink()
    assert resume(tmp_path) == tracked(tmp_path) == 0


def test_a_new_run_starts_from_the_beginning(tmp_path, capsys):
    assert resume(tmp_path) == 0
    assert capsys.readouterr().err == ""


def test_a_state_of_an_earlier_version_is_resumed_without_checksums(unsealed, tmp_path, capsys):
    state = shutil.copytree(unsealed, tmp_path / "state")
    assert resume(state) == 6
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "damage"),
    [(CHECKPOINT[0], "empty"), *((name, damage) for name in CHECKPOINT[:3:2] for damage in ("half", "short"))],
)
def test_cut_weights_of_an_earlier_version_are_told_by_their_format(unsealed, tmp_path, capsys, name, damage):
    state = shutil.copytree(unsealed, tmp_path / "state")
    path = state / "checkpoints/global_step_4" / name
    DAMAGES[damage](path)
    assert resume(state) == 2
    assert str(path) in said(capsys)


def test_a_missing_rank_of_an_earlier_version_is_told(unsealed, tmp_path, capsys):
    state = shutil.copytree(unsealed, tmp_path / "state")
    actor = state / "checkpoints/global_step_4/actor"
    for path in list(actor.glob("*_world_size_1_rank_0.pt")):
        path.rename(path.with_name(path.name.replace("world_size_1", "world_size_2")))
    assert resume(state) == 2
    assert "world_size_2_rank_1.pt is missing" in said(capsys)
