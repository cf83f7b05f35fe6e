"""The GPUs that a job may use: as many as it asked for, and no other job's."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from reward_memory.errors import InputError

VISIBLE = "CUDA_VISIBLE_DEVICES"
AMD = "ROCR_VISIBLE_DEVICES"
#: First number of a CUDA version -> the oldest driver that runs it.
DRIVERS = {"12": "525", "13": "580"}


def unambiguous(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without AMD's name for the devices where NVIDIA's is set: SLURM sets both, verl refuses that."""
    return {name: value for name, value in environment.items() if VISIBLE not in environment or name != AMD}


def given(gpus: int, nodes: int = 1) -> list[str]:
    """Names of the job's GPUs on this node, as CUDA_VISIBLE_DEVICES has them; none on the CPU path.

    gpus   of the whole job (Snakemake's resource `gpu`)
    nodes  that share them evenly

    InputError if another number is visible: with more, jobs side by side would take each other's.
    """
    if not gpus:
        return []
    if gpus % nodes:
        raise InputError(f"resources: gpu: {gpus} GPUs cannot be shared evenly by {nodes} nodes.")
    names = visible()
    if len(names) != gpus // nodes:
        told = os.environ.get(VISIBLE)
        how = f"{VISIBLE} is not set" if told is None else f"{VISIBLE}={told}"
        raise InputError(
            f"resources: gpu: this job was given {gpus // nodes} on a node and sees {len(names)} ({how}); start it "
            "with a profile that gives each job its own (docs/gpu.md)."
        )
    return names


def check_driver(gpus: int) -> None:
    """InputError if the job was given GPUs and torch cannot use them: built without CUDA, or the driver is too old."""
    if not gpus:
        return
    import torch

    if torch.cuda.is_available():
        return
    built = f"torch {torch.__version__}"
    if torch.version.cuda is None:
        raise InputError(
            f"resources: gpu: this job was given {gpus} and {built} is made for CPUs; install one for GPUs "
            "(docs/gpu.md), or set gpu: 0."
        )
    needed = DRIVERS.get(torch.version.cuda.partition(".")[0])
    newer = f"driver {needed} or newer" if needed else "a newer driver"
    raise InputError(
        f"resources: gpu: this job was given {gpus} and {built} finds none it can use: it is made for CUDA "
        f"{torch.version.cuda}, which needs {newer}, and nvidia-smi names {_driver() or 'none'}; use a machine with "
        "such a driver, or install a torch made for an older CUDA (docs/gpu.md)."
    )


def _driver() -> str:
    """Version of NVIDIA's driver, empty where nvidia-smi names none."""
    if shutil.which("nvidia-smi") is None:
        return ""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    return done.stdout.partition("\n")[0].strip() if not done.returncode else ""


def visible() -> list[str]:
    """Names of the devices that this process may use: those of CUDA_VISIBLE_DEVICES, or all of the machine's."""
    named = os.environ.get(VISIBLE)
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, encoding="utf-8").stdout
    return [str(number) for number, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU "))]
