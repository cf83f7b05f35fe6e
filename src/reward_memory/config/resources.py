"""What the jobs of a rule ask of the machine or the cluster: defaults, overlaid by the section `resources`."""

from __future__ import annotations

from typing import Any

from reward_memory.settings import Configuration
from reward_memory.settings.resources import Job, TrainJob

#: Enough for policies of about a million weights; `gpu` is that of the whole job, over all its nodes.
DEFAULTS: dict[str, dict[str, Any]] = {
    "sample_rollouts": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "2h"},
    "evaluate_policy": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "4h"},
    "embed_rollouts": {"gpu": 1, "nodes": 1, "threads": 2, "mem_mb": 3_000, "runtime": "2h"},
    "fit_reward_model": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "4h"},
    "measure_reward_model": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 3_000, "runtime": "1h"},
    "train_policy": {"gpu": 1, "nodes": 1, "threads": 1, "mem_mb": 4_000, "runtime": "24h"},
}
#: Megabytes that PyTorch alone takes: a cluster kills a job with fewer at its start.
LEAST = 600
#: Gigabytes; the largest GPUs of 2026 have less than half of it.
MOST_OF_A_GPU = 1000
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def allocation(config: Configuration, rule: str, policy: str | None = None, attempt: int = 1) -> dict[str, Any]:
    """gpu, nodes, threads, mem_mb, runtime (minutes) of a job of `rule`, for the policy if it has its own.

    Memory and time are `attempt` times those of the first attempt.
    """
    section: Job | TrainJob = getattr(config.resources, rule)
    asked = DEFAULTS[rule] | section.model_dump(exclude={"per_policy"})
    if own := section.per_policy.get(policy or ""):
        asked |= own.model_dump()
    minutes = int(asked["runtime"][:-1]) * _MINUTES[asked["runtime"][-1]]
    return asked | {"mem_mb": asked["mem_mb"] * attempt, "runtime": minutes * attempt}


def mistake(config: Configuration) -> str | None:
    """What no single key's rule can say about the section `resources`."""
    for rule, section in config.resources:
        for name in section.per_policy:
            if name not in config.policies:
                return f"resources: {rule}: per_policy: {name!r} is not one of {', '.join(config.policies)}."
        for name in (None, *section.per_policy):
            asked = allocation(config, rule, name)
            where = f"resources: {rule}: " + (f"per_policy: {name}: " if name else "")
            if asked["gpu"] % asked["nodes"]:
                return f"{where}gpu: {asked['gpu']} GPUs cannot be shared evenly by {asked['nodes']} nodes."
            if asked.get("gpu_memory_gb", 0) > MOST_OF_A_GPU:
                return (
                    f"{where}gpu_memory_gb: {asked['gpu_memory_gb']} gigabytes are more than any GPU has; if megabytes "
                    f"are meant, give {round(asked['gpu_memory_gb'] / 1024)}."
                )
            if asked["mem_mb"] < LEAST:
                return (
                    f"{where}mem_mb: {asked['mem_mb']} megabytes are too few for any job; if gigabytes are meant, give "
                    f"{1000 * asked['mem_mb']}."
                )
            if rule != "train_policy" and asked["nodes"] > 1:
                return f"resources: {rule}: nodes: only the rule train_policy runs on more than one."
    return None
