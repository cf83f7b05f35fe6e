"""What starts Ray over the nodes of a SLURM job; that it runs, tests/integration/test_slurm_nodes.py shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reward_memory.errors import InputError
from reward_memory.jobs import scratch
from reward_memory.training import ray_cluster


@pytest.fixture
def slurm(monkeypatch, tmp_path):
    """SLURM's commands, as they answer within job 7 on the nodes n3, n1 and n2, of which n1 is the first."""
    answers = {"squeue": "n[1-3] n1", "scontrol": "n1\nn2\nn3\n"}
    for name, answer in answers.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nprintf '{answer}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")


def test_one_node_needs_no_cluster(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    environment = {}
    with ray_cluster.run_cluster(1, 8, environment, Path("scratch")) as joining:
        assert (joining, environment) == ([], {})


def test_several_nodes_outside_of_slurm_are_refused(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    message = "nodes: 2 nodes are requested, but this job has 0"
    with pytest.raises(InputError, match=message), ray_cluster.run_cluster(2, 8, {}, Path("scratch")):
        pass


def test_the_node_that_the_job_started_on_comes_first(slurm):
    assert ray_cluster.hosts() == ["n1", "n2", "n3"]


def test_the_head_runs_here_and_a_worker_on_each_other_node():
    head, workers = ray_cluster.commands(["n1", "n2", "n3"], "10.0.0.1:6400", 8, Path("/tmp/rm-1"))
    ray = str(Path(sys.executable).with_name("ray"))
    assert head[:2] == [ray, "start"]
    assert {"--head", "--node-ip-address=10.0.0.1", "--port=6400", "--num-gpus=8", "--temp-dir=/tmp/rm-1"} <= {*head}
    assert workers[0] == "srun"
    step, started = workers[: workers.index(ray)], workers[workers.index(ray) :]
    assert {"--nodes=2", "--ntasks=2", "--nodelist=n2,n3", "--gpus-per-node=8", "--overlap"} <= {*step}
    assert {"--block", "--address=10.0.0.1:6400", "--num-gpus=8"} <= {*started}
    # SLURM tells each step of its devices in NVIDIA's words and in AMD's, on which verl's workers would stop
    assert "env --unset=ROCR_VISIBLE_DEVICES sh -c" in " ".join(step)
    assert step[-1] == "/tmp/rm-1"


def started(folder: Path, *command: str) -> subprocess.Popen:
    command = [*ray_cluster.in_private_folder(folder), *command]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_another_node_has_the_folder_to_itself_while_its_ray_runs(tmp_path):
    folder = tmp_path / "rm-1"
    process = started(folder, "sh", "-c", f"stat -c %a {folder}; exit 3")
    assert process.communicate()[0] == "700\n"
    assert process.returncode == 3
    assert not folder.exists()


def test_a_node_on_the_heads_machine_leaves_the_heads_folder(tmp_path):
    started(tmp_path, "true").communicate()
    assert tmp_path.exists()


def test_a_terminated_step_ends_ray_and_then_removes_the_folder(tmp_path):
    folder = tmp_path / "rm-1"
    ray = "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.3), print('ended'), sys.exit(0)))"
    process = started(folder, sys.executable, "-uc", f"{ray}; print('up'); [time.sleep(0.1) for _ in range(600)]")
    assert process.stdout.readline() == "up\n"
    process.terminate()
    assert process.communicate(timeout=30)[0] == "ended\n"
    assert not folder.exists()


def test_the_folder_of_a_running_step_is_not_swept_and_that_of_a_killed_one_is(tmp_path):
    folder = tmp_path / "rm-1"
    process = started(folder, sys.executable, "-uc", "import time; print('up'); time.sleep(3)")
    process.stdout.readline()
    scratch.sweep(tmp_path)
    assert folder.exists()
    process.kill()
    process.wait()
    scratch.sweep(tmp_path)
    assert not folder.exists()


def test_without_gpus_none_are_asked_for():
    _, workers = ray_cluster.commands(["n1", "n2"], "10.0.0.1:6400", 0, Path("/tmp/rm-1"))
    assert not [part for part in workers if part.startswith("--gpus")]


def test_verl_joins_by_the_address_and_brings_no_processors_of_its_own():
    assert {
        "++ray_kwargs.ray_init.address='10.0.0.1:6400'",
        "++ray_kwargs.ray_init.num_cpus=null",
        "++ray_kwargs.ray_init.num_gpus=null",
    } <= {*ray_cluster.joining("10.0.0.1:6400")}
