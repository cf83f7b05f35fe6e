"""What several settings say together: arms that are one, runs that cannot be shared out, lengths beyond a policy."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reward_memory.training import PROMPT_TOKENS

from . import algorithms
from .resources import allocation

#: Below it a temperature other than 0 makes all responses alike, and its inverse overflows.
COLDEST = 0.01
#: Layers that many policies share between input and output, and that the error memory reads as they are.
EMBEDDINGS = ("lm_head", "embed_tokens")
#: Names that models give to the number of positions that they were made for.
_CONTEXTS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")


def _prompt_tokens(training: dict[str, Any]) -> int:
    """Tokens that a prompt may have; at least so many where the limit follows from the queries."""
    return training["max_prompt_tokens"] or PROMPT_TOKENS


def run_mistake(training: dict[str, Any]) -> str | None:
    """What the settings of one training run say together that cannot be; None if nothing is wrong."""
    longest = _prompt_tokens(training) + training["max_new_tokens"]
    if training["mini_batch"] and training["batch"] % training["mini_batch"]:
        return f"training: mini_batch: {training['mini_batch']} does not divide batch, {training['batch']}."
    if training["steps"] % training["save_every"]:
        return f"training: save_every: {training['save_every']} does not divide steps, {training['steps']}."
    if training["warm_up_steps"] > training["steps"]:
        return f"training: warm_up_steps: {training['warm_up_steps']} is more than steps, {training['steps']}."
    if training["overlong_buffer"] > training["max_new_tokens"]:
        return (
            f"training: overlong_buffer: {training['overlong_buffer']} is more than max_new_tokens, "
            f"{training['max_new_tokens']}."
        )
    if training["tokens_per_gpu"] is not None and training["tokens_per_gpu"] < longest:
        return (
            f"training: tokens_per_gpu: {training['tokens_per_gpu']} is less than max_prompt_tokens and "
            f"max_new_tokens together, {longest}."
        )
    for name in EMBEDDINGS if training["lora"] else ():
        if name in training["lora"]["target_modules"]:
            return f"training: lora: target_modules: {name} cannot have adapters; leave it out."
    for key in ("temperature", "validation_temperature"):
        if wrong := _cold(training[key]):
            return f"training: {key}: {wrong}"
    return None


def sampling_mistake(section: dict[str, Any], name: str) -> str | None:
    """What is wrong about the settings of `rollouts` or `evaluation`, which `name` says."""
    if wrong := _cold(section["temperature"]):
        return f"{name}: temperature: {wrong}"
    longest, new = section["max_model_len"], section["max_new_tokens"]
    if longest is not None and longest <= new:
        return f"{name}: max_model_len: {longest} leaves no token to a prompt beside max_new_tokens, {new}."
    return None


def _cold(temperature: float) -> str | None:
    if 0 < temperature < COLDEST:
        return (
            f"{temperature} is too small; give at least {COLDEST}, or 0 for the likeliest token where that is allowed."
        )
    return None


def same_arms(config: dict[str, Any]) -> str | None:
    """Two spellings of one arm: memreward trains with the predictor that the section reward_model names."""
    default = config.get("reward_model", {}).get("predictor", "")
    spelled: dict[str, str] = {}
    for method in config["methods"]:
        memory = algorithms.SUFFIX if method.endswith(algorithms.SUFFIX) else ""
        kind, _, predictor = method.removesuffix(memory).partition(":")
        arm = f"memreward:{predictor or default}{memory}" if kind == "memreward" else method
        if arm in spelled:
            return f"methods: {spelled[arm]} and {method} are the same arm; leave one of them out."
        spelled[arm] = method
    return None


def no_policy_left(config: dict[str, Any]) -> str | None:
    """Methods of the first paper without a policy, since the second takes all."""
    taken = config.get("meds", {}).get("policies", [])
    if config["methods"] and all(name in taken for name in config["policies"]):
        return (
            f"meds: policies: {', '.join(taken)} are all policies, so that none is left for methods, "
            f"{', '.join(config['methods'])}; add a policy, or set methods: [] for the second paper alone."
        )
    return None


def runs(config: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(section that names the method, policy, its settings of training) of every training run."""
    own = config.get("meds", {}).get("policies", [])
    first = itertools.product(config["methods"], (name for name in config["policies"] if name not in own))
    second = itertools.product(algorithms.of_meds(config), own)
    for section, pairs in (("", first), ("meds: ", second)):
        for method, policy in pairs:
            if method != "base":
                yield section, policy, algorithms.settings(config, method, policy)[0]


def unshared(config: dict[str, Any]) -> str | None:
    """A training run whose responses or GPUs cannot be shared out evenly; None if there is none."""
    for section, policy, training in runs(config):
        asked = allocation(config, "train", policy)
        gpus, here = asked["gpu"], asked["gpu"] // asked["nodes"]
        queries = training["mini_batch"] or training["batch"]
        responses = queries * training["rollouts"]
        if gpus and responses % gpus:
            return (
                f"{section}training: {queries} queries with {training['rollouts']} rollouts are {responses} responses "
                f"a gradient step of {policy}, which {gpus} GPUs cannot share evenly; change batch, mini_batch, "
                "rollouts, or gpu in resources: train."
            )
        if here and here % training["tensor_parallel"]:
            return (
                f"{section}training: tensor_parallel: {training['tensor_parallel']} does not divide the {here} GPUs of "
                f"a node that train {policy}; change it, or gpu and nodes in resources: train."
            )
    return None


def context(settings: dict[str, Any]) -> int | None:
    """Positions that a policy was made for, by its config.json; None where that does not say."""
    scaled = settings.get("rope_scaling") or settings.get("rope_parameters") or {}
    found = next((settings[key] for key in _CONTEXTS if isinstance(settings.get(key), int)), None)
    if found is None or not isinstance(scaled, dict):
        return found
    factor, original = scaled.get("factor"), scaled.get("original_max_position_embeddings")
    stretched = factor * original if isinstance(factor, int | float) and isinstance(original, int) else 0
    return max(found, int(stretched))


def too_long(config: dict[str, Any], contexts: dict[str, int]) -> str | None:
    """The first length that is beyond what a policy was made for; None if there is none.

    contexts  policy -> its positions, as far as they are known
    """
    own = config.get("meds", {}).get("policies", [])
    for section, policy, training in runs(config):
        longest = _prompt_tokens(training) + training["max_new_tokens"]
        if longest > contexts.get(policy, longest):
            return (
                f"{section}training: max_prompt_tokens: {_prompt_tokens(training)} and max_new_tokens: "
                f"{training['max_new_tokens']} are more than the {contexts[policy]} positions of the policy {policy}; "
                "lower one of them."
            )
    for policy, positions in contexts.items():
        sections = [("evaluation", algorithms.evaluation(config, "meds" if policy in own else "main"))]
        if policy not in own:
            sections.append(("rollouts", config["rollouts"]))
        for name, section in sections:
            if section["max_new_tokens"] >= positions:
                return (
                    f"{name}: max_new_tokens: {section['max_new_tokens']} leaves no position to a prompt, since the "
                    f"policy {policy} has {positions}; lower it."
                )
    return None


def contexts(config: dict[str, Any]) -> dict[str, int]:
    """Policy -> its positions, for those that are bootstrapped here or lie on this disk already."""
    from reward_memory.policies.bootstrap.tokenizer import CONTEXT

    found = {}
    for name, policy in config["policies"].items():
        if "bootstrap" in policy:
            found[name] = CONTEXT
            continue
        folder = Path(policy["path"] if "path" in policy else f"{config['results']}/policies/{name}")
        try:
            settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(settings, dict) and (positions := context(settings)):
            found[name] = positions
    return found
