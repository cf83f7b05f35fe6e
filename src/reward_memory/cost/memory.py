"""Check that each training run fits its GPUs, before it waits in a queue."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reward_memory.config import contradictions
from reward_memory.config.resources import allocation
from reward_memory.errors import InputError
from reward_memory.policies.size import Size
from reward_memory.settings import Configuration, Training
from reward_memory.training import PROMPT_TOKENS
from reward_memory.training.device_memory import GB, required_bytes, unbounded
from reward_memory.training.overrides import micro_batch_size

from . import hardware, sizes


@dataclass(frozen=True, slots=True)
class Fit:
    """A training run and its GPUs.

    section   of the configuration that names the method, as in contradictions.runs
    training  the settings of the run
    memory    gigabytes of one GPU
    """

    policy: str
    section: str
    size: Size
    training: Training
    gpus: int
    memory: float

    @property
    def phases(self) -> dict[str, float]:
        """Gradient step, log-probabilities, sampling -> gigabytes on each GPU."""
        needs = required_bytes(self.size, self.training, self.gpus, self.memory * GB)
        return {phase: size / GB for phase, size in needs.items()}

    @property
    def worst(self) -> tuple[str, float]:
        """The phase that needs most memory, and its gigabytes."""
        return max(self.phases.items(), key=lambda phase: phase[1])

    @property
    def fits(self) -> bool:
        return self.worst[1] <= self.memory


def check(config: Configuration, reference: Path, source: str = "config.yaml") -> None:
    """Raise InputError, a sentence with key and fix, if a training run does not fit GPUs of `gpu_memory_gb` gigabytes.

    Memory is not checked without that key of resources: train_policy, or for policies of unknown size. InputError,
    too, if the device in `cost: gpu` is unknown.

    reference  folder with policies.csv and hardware.yaml
    source     names the configuration in messages
    """
    if (named := config.cost.gpu) and named not in (devices := hardware.read(reference / "hardware.yaml")):
        raise InputError(f"{source}: cost: gpu: {named!r} is not one of {', '.join(devices)}.")
    for run in runs(config, reference):
        if unbounded(run.training):
            raise InputError(
                f"{source}: {run.section}training: ppo_max_token_len_per_gpu: without use_remove_padding: true one "
                f"long response of {run.policy} would pad many short ones, beyond any memory; add it."
            )
        share = run.training.gpu_memory_utilization * run.training.tensor_model_parallel_size * run.memory
        if (weights := 2 * run.size.parameters / GB) >= share:
            raise InputError(
                f"{source}: {run.section}training: gpu_memory_utilization: vLLM's {share:.0f} GB cannot hold "
                f"{run.policy}, {weights:.0f} GB in bfloat16, and responses; raise it, or tensor_model_parallel_size."
            )
        phase, gigabytes = run.worst
        if not run.fits:
            raise InputError(
                f"{source}: {run.section}training: {phase} of {run.policy} would need {gigabytes:.0f} GB on each of "
                f"{run.gpus} GPUs, and resources: train_policy: gpu_memory_gb is {run.memory:g}; {_fix(run)}."
            )


def runs(config: Configuration, reference: Path) -> Iterator[Fit]:
    """Each training run on GPUs of known memory whose policy's size is known."""
    known = sizes.read(reference / "policies.csv")
    for section, policy, training in contradictions.runs(config):
        size = sizes.size_of(policy, config.policies[policy], config.results, known)
        resources = allocation(config, "train_policy", policy)
        memory = resources.get("gpu_memory_gb")
        if size is not None and resources["gpu"] and memory is not None:
            yield Fit(policy, section, size, training, resources["gpu"], memory)


def summary(config: Configuration, reference: Path) -> str | None:
    """One sentence with the memory of each policy's largest run; None if none trains on GPUs of known memory."""
    most: dict[str, Fit] = {}
    for run in runs(config, reference):
        if run.policy not in most or run.worst[1] > most[run.policy].worst[1]:
            most[run.policy] = run
    needs = [f"{policy} {run.worst[1]:.0f} of {run.memory:g} GB ({run.worst[0]})" for policy, run in most.items()]
    return f"GPU memory of training, by arithmetic (docs/gpu_memory.md): {', '.join(needs)}." if needs else None


def _fix(run: Fit) -> str:
    """The first change in `_changes` with which the run would fit, as text."""
    for change in _changes(run):
        if replace(run, training=run.training.model_copy(update=change)).fits:
            return "set " + ", ".join(f"{key}: {_text(value)}" for key, value in change.items())
    return "give it more GPUs (resources: train_policy: gpu), or train adapters only (training: lora)"


def _changes(run: Fit) -> Iterator[dict[str, Any]]:
    """Changes of settings that need less memory, those that cost least time first."""
    training = run.training
    longest = (training.max_prompt_tokens or PROMPT_TOKENS) + training.max_new_tokens
    tokens = [{"ppo_max_token_len_per_gpu": times * longest} for times in (8, 4, 2, 1)]
    if training.ppo_max_token_len_per_gpu is None:
        sizes = range(1, training.ppo_micro_batch_size_per_gpu)
        smaller = [{"ppo_micro_batch_size_per_gpu": most} for most in sizes]
        taken = {micro_batch_size(training.model_copy(update=change), run.gpus) for change in smaller}
        yield from ({"ppo_micro_batch_size_per_gpu": size} for size in sorted(taken, reverse=True))
        tokens = [{"use_remove_padding": True, **change} for change in tokens]
    yield from tokens
    yield {"enable_gradient_checkpointing": True}
    yield {"free_cache_engine": True}
    yield {"offload": "optimizer"}
    yield from ({"gpu_memory_utilization": share / 20} for share in range(19, 1, -1))
    yield {"offload": "all"}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
