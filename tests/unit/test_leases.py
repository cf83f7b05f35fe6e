"""Leases of devices, by processes that really run at a time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reward_memory.errors import InputError
from reward_memory.jobs import leases

# takes devices, says so with the time, keeps them until its input ends
HOLDER = """
import os, sys, time
from reward_memory.jobs.leases import lease
with lease(int(sys.argv[1]), lambda line: print("wait", line, flush=True)) as mine:
    print("took", ",".join(mine), os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.read()
"""
# takes and returns devices many times, and looks whether anyone else is at one of its own
WORKER = """
import os, sys
from pathlib import Path
from reward_memory.jobs import leases
leases.POLL = 0.001
for turn in range(20):
    with leases.lease(int(sys.argv[1]), lambda line: None) as mine:
        assert len(set(mine)) == int(sys.argv[1])
        for name in mine:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL))
        for name in mine:
            os.unlink(name)
print("done")
"""


@pytest.fixture
def start(tmp_path):
    """Start a process that leases `count` of the devices; all of them end with the test."""
    started = []

    def start(count: int, devices: str = "0,1,2", text: str = HOLDER, **environment: str) -> subprocess.Popen:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
        process = subprocess.Popen(
            [sys.executable, "-c", text, str(count)],
            cwd=tmp_path,
            env=inherited | {"CUDA_VISIBLE_DEVICES": devices, "REWARD_MEMORY_LEASES": str(tmp_path)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def took(process: subprocess.Popen) -> set[str]:
    """The devices that a holder got; the environment must name the same."""
    line = process.stdout.readline()
    while line.startswith("wait"):
        line = process.stdout.readline()
    said, mine, visible = line.split()
    assert said == "took"
    assert mine == visible
    return set(mine.split(","))


def test_jobs_at_a_time_get_distinct_devices(start):
    first, second = start(2), start(1)
    mine, other = took(first), took(second)
    assert (len(mine), len(other)) == (2, 1)
    assert mine | other == {"0", "1", "2"}


def test_a_job_waits_with_a_line_until_enough_devices_are_free(start):
    first, second = start(2), start(1)
    mine = took(first)
    took(second)
    third = start(2)
    assert third.stdout.readline() == "wait waiting for 2 of 3 GPUs, 0 s elapsed\n"
    first.stdin.close()
    assert took(third) == mine


def test_a_killed_jobs_devices_are_free_again(start):
    first = start(3)
    assert took(first) == {"0", "1", "2"}
    first.kill()
    assert took(start(3)) == {"0", "1", "2"}


def test_a_killed_waiting_job_holds_nothing(start):
    first = start(1)
    mine = took(first)
    second = start(3)
    assert second.stdout.readline().startswith("wait")
    time.sleep(0.5)  # it holds two devices now, and the turn to collect
    second.kill()
    assert took(start(2)) == {"0", "1", "2"} - mine


def test_many_jobs_of_all_sizes_never_share_a_device_and_all_end(start):
    workers = [start(count, text=WORKER) for count in (1, 2, 3, 2)]
    for worker in workers:
        assert worker.communicate(timeout=60)[0] == "done\n"
        assert worker.returncode == 0


def test_devices_that_slurm_set_are_taken_as_they_are(start):
    first, second = (start(1, devices="5", SLURM_JOB_ID="7") for _ in range(2))
    assert took(first) == took(second) == {"5"}


def test_jobs_within_one_larger_slurm_job_share_its_devices_out(start):
    first, second = (start(1, devices="0,1", SLURM_JOB_ID="7") for _ in range(2))
    assert took(first) | took(second) == {"0", "1"}


def test_two_slurm_jobs_on_one_node_count_their_devices_each_from_zero(start):
    first, second = (start(1, devices="0,1", SLURM_JOB_ID=job) for job in ("7", "8"))
    assert took(first) == took(second) == {"0"}


def test_more_devices_than_the_machine_has_are_refused(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(InputError, match="3 devices are requested, but 2 are visible here"), leases.lease(3):
        pass


def test_the_environment_is_as_before_afterwards(monkeypatch, tmp_path):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("REWARD_MEMORY_LEASES", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    with leases.lease(1) as mine:
        assert (mine, os.environ["CUDA_VISIBLE_DEVICES"]) == (["4"], "4")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,6"


def test_no_device_is_leased_to_a_job_without_gpu(monkeypatch, tmp_path):
    monkeypatch.setenv("REWARD_MEMORY_LEASES", str(tmp_path))
    with leases.lease(0) as mine:
        assert mine == []
    assert list(Path(tmp_path).iterdir()) == []
