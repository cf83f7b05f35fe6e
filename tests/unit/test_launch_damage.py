"""A training whose state was damaged between two attempts ends with the results of an undisturbed one."""

from pathlib import Path

import pytest
from test_launch import commands, run, train, trainer  # noqa: F401  two are fixtures

from reward_memory.errors import InputError
from reward_memory.training import launch

RESULTS = ("history.csv", "responses.parquet", "policy/model.safetensors", "manifest.json")


def emptied(state: Path) -> None:
    for path in state.rglob("model.safetensors"):
        path.write_bytes(b"")


def cut(state: Path) -> None:
    path = state / "metrics.0000.jsonl"
    path.write_text(path.read_text()[:100])


def garbled(state: Path) -> None:
    (state / "checkpoints/latest_checkpointed_iteration.txt").write_bytes(b"\xff")


#: What is damaged -> (how, the file that is named, the step after which the training resumes).
DAMAGES = {
    "all weights": (emptied, "model.safetensors is truncated", 0),
    "the best weights": (lambda state: emptied(state / "checkpoints/global_step_3"), "global_step_3", 2),
    "the best checkpoint": (
        lambda state: (state / "checkpoints/global_step_3").rename(state / "x"),
        "global_step_3",
        2,
    ),
    "responses": (lambda state: (state / "responses/step_000002.parquet").unlink(), "step_000002.parquet", 1),
    "the log": (cut, "metrics.0000.jsonl", 1),
    "the tracker": (garbled, "latest_checkpointed_iteration.txt", None),
    "the responses' folder": (
        lambda state: (state / "responses").rename(state / "x") and (state / "responses").touch(),
        "responses is not a folder",
        0,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_ends_with_the_same_results(run, trainer, tmp_path, capfd, damage):  # noqa: F811
    straight = train(run, tmp_path, "straight")
    damages, named, resumed = DAMAGES[damage]
    damages(run.state)
    capfd.readouterr()
    again = train(run, tmp_path, "again")
    for name in RESULTS:
        assert (again / name).read_bytes() == (straight / name).read_bytes(), name
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("training: /")]
    assert named in line
    assert len(commands(run)) == (1 if resumed is None else 2)
    if resumed is not None:
        assert line.endswith(f"resumes after step {resumed}." if resumed else "starts over.")


def test_a_trainer_that_loses_responses_leaves_no_result(run, trainer, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(launch, "incomplete_reason", lambda *_: f"{run.state}/responses/step_000002.parquet is missing")
    with pytest.raises(InputError, match=r"step_000002\.parquet is missing: the training left no complete result"):
        train(run, tmp_path)
    assert not (tmp_path / "out").exists()
