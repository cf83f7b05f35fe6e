"""How a training job and its trainer end together."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reward_memory.errors import InputError
from reward_memory.settings import Training
from reward_memory.training import dead_workers, launch
from reward_memory.training.overrides import Run

#: A parent that starts a trainer which says its process id and waits.
PARENT = """
import sys
from pathlib import Path
from reward_memory.settings import Training
from reward_memory.training import launch
from reward_memory.training.overrides import Run

folder = Path(sys.argv[1])
launch.GRACE = float(sys.argv[3])
launch.sys.executable = sys.argv[2]
run = Run(folder, folder, folder, None, folder / "state", 0, 0)
run.state.mkdir()
launch.overrides = lambda *_: []
with launch._alone(run.state) as lock:
    launch._run(Training.model_validate({"steps": 1}), run, "reduced", lock)
"""
WAITER = f"""#!{sys.executable}
import os, signal, sys, time
from pathlib import Path

def stop(*_):
    time.sleep(0.3)
    Path({{folder!r}}, "ended").touch()
    sys.exit(0)

signal.signal(signal.SIGTERM, {{handler}})
print(os.getpid(), flush=True)
for _ in range(600):  # Python handles a signal that comes just before a sleep only after it
    time.sleep(0.1)
"""


@pytest.fixture
def family(tmp_path):
    """Start a parent and its trainer, which treats SIGTERM by `handler`; (parent, process id of the trainer)."""
    started = []

    def family(handler: str, grace: float = 20.0) -> tuple[subprocess.Popen, int]:
        waiter = tmp_path / "waiter"
        waiter.write_text(WAITER.format(folder=str(tmp_path), handler=handler))
        waiter.chmod(0o755)
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, tmp_path, waiter, str(grace)], stdout=subprocess.PIPE, text=True
        )
        started.append(parent)
        # the parent passes its trainer's lines on once it listens for signals
        return parent, int(parent.stdout.readline())

    yield family
    for parent in started:
        parent.kill()
        parent.communicate()


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_trainer_dies_with_a_job_that_is_killed(family):
    parent, trainer = family("stop")
    parent.kill()
    until(lambda: not lives(trainer))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_told_to_end_lets_its_trainer_end_first(family, tmp_path, number):
    parent, trainer = family("stop")
    parent.send_signal(number)
    assert parent.wait(20) == 128 + number
    assert not lives(trainer)
    assert (tmp_path / "ended").exists()


@pytest.mark.slow
def test_a_trainer_that_will_not_end_is_killed_after_its_grace(family):
    parent, trainer = family("signal.SIG_IGN", grace=0.5)
    parent.terminate()
    assert parent.wait(20) == 128 + signal.SIGTERM
    assert not lives(trainer)


#: A trainer that learns of a dead worker and waits for it; the third line is what a step looks like.
BEREAVED = f"""#!{sys.executable}
import sys, time
print("(raylet, ip=192.0.2.2) A worker died or was killed while executing a task by an unexpected system error.")
print(sys.argv[-1], flush=True)
time.sleep(float(sys.argv[-2]))
"""


@pytest.fixture
def bereaved(tmp_path, monkeypatch):
    """Run a trainer whose worker has died, for `seconds`, after which it says `last`; its InputError's words."""
    script = tmp_path / "bereaved"
    script.write_text(BEREAVED)
    script.chmod(0o755)
    run = Run(tmp_path, tmp_path, tmp_path, None, tmp_path / "state", 0, 0)
    run.state.mkdir()
    monkeypatch.setattr(launch.sys, "executable", str(script))
    monkeypatch.setattr(dead_workers, "PATIENCE", 0.5)

    def told(seconds: float, last: str = "") -> str:
        monkeypatch.setattr(launch, "overrides", lambda *_: [str(seconds), last])
        with launch._alone(run.state) as lock, pytest.raises(InputError) as caught:
            launch._run(Training.model_validate({"steps": 2}), run, "reduced", lock)
        return str(caught.value)

    return told


def test_a_trainer_that_waits_for_a_dead_worker_is_ended(bereaved):
    start = time.monotonic()
    told = bereaved(60)
    assert time.monotonic() - start < 30
    assert "interrupted because one of its processes died. Run the same command again" in told


def test_a_trainer_that_makes_a_step_after_a_death_goes_on(bereaved):
    """Ray repeats some tasks by itself."""
    assert "exit status 0" in bereaved(2, "Training Progress:  50%|#####     | 1/2 [00:01<00:01]")
