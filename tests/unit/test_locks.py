"""Locks of jobs: orphans are ended, jobs of living calls waited for, the dead block nobody."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reward_memory.jobs import locks
from reward_memory.jobs.locks import end_orphans, exclusive
from reward_memory.jobs.processes import born

#: A call: starts a job and waits. The job takes the lock, says so, and writes how it ended.
CALL = """
import subprocess, sys
job = subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
job.wait()
"""
JOB = """
import os, signal, sys, time
from pathlib import Path
from reward_memory.jobs.locks import exclusive
path = Path(sys.argv[1])
def stop(*_):
    Path(f"{path}.ended").touch()
    sys.exit(1)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else stop)
with exclusive(path, lambda line: print("said", line, flush=True)):
    if "forks" in sys.argv:
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, b"here")
            time.sleep(20)
            os._exit(0)
        os.read(reading, 4)  # a child that has not begun yet has not let go yet
    print("took", os.getpid(), flush=True)
    time.sleep(float(sys.argv[2]))
print("done", flush=True)
"""


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "locks/train.lock"


@pytest.fixture
def start(path):
    """Start a call with a job that keeps the lock for some seconds; all end with the test."""
    started = []

    def start(seconds: float = 60.0, *more: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", CALL, JOB, str(path), str(seconds), *more],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        finally:
            process.wait()


def took(call: subprocess.Popen) -> int:
    while not (line := call.stdout.readline()).startswith("took"):
        assert line, "the job ended before it had the lock"
    return int(line.split()[1])


def orphan(start, *more: str) -> int:
    """A job whose call was killed."""
    call = start(60.0, *more)
    job = took(call)
    call.kill()
    call.wait()
    return job


def test_a_lock_is_free_and_its_file_gone_afterwards(path):
    with exclusive(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert list(path.parent.iterdir()) == []


def test_a_job_that_fails_frees_its_lock(path):
    with pytest.raises(ValueError, match="broken"), exclusive(path):
        raise ValueError("broken")
    with exclusive(path, pytest.fail):
        pass


def test_an_orphan_is_ended_first(path, start):
    job, lines = orphan(start), []
    with exclusive(path, lines.append):
        assert Path(f"{path}.ended").exists()  # by SIGTERM, on which it may keep its state
        assert born(job) is None
    assert lines == [f"ending process {job}, which an earlier call left running for this job"]


def test_an_orphan_that_does_not_end_is_killed(path, start, monkeypatch):
    monkeypatch.setattr(locks, "GRACE", 0.5)
    orphan(start, "deaf")
    with exclusive(path, lambda line: None):
        assert not Path(f"{path}.ended").exists()


def test_what_a_dead_job_has_forked_keeps_no_lock(path, start):
    job = orphan(start, "forks")
    os.kill(job, signal.SIGKILL)
    while born(job):
        time.sleep(0.01)
    with exclusive(path, pytest.fail):
        pass


def test_a_job_of_a_living_call_is_waited_for(path, start):
    call, lines = start(1.0), []
    job = took(call)
    begun = time.monotonic()
    with exclusive(path, lines.append):
        assert time.monotonic() - begun > 0.5
        assert "done" in call.stdout.read()  # it was not ended
    assert len(lines) == 1
    assert lines[0].startswith(f"waiting for process {job} on ")


def test_many_jobs_wait_their_turn(path, start):
    calls = [start(0.2) for _ in range(4)]
    assert [call.stdout.read().count("done") for call in calls] == [1] * 4


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}'.replace("1", "999999999")])
def test_the_file_of_a_dead_process_blocks_nobody(path, text):
    path.parent.mkdir()
    path.write_text(text)
    with exclusive(path, pytest.fail):
        pass


def other_machine(path: Path) -> None:
    holder = json.loads(path.read_text())
    path.write_text(json.dumps(holder | {"machine": ["another boot", "pid:[1]"], "host": "n2"}))


def test_a_job_on_another_machine_is_never_ended_from_here(path, start):
    call, lines = start(1.5), []
    job = took(call)
    other_machine(path)
    with exclusive(path, lines.append):
        assert "done" in call.stdout.read()
    assert lines[0].startswith(f"waiting for process {job} on n2")


def test_a_job_on_another_machine_that_shows_no_life_is_taken_for_dead(path, start, monkeypatch):
    monkeypatch.setattr(locks, "STALE", 1.0)
    call = start()
    took(call)
    other_machine(path)
    with exclusive(path, lambda line: None):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        assert call.poll() is None


@pytest.mark.slow
def test_a_job_on_another_machine_that_shows_life_is_waited_for(path, start, monkeypatch):
    monkeypatch.setattr(locks, "STALE", 1.5)
    call = start(4.0)
    took(call)
    other_machine(path)
    beats = subprocess.Popen(["sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do sleep 0.4; touch -c {path}; done"])
    with exclusive(path, lambda line: None):
        assert "done" in call.stdout.read()
    beats.wait()


def test_a_file_system_without_locks_is_told_and_no_obstacle(path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    lines = []
    with exclusive(path, lines.append):
        pass
    assert "without locks" in lines[0]


def test_a_call_ends_all_orphans_and_no_job_of_a_living_call(path, start):
    job = orphan(start)
    living = path.with_name("rollouts.lock")
    with exclusive(living):
        found = end_orphans(path.parent, lambda line: None)
        assert [holder["pid"] for holder in found] == [job]
        assert end_orphans(path.parent, pytest.fail) == []


def test_a_folder_without_locks_has_no_orphans(tmp_path):
    assert end_orphans(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("command", "owner"),
    [
        (["/usr/bin/python", "/venv/bin/snakemake", "all"], True),
        (["python", "-m", "snakemake", "all"], True),
        (["python", "-m", "snakemake", "--mode", "subprocess"], False),
        (["bash", "-c", "set -e; python /x/.snakemake/scripts/tmp1.train.py"], False),
        (["bash", "-c", "snakemake all"], False),
        (["bash", "run_snakemake.sh"], False),
    ],
)
def test_the_call_is_the_snakemake_above_the_job(monkeypatch, command, owner):
    class Process:
        pid = 42

        def parents(self):
            return [self]

        def cmdline(self):
            return command

    monkeypatch.setattr(locks.psutil, "Process", Process)
    assert locks._call() == (42 if owner else os.getppid())
