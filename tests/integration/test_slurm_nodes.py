"""Ray over two nodes of a real SLURM; both of them are this machine, with fake GPUs."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from conftest import ROOT
from test_slurm import MINISLURM, Cluster, said, stop_daemons, wait

JOB = """
import os, subprocess, sys, tempfile
from pathlib import Path
from reward_memory.training.ray_cluster import spanning
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
with tempfile.TemporaryDirectory(prefix="rm-") as scratch, spanning(2, 4, environment, Path(scratch)) as joining:
    address = joining[0].split("'")[1]
    subprocess.run([sys.executable, "-c", ASK, address], env=environment, check=True)
print("ended")
"""
# what Snakemake leaves of SLURM's variables
BATCH = """#!/bin/bash
job=$SLURM_JOB_ID
for name in $(compgen -e | grep -E '^(SLURM_|SRUN_|SBATCH_)'); do unset $name; done
export SLURM_JOB_ID=$job
exec {python} job.py
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def two_nodes(tmp_path_factory):
    """A SLURM of two nodes with two GPUs each."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if shutil.which(name) is None]
    if not MINISLURM.exists() or missing or os.getuid():
        pytest.skip(f"needs ../shared/tools/minislurm.sh, root, and apt packages slurm-wlm and munge {missing}")
    folder = tmp_path_factory.mktemp("nodes")
    environment = os.environ | {"MEM": "16000", "GPUS": "4"}
    try:
        subprocess.run(["bash", MINISLURM, "start", folder], env=environment, check=True, timeout=60)
        stop_daemons(folder)
        split(folder)
        yield Cluster(folder)
    finally:
        for path in folder.glob("slurmd.n*.pid"):
            process = psutil.Process(int(path.read_text()))
            process.terminate()
            process.wait(30)
        subprocess.run(["bash", MINISLURM, "stop", folder], check=True, timeout=120)


def split(folder: Path) -> None:
    """Make two nodes of the one, and start SLURM's daemons."""
    conf, host = folder / "slurm.conf", socket.gethostname().split(".")[0]
    text = re.sub(r"^(NodeName|PartitionName)=.*\n", "", conf.read_text(), flags=re.MULTILINE)
    text = text.replace(f"{folder}/spool", f"{folder}/spool.%n").replace("slurmd.pid", "slurmd.%n.pid")
    lines, devices = [], []
    for number in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        lines.append(
            f"NodeName=n{number} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=16000 "
            "Gres=gpu:fake:2"
        )
        first = 2 * number
        devices.append(f"NodeName=n{number} Name=gpu Type=fake File={folder}/dev/nvidia[{first}-{first + 1}]")
        (folder / f"spool.n{number}").mkdir()
    conf.write_text(text + "\n".join([*lines, "PartitionName=main Nodes=n0,n1 Default=YES State=UP\n"]))
    (folder / "gres.conf").write_text("\n".join(devices) + "\n")
    shutil.rmtree(folder / "state")
    (folder / "state").mkdir()
    subprocess.run(["slurmctld", "-f", conf], check=True)
    for number in range(2):
        subprocess.run(["slurmd", "-f", conf, "-N", f"n{number}"], check=True)
    wait(lambda: said(Cluster(folder), "sinfo", "-h", "-N", "-o", "%t").split() == ["idle", "idle"], 30)


def test_ray_spans_the_nodes_of_a_job_and_ends_with_it(two_nodes, tmp_path):
    (tmp_path / "job.py").write_text(JOB)
    (tmp_path / "job.sh").write_text(BATCH.format(python=sys.executable))
    size = ["--nodes=2", "--ntasks=2", "--gpus=4", "--cpus-per-task=2", "--mem=4000"]
    done = subprocess.run(
        ["sbatch", "--wait", *size, "--output=said", "job.sh"],
        cwd=tmp_path,
        env=two_nodes.environment | {"PYTHONPATH": str(ROOT / "src")},
        check=False,
        timeout=300,
    )
    text = (tmp_path / "said").read_text()
    assert done.returncode == 0, text
    assert "found ('n0', 'here') ('n1', 'here')" in text
    assert text.rstrip().splitlines()[-1] == "ended"
    assert not [process for process in psutil.process_iter(["environ"]) if marked(process, tmp_path)]


def marked(process: psutil.Process, folder: Path) -> bool:
    """Whether a process was started by the job in `folder`."""
    environment = process.info["environ"] or {}
    return environment.get("MARK") == "here" and environment.get("PWD") == str(folder)
