"""Jobs in a container as profiles/slurm has it, with a stand-in for Apptainer that runs them outside."""

import os
import subprocess

import pytest
import yaml
from conftest import ROOT

IMAGE = "reward-memory.sif"
APPTAINER = f"""#!/bin/sh
[ "$1" = --version ] && echo "apptainer version 1.3.4" && exit
echo "$@" | head -n 1 >> apptainer.calls
while [ "$1" != {IMAGE} ]; do shift; done
shift
exec "$@"
"""


def switched_on() -> dict[str, str]:
    """The keys of profiles/slurm that a comment holds back."""
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    return yaml.safe_load(text.split("# Jobs in a container")[1].split("\n", 1)[1].replace("# ", ""))


@pytest.mark.slow
def test_each_job_is_handed_to_the_image_with_the_source_of_the_checkout(workflow):
    keys = switched_on()
    programs = workflow.folder / "programs"
    programs.mkdir()
    (programs / "apptainer").write_text(APPTAINER)
    (programs / "apptainer").chmod(0o755)
    environment = workflow.environment | {"PATH": f"{programs}:{os.environ['PATH']}"}
    arguments = ["results/data/math/train.parquet", "--configfile", "config/test.yaml", "--cores", "1", "--quiet"]
    arguments += [word for key, value in keys.items() for word in (f"--{key}", value)]
    done = subprocess.run(
        workflow.command(*arguments), cwd=workflow.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (call,) = (workflow.folder / "apptainer.calls").read_text().splitlines()
    assert "--nv" in call
    assert "--env PYTHONPATH=/path/to/reward-memory/src" in call
    assert (workflow.folder / "results/data/math/train.parquet").exists()


def test_the_image_is_the_one_that_the_page_builds():
    assert f'container: "{IMAGE}"' in (ROOT / "Snakefile").read_text()
    assert f"apptainer build {IMAGE} " in (ROOT / "docs/cluster.md").read_text()


def test_the_page_gives_a_container_gpus_and_shared_memory():
    assert "docker run --rm --gpus all --ipc=host" in (ROOT / "docs/cluster.md").read_text()
    assert "docker run --rm --gpus all --ipc=host" in (ROOT / "envs/Dockerfile").read_text()
