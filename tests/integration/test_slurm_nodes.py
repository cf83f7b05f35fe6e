"""Ray over two nodes of a real SLURM; both of them are this machine, with fake GPUs."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml
from conftest import ROOT
from test_slurm import Cluster, running

from reward_memory.config import loading

JOB = """
import os, subprocess, sys, tempfile
from pathlib import Path
from reward_memory.training.ray_cluster import run_cluster
ASK = '''
import os, ray, sys, time
ray.init(sys.argv[1], log_to_driver=False)
@ray.remote(num_gpus=2)
def where():
    time.sleep(3)
    return os.environ["SLURMD_NODENAME"], os.environ["MARK"]
print("found", *sorted(ray.get([where.remote(), where.remote()])))
'''
environment = dict(os.environ) | {"MARK": "here"}
with tempfile.TemporaryDirectory(prefix="rm-") as scratch, run_cluster(2, 4, environment, Path(scratch)) as joining:
    address = joining[0].split("'")[1]
    subprocess.run([sys.executable, "-c", ASK, address], env=environment, check=True)
print("ended")
"""
#: verl's own main_ppo with a rank on each node, as a job of several nodes starts it, but with the settings of the CPU.
TRAINING = """
import json, os, subprocess, sys, tempfile
from pathlib import Path
from reward_memory.training import launch
from reward_memory.settings import Training
from reward_memory.training.overrides import Run, overrides
from reward_memory.training.ray_cluster import run_cluster
told = json.loads(Path("told.json").read_text())
state = Path("state").resolve()
state.mkdir()
run = Run(
    policy=Path(told["policy"]), train=Path(told["train"]), valid=Path(told["valid"]), reward_model=None, state=state,
    seed=0, gpus=0,
)
with tempfile.TemporaryDirectory(prefix="rm-") as scratch:
    environment = launch._environment(run, 0, Path(scratch)) | {"MARK": "here"}
    with run_cluster(2, 2, environment, Path(scratch)) as joining:
        command = [sys.executable, "-m", "verl.trainer.main_ppo"]
        training = Training.model_validate(told["training"])
        command += [*overrides(training, run, "reduced", Path(scratch)), "trainer.nnodes=2", *joining]
        subprocess.run(command, env=environment, check=True)
print("ended")
"""
# what Snakemake leaves of SLURM's variables
BATCH = """#!/bin/bash
job=$SLURM_JOB_ID
for name in $(compgen -e | grep -E '^(SLURM_|SRUN_|SBATCH_)'); do unset $name; done
export SLURM_JOB_ID=$job
exec {python} job.py
"""

pytestmark = pytest.mark.long


@pytest.fixture
def two_nodes(tmp_path_factory):
    """A SLURM of two nodes with two GPUs each."""
    with running(tmp_path_factory.mktemp("nodes"), NODES="2", GPUS="2") as cluster:
        yield cluster


def submit(cluster: Cluster, folder: Path, program: str, *size: str) -> str:
    """Run a program as a job of two nodes; what it said."""
    (folder / "job.py").write_text(program)
    (folder / "job.sh").write_text(BATCH.format(python=sys.executable))
    done = subprocess.run(
        ["sbatch", "--wait", "--nodes=2", "--ntasks=2", "--cpus-per-task=2", *size, "--output=said", "job.sh"],
        cwd=folder,
        env=cluster.environment | {"PYTHONPATH": str(ROOT / "src")},
        check=False,
        timeout=300,
    )
    text = (folder / "said").read_text()
    assert done.returncode == 0, text[-10000:]
    return text


def test_ray_spans_the_nodes_of_a_job_and_ends_with_it(two_nodes, tmp_path):
    text = submit(two_nodes, tmp_path, JOB, "--gpus=4", "--mem=4000")
    assert "found ('n0', 'here') ('n1', 'here')" in text
    assert text.rstrip().splitlines()[-1] == "ended"
    assert not [process for process in psutil.process_iter(["environ"]) if marked(process, tmp_path)]


def test_verl_trains_with_a_rank_on_each_node(two_nodes, finished, tmp_path):
    results = finished.folder / "results"
    config = loading.load(yaml.safe_load((ROOT / "config/test.yaml").read_text()))
    told = {
        "policy": f"{results}/policies/tiny",
        "train": f"{results}/training_queries/main/verified/ratio100/train.parquet",
        "valid": f"{results}/training_queries/main/valid.parquet",
        "training": config.training.model_dump()
        | {"steps": 1, "save_freq": 1, "test_freq": 1, "ppo_micro_batch_size_per_gpu": 4, "max_prompt_tokens": 128},
    }
    (tmp_path / "told.json").write_text(json.dumps(told))
    text = submit(two_nodes, tmp_path, TRAINING, "--gpus=2", "--mem=12000")
    assert "Ray runs on 2 nodes" in text
    state = tmp_path / "state"
    steps = [json.loads(line) for line in (state / "metrics.0000.jsonl").read_text().splitlines()]
    assert {step["step"] for step in steps} == {0, 1}
    shards = [path.name for path in (state / "checkpoints/global_step_1/actor").glob("model_world_size_*.pt")]
    assert sorted(shards) == [f"model_world_size_2_rank_{rank}.pt" for rank in (0, 1)]
    assert not [process for process in psutil.process_iter(["environ"]) if marked(process, tmp_path)]


def marked(process: psutil.Process, folder: Path) -> bool:
    """Whether a process was started by the job in `folder`."""
    environment = process.info["environ"] or {}
    return environment.get("MARK") == "here" and environment.get("PWD") == str(folder)
