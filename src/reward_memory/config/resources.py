"""Resources that the jobs of a rule request: defaults, overridden by the section `resources`."""

from __future__ import annotations

from typing import Any

from reward_memory.settings import Configuration
from reward_memory.settings.resources import Job, TrainJob

#: Enough for policies of about a million weights. `gpu` counts the GPUs of the job over all its nodes.
DEFAULTS: dict[str, dict[str, Any]] = {
    "sample_rollouts": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "2h"},
    "evaluate_policy": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "4h"},
    "embed_rollouts": {"gpu": 1, "nodes": 1, "threads": 2, "mem_mb": 3_000, "runtime": "2h"},
    "fit_reward_model": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "4h"},
    "measure_reward_model": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "1h"},
    "train_policy": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 4_000, "runtime": "24h"},
}
#: Megabytes that PyTorch alone needs; with fewer, a cluster kills the job at its start.
MIN_MEM_MB = 600
#: Gigabytes; the largest GPUs of 2026 have less than half of this.
MAX_GPU_MEMORY_GB = 1000
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def allocation(config: Configuration, rule: str, policy: str | None = None, attempt: int = 1) -> dict[str, Any]:
    """Return gpu, nodes, threads, mem_mb, runtime (minutes) of a job of `rule`, with the policy's overrides.

    Memory and runtime are `attempt` times those of the first attempt.
    """
    section: Job | TrainJob = getattr(config.resources, rule)
    requested = DEFAULTS[rule] | section.model_dump(exclude={"per_policy"})
    if override := section.per_policy.get(policy or ""):
        requested |= override.model_dump()
    minutes = int(requested["runtime"][:-1]) * _MINUTES[requested["runtime"][-1]]
    return requested | {"mem_mb": requested["mem_mb"] * attempt, "runtime": minutes * attempt}


def mistake(config: Configuration) -> str | None:
    """Return a message about keys of `resources` that contradict each other or other sections, or None."""
    for rule, section in config.resources:
        for name in section.per_policy:
            if name not in config.policies:
                return f"resources: {rule}: per_policy: {name!r} is not one of {', '.join(config.policies)}."
        for name in (None, *section.per_policy):
            requested = allocation(config, rule, name)
            where = f"resources: {rule}: " + (f"per_policy: {name}: " if name else "")
            if requested["gpu"] % requested["nodes"]:
                return f"{where}gpu: {requested['gpu']} GPUs cannot be divided evenly among {requested['nodes']} nodes."
            if requested.get("gpu_memory_gb", 0) > MAX_GPU_MEMORY_GB:
                return (
                    f"{where}gpu_memory_gb: {requested['gpu_memory_gb']} gigabytes are more than any GPU has; if "
                    f"megabytes are meant, give {round(requested['gpu_memory_gb'] / 1024)}."
                )
            if requested["mem_mb"] < MIN_MEM_MB:
                return (
                    f"{where}mem_mb: {requested['mem_mb']} megabytes are too few for any job; if gigabytes are meant, "
                    f"give {1000 * requested['mem_mb']}."
                )
            if rule != "train_policy" and requested["nodes"] > 1:
                return f"resources: {rule}: nodes: only the rule train_policy runs on more than one."
    return None
