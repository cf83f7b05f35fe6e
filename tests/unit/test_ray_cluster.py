"""What starts Ray over the nodes of a SLURM job; that it runs, tests/integration/test_slurm_nodes.py shows."""

import os
import sys
from pathlib import Path

import pytest

from reward_memory.errors import InputError
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
    with ray_cluster.spanning(1, 8, environment, Path("scratch")) as joining:
        assert (joining, environment) == ([], {})


def test_several_nodes_outside_of_slurm_are_refused(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    message = "nodes: 2 nodes are asked for and this job has 0"
    with pytest.raises(InputError, match=message), ray_cluster.spanning(2, 8, {}, Path("scratch")):
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
    assert step[-2:] == ["env", "--unset=ROCR_VISIBLE_DEVICES"]


def test_without_gpus_none_are_asked_for():
    _, workers = ray_cluster.commands(["n1", "n2"], "10.0.0.1:6400", 0, Path("/tmp/rm-1"))
    assert not [part for part in workers if part.startswith("--gpus")]


def test_verl_joins_by_the_address_and_brings_no_processors_of_its_own():
    assert {
        "++ray_kwargs.ray_init.address='10.0.0.1:6400'",
        "++ray_kwargs.ray_init.num_cpus=null",
        "++ray_kwargs.ray_init.num_gpus=null",
    } <= {*ray_cluster.joining("10.0.0.1:6400")}
