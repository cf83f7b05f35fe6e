"""The GPUs that a job may use: as many as it requested, and none of another job."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from reward_memory.errors import InputError

VISIBLE = "CUDA_VISIBLE_DEVICES"
AMD = "ROCR_VISIBLE_DEVICES"
#: CUDA major version -> oldest driver that supports it.
DRIVERS = {"12": "525", "13": "580"}


def unambiguous(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop AMD's device variable from the environment if NVIDIA's is set: SLURM sets both, which verl refuses."""
    return {name: value for name, value in environment.items() if VISIBLE not in environment or name != AMD}


def given(gpus: int, nodes: int = 1) -> list[str]:
    """Names of the job's GPUs on this node, as in CUDA_VISIBLE_DEVICES; empty on the CPU path.

    gpus   number of GPUs of the complete job (Snakemake's resource `gpu`)
    nodes  number of nodes, which share the GPUs evenly

    InputError if a different number is visible: with more, parallel jobs would use each other's.
    """
    if not gpus:
        return []
    if gpus % nodes:
        raise InputError(f"resources: gpu: {gpus} GPUs cannot be divided evenly among {nodes} nodes.")
    names = visible()
    if len(names) != gpus // nodes:
        devices = os.environ.get(VISIBLE)
        how = f"{VISIBLE} is not set" if devices is None else f"{VISIBLE}={devices}"
        raise InputError(
            f"resources: gpu: this job was given {gpus // nodes} on a node and sees {len(names)} ({how}); start it "
            "with a profile that gives each job its own (docs/gpu.md)."
        )
    return names


def check_driver(gpus: int) -> None:
    """Raise InputError if the job has GPUs that torch cannot use: built without CUDA, or the driver is too old."""
    if not gpus:
        return
    import torch

    if torch.cuda.is_available():
        return
    built = f"torch {torch.__version__}"
    if torch.version.cuda is None:
        raise InputError(
            f"resources: gpu: this job was given {gpus} and {built} is built for CPUs; install one for GPUs "
            "(docs/gpu.md), or set gpu: 0."
        )
    needed = DRIVERS.get(torch.version.cuda.partition(".")[0])
    newer = f"driver {needed} or newer" if needed else "a newer driver"
    raise InputError(
        f"resources: gpu: this job was given {gpus} and {built} finds none it can use: it is built for CUDA "
        f"{torch.version.cuda}, which needs {newer}, and nvidia-smi names {_driver() or 'none'}; use a machine with "
        "such a driver, or install a torch built for an older CUDA (docs/gpu.md)."
    )


def _driver() -> str:
    """Version of NVIDIA's driver, empty if nvidia-smi reports none."""
    if shutil.which("nvidia-smi") is None:
        return ""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    return done.stdout.partition("\n")[0].strip() if not done.returncode else ""


def visible() -> list[str]:
    """Names of the devices that this process may use: those of CUDA_VISIBLE_DEVICES, else all of the machine."""
    named = os.environ.get(VISIBLE)
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, encoding="utf-8").stdout
    return [str(number) for number, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU "))]
