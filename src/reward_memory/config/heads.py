"""Check that the GPUs that share one copy of a policy in vLLM can divide its attention heads."""

from __future__ import annotations

from collections.abc import Iterator

from reward_memory.settings import Configuration

from . import contradictions, suites
from .resources import allocation


def mistake(config: Configuration) -> str | None:
    """Return a message about the first number of GPUs that cannot share a policy's heads evenly, or None.

    vLLM gives every GPU the same number of query heads. It splits key-value heads evenly, or copies each to the same
    number of GPUs. Policies that are not on this disk yet are skipped.
    """
    settings_by_policy = dict(contradictions.known_settings(config))
    for where, policy, gpus in _shared(config):
        settings = settings_by_policy.get(policy, {})
        heads = settings.get("num_attention_heads")
        keys = settings.get("num_key_value_heads") or heads
        if not isinstance(heads, int) or not isinstance(keys, int) or heads < 1 or keys < 1:
            continue
        if heads % gpus or (keys % gpus and gpus % keys):
            fit = [str(one) for one in range(1, heads + 1) if not heads % one and (not keys % one or not one % keys)]
            return (
                f"{where}: {gpus} GPUs cannot evenly split the attention heads of {policy}, {heads} for queries and "
                f"{keys} for keys; give {'one of ' if fit[1:] else ''}{', '.join(fit)}."
            )
    return None


def _shared(config: Configuration) -> Iterator[tuple[str, str, int]]:
    """Yield (key, policy, GPUs that share one copy of it) wherever more than one GPU does."""
    for suite in suites.evaluated(config):
        sections = []
        for one in suites.tested(config, suite):
            where = "" if one == suites.MAIN else f"suites: {one}: "
            sections.append(("evaluate_policy", f"{where}evaluation", suites.evaluation(config, one)))
        if config.reward_model:
            sections.append(("sample_rollouts", "rollouts", config.rollouts))
        for policy in suites.policies(config, suite):
            for rule, name, section in sections:
                on_gpus = section.engine == "vllm" or allocation(config, rule, policy)["gpu"]
                if section.engine != "transformers" and on_gpus and section.tensor_parallel_size > 1:
                    yield f"{name}: tensor_parallel_size", policy, section.tensor_parallel_size
    for section, policy, training in contradictions.runs(config):
        gpus = training.tensor_model_parallel_size
        if gpus > 1 and allocation(config, "train_policy", policy)["gpu"]:
            yield f"{section}training: tensor_model_parallel_size", policy, gpus
