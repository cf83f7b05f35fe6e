"""What a run needs of this machine beside the configuration, looked at when it starts and not hours later."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from . import contradictions, suites

#: Names that verl gives to what samples -> the package.
_SAMPLERS = {"vllm": "vllm", "sglang": "sglang", "trtllm": "tensorrt_llm"}
_SAMPLER = "actor_rollout_ref.rollout.name"


def missing(config: dict[str, Any]) -> str | None:
    """A package or program that jobs on this machine will need and that is not there; None if there is none."""
    sections = [("evaluation", config["evaluation"])] if suites.evaluated(config) else []
    sections += [(f"suites: {name}: evaluation", one["evaluation"]) for name, one in config["suites"].items()]
    if "reward_model" in config and not config["rollouts"]["import"]:
        sections.append(("rollouts", config["rollouts"]))
    for name, section in sections:
        if section.get("engine") == "vllm" and find_spec("vllm") is None:
            return (
                f"{name}: engine: vllm is not installed; run `pip install -e '.[gpu]'` on a machine with GPUs "
                "(docs/gpu.md), or set engine: transformers."
            )
    for section, _, training in contradictions.runs(config):
        for override in training.verl:
            key, _, name = override.lstrip("+").partition("=")
            if key == _SAMPLER and name in _SAMPLERS and find_spec(_SAMPLERS[name]) is None:
                return f"{section}training: verl: {override!r}: {name} is not installed; install it, or leave it out."
    return _no_sandbox(config)


def _no_sandbox(config: dict[str, Any]) -> str | None:
    if config["sandbox"] != "bubblewrap" or all(suites.domain(config, name) != "code" for name in config["benchmarks"]):
        return None
    from reward_memory.verifiers.sandbox import FIX, bubblewrap_fault

    fault = bubblewrap_fault()
    return f"sandbox: bubblewrap {fault}; {FIX}." if fault else None
