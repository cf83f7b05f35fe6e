"""The GPUs that a job may use: as many as it asked for, and no other job's."""

import os

from .errors import InputError

VISIBLE = "CUDA_VISIBLE_DEVICES"


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
    told = os.environ.get(VISIBLE)
    names = [str(number) for number in range(_count())] if told is None else [name for name in told.split(",") if name]
    if len(names) != gpus // nodes:
        how = f"{VISIBLE} is not set" if told is None else f"{VISIBLE}={told}"
        raise InputError(
            f"resources: gpu: this job was given {gpus // nodes} on a node and sees {len(names)} ({how}); start it "
            "with a profile that gives each job its own (docs/gpu.md)."
        )
    return names


def _count() -> int:
    import torch

    return torch.cuda.device_count()
