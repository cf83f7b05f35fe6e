"""What a training checks before it resumes, and what it leaves alone in the user's checkout."""

import os
import subprocess
from dataclasses import replace

import pytest
from test_launch import checkpoint, run, track  # noqa: F401  run is a fixture

from reward_memory.errors import InputError
from reward_memory.storage import manifests
from reward_memory.training import launch


def shards(state, step: int, ranks: int) -> None:
    checkpoint(state, step)
    track(state, str(step))
    for rank in range(ranks):
        (state / f"checkpoints/global_step_{step}/actor/model_world_size_{ranks}_rank_{rank}.pt").touch()


@pytest.mark.parametrize(("ranks", "gpus"), [(1, 0), (1, 1), (4, 4), (16, 16)])
def test_a_training_resumes_with_as_many_gpus(run, ranks, gpus):  # noqa: F811
    shards(run.state, 2, ranks)
    launch._same_ranks(replace(run, gpus=gpus))


@pytest.mark.parametrize(("ranks", "gpus"), [(4, 2), (4, 8), (2, 0), (1, 2), (10, 1)])
def test_another_number_of_gpus_is_refused_before_verl_starts(run, ranks, gpus):  # noqa: F811
    shards(run.state, 2, ranks)
    with pytest.raises(InputError) as caught:
        launch._same_ranks(replace(run, gpus=gpus))
    assert str(caught.value) == (
        f"resources: train_policy: gpu: the checkpoints of this training are from {ranks} GPUs and it now has "
        f"{max(gpus, 1)}. Give it {ranks} again, or delete {run.state} to start from the beginning."
    )


def test_only_the_checkpoint_that_it_resumes_from_counts(run):  # noqa: F811
    shards(run.state, 4, 4)
    shards(run.state, 2, 2)  # an earlier one, which the tracker names
    launch._same_ranks(replace(run, gpus=2))


def test_a_first_start_has_nothing_to_agree_with(run):  # noqa: F811
    launch._same_ranks(replace(run, gpus=8))


def test_asking_git_for_changes_leaves_the_index_of_the_checkout(tmp_path, monkeypatch):
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True)

    file = tmp_path / "provenance.py"
    file.write_text("text")
    git("init")
    git("add", ".")
    git("-c", "user.name=n", "-c", "user.email=e@x", "commit", "-m", "one")
    os.utime(file, (1, 1))  # git would note in its index that the content is the same
    before = (tmp_path / ".git/index").read_bytes()
    monkeypatch.setattr(manifests, "__file__", str(file))
    assert manifests._changed() is False
    assert (tmp_path / ".git/index").read_bytes() == before
