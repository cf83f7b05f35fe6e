"""What is said of a training that ended: the same command again, only where that is worth anything."""

import re

import pytest

from reward_memory.training.ending import ENDS, Ending
from reward_memory.training.ray_patience import STARTS

AGAIN = re.compile(r"[Rr]un the same command again")
#: A trainer's lines as verl, Hydra, torch and Ray write them.
LINES = {
    "override": ["Could not override 'trainer.nosuch'.", "Key 'nosuch' is not in struct"],
    "override without a value": ["Error parsing override '+actor_rollout_ref.x'", "missing EQUAL at '<EOF>'"],
    "override with a bracket": ["no viable alternative at input '[1'"],
    "memory of a GPU": ["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."],
    "memory of a GPU, with advice": ["torch.OutOfMemoryError: CUDA out of memory. Fragmentation may be the reason."],
    "memory of the machine": ["RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"],
    "memory, says Ray": ["ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory."],
    "memory, says SLURM": ["slurmstepd: error: Detected 1 oom_kill event in StepId=7.0. Some of the step was killed."],
    "raylet, with a guess": [
        "(raylet) Raylet is terminated. Possible reasons include: (1) SIGKILL by the user or system OOM killer, (2) x",
        "The actor is dead because its worker process has died. There are some potential root causes. (1) The process "
        "is killed by SIGKILL by OOM killer due to high memory usage, or it ran out of memory.",
        "ray.exceptions.ActorUnavailableError: The actor 7e is unavailable: RpcError: Socket closed",
    ],
    "checkpoint": ["RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory."],
    "socket": ["OSError: validate_socket_filename failed: AF_UNIX path length cannot exceed 107 bytes: /x"],
    "code": [
        "ray.exceptions.RayTaskError(ValueError): ray::TaskRunner.run() (pid=1)",
        "ValueError: the model is broken",
    ],
    "code, after which workers went": [
        "(raylet) A worker died unexpectedly",
        "ray.exceptions.RayTaskError(ValueError): ray::TaskRunner.run() (pid=1)",
        "ValueError: the model is broken",
    ],
    "code in an actor's start": [
        "ray.exceptions.ActorDiedError: The actor died because of an error raised in its creation task",
        "KeyError: 'model'",
    ],
    "actor": [
        "ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.",
        "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR",
    ],
    "worker": ["ray.exceptions.WorkerCrashedError: The worker died unexpectedly while executing this task."],
    "unavailable": [
        "(raylet) Raylet is terminated. Termination is unexpected.",
        "ray.exceptions.ActorUnavailableError: The actor e7 is unavailable: The actor is temporarily unavailable",
    ],
    "storage": [
        "\x1b[33m(raylet)\x1b[0m A worker died or was killed while executing a task by an unexpected system error.",
        "ray.exceptions.RayTaskError(StorageUnitTimeout): ray::WorkerDict.actor_rollout_update_actor() (pid=32520)",
        "transfer_queue.storage.managers.simple_storage_manager.StorageUnitTimeout: no answer in 200s during get",
    ],
    "agent": [
        "(raylet) The raylet exited immediately because one Ray agent failed, agent_name = dashboard_agent.",
        "The raylet fate shares with the agent. This can happen because",
        "- The agent is killed by the OS (e.g., out of memory).",
        "ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.",
        "The actor is dead because its node has died.",
    ],
    "node": ["ray.exceptions.NodeDiedError: node 17 has failed"],
    "Ray's server": [
        "[2026-11-26 05:02:11,120 C 812 812] gcs_rpc_client.h:624:  Failed to connect to GCS within 60 seconds. GCS "
        "may have been killed. It's either GCS is terminated by `ray stop` or is killed unexpectedly."
    ],
    "Ray's raylet": ["core_worker.cc:810: Shutting down the core worker because the local raylet failed. Check out"],
    "code before Ray's server went": ["ValueError: the model is broken", "GCS may have been killed. It's either"],
    "slow start": [
        "Exception: The current node timed out during startup. This could happen because some of the raylet"
    ],
    "disk": ["OSError: [Errno 28] No space left on device: '/x/data.pt'"],
    "nothing": ["step:1 - actor/loss:0.1"],
}


def said(tmp_path, name: str, code: int = 1, before: int = 2, safe: int = 2, stepped: bool = False) -> str:
    ending = Ending(before, 8)
    for line in LINES[name]:
        ending.read(line + "\n", stepped)
    return ending.sentence(code, safe, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("actor", "unavailable", "worker", "node", "raylet, with a guess", "disk", "slow start"),
        *("Ray's server", "Ray's raylet", "storage", "agent"),
    ],
)
@pytest.mark.parametrize(("safe", "start"), [(2, "it resumes from step 2."), (0, "it starts from the beginning.")])
def test_an_interruption_is_worth_the_same_command_again(tmp_path, name, safe, start):
    text = said(tmp_path, name, before=safe, safe=safe)
    assert AGAIN.search(text)
    assert text.endswith(start)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("override", "override (Could not override 'trainer.nosuch'). Correct `verl` in the section training"),
        ("override without a value", "override (Error parsing override '+actor_rollout_ref.x')"),
        ("override with a bracket", "override (no viable alternative at input '[1')"),
        ("memory of a GPU", "ran out of memory (OutOfMemoryError: CUDA out of memory"),
        ("memory of a GPU, with advice", "ran out of memory"),
        ("memory of the machine", "ran out of memory"),
        ("memory, says Ray", "ran out of memory"),
        ("memory, says SLURM", "ran out of memory"),
        ("checkpoint", "checkpoints/global_step_2 cannot be read"),
        ("socket", "Ray cannot start here (OSError: validate_socket_filename failed"),
        ("code", "the trainer failed (ValueError: the model is broken). Fix the cause"),
        ("code, after which workers went", "the trainer failed (ValueError: the model is broken). Fix the cause"),
        ("code before Ray's server went", "the trainer failed (ValueError: the model is broken). Fix the cause"),
        ("code in an actor's start", "the trainer failed (KeyError: 'model'). Fix the cause"),
        ("nothing", "the trainer failed. Fix the cause"),
    ],
)
def test_what_would_fail_again_is_not(tmp_path, name, words):
    text = said(tmp_path, name)
    assert words in text
    assert not AGAIN.search(text)


@pytest.mark.parametrize(("code", "name"), [(-9, "SIGKILL"), (-15, "SIGTERM"), (-6, "SIGABRT")])
def test_a_signal_interrupts(tmp_path, code, name):
    assert f"interrupted by {name}. Run the same command again; it resumes from step 2." in said(
        tmp_path, "nothing", code
    )


def test_an_interruption_of_another_kind_says_nothing_of_a_common_cause(tmp_path):
    assert AGAIN.search(said(tmp_path, "nothing", -9, before=2, safe=2))
    assert AGAIN.search(said(tmp_path, "actor", 1, before=2, safe=2))
    assert "interrupted at the same step as before" in said(tmp_path, "actor", 1, before=2, safe=2)


def test_a_second_interruption_at_the_same_step_promises_nothing(tmp_path):
    assert AGAIN.search(said(tmp_path, "nothing", -9, before=0, safe=2))
    text = said(tmp_path, "nothing", -9, before=2, safe=2)
    assert "interrupted at the same step as before" in text
    assert not AGAIN.search(text)


def test_a_second_interruption_after_more_steps_is_worth_it_again(tmp_path):
    said(tmp_path, "nothing", -9, before=0, safe=2)
    assert AGAIN.search(said(tmp_path, "nothing", -9, before=2, safe=3))


def test_a_torn_record_of_ends_is_no_obstacle(tmp_path):
    (tmp_path / ENDS).write_text('{"kind": "inter\n')
    assert AGAIN.search(said(tmp_path, "nothing", -9))


@pytest.mark.parametrize("name", ["override", "slow start", "socket", "checkpoint"])
def test_after_a_step_the_words_of_a_start_mean_nothing(tmp_path, name):
    assert "the trainer failed" in said(tmp_path, name, stepped=True)


def test_without_a_checkpoint_none_is_damaged(tmp_path):
    assert "the trainer failed" in said(tmp_path, "checkpoint", before=0, safe=0)


def test_the_sentence_of_a_slow_start_names_the_longest_limit(tmp_path):
    assert f"Ray did not start within {STARTS[-1]} s" in said(tmp_path, "slow start")
