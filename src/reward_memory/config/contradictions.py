"""Check settings against each other: duplicate arms, batches that GPUs cannot share evenly, too long contexts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reward_memory.policies.positions import NAMES, context
from reward_memory.reward_models.names import NETWORKS
from reward_memory.settings import Configuration, Sampling, Training
from reward_memory.training import PROMPT_TOKENS

from . import methods, objectives, refits, suites, variants
from .resources import allocation

#: Smallest temperature above 0; below it all responses are alike, and the inverse of the temperature overflows.
MIN_TEMPERATURE = 0.01
#: Layers that many policies tie between input and output, and that the error memory reads without adapters.
EMBEDDINGS = ("lm_head", "embed_tokens")


def least_prompt(config: Configuration) -> int:
    """Tokens that sampling must leave for a prompt; with fewer, hardly any benchmark's queries fit."""
    return min(PROMPT_TOKENS, config.training.max_prompt_tokens or PROMPT_TOKENS)


def _room(tokens: int, word: str) -> str:
    return f"{tokens} {word}s" if tokens > 1 else f"1 {word}" if tokens == 1 else f"no {word}"


def _prompt_tokens(training: Training) -> int:
    """Longest prompt in tokens; a lower bound if the limit depends on the queries."""
    return training.max_prompt_tokens or PROMPT_TOKENS


def run_mistake(training: Training) -> str | None:
    """Return a message about settings of one training run that contradict each other, or None."""
    longest = _prompt_tokens(training) + training.max_new_tokens
    if training.ppo_mini_batch_size and training.train_batch_size % training.ppo_mini_batch_size:
        return (
            f"training: ppo_mini_batch_size: {training.ppo_mini_batch_size} does not divide train_batch_size, "
            f"{training.train_batch_size}."
        )
    if training.steps % training.save_freq:
        return f"training: save_freq: {training.save_freq} does not divide steps, {training.steps}."
    if training.lr_warmup_steps > training.steps:
        return f"training: lr_warmup_steps: {training.lr_warmup_steps} is more than steps, {training.steps}."
    if training.overlong_buffer > training.max_new_tokens:
        return (
            f"training: overlong_buffer: {training.overlong_buffer} is more than max_new_tokens, "
            f"{training.max_new_tokens}."
        )
    if training.ppo_max_token_len_per_gpu is not None and training.ppo_max_token_len_per_gpu < longest:
        return (
            f"training: ppo_max_token_len_per_gpu: {training.ppo_max_token_len_per_gpu} is less than "
            f"max_prompt_tokens and max_new_tokens together, {longest}."
        )
    adapted = training.lora.target_modules if training.lora else ()
    for name in EMBEDDINGS:
        if name in adapted:
            return f"training: lora: target_modules: {name} cannot have adapters; leave it out."
    for key in ("temperature", "validation_temperature"):
        if wrong := _cold(getattr(training, key)):
            return f"training: {key}: {wrong}"
    return objectives.mistake(training)


def sampling_mistake(section: Sampling, name: str, prompt: int = 1) -> str | None:
    """Return what is wrong with the section called `name`, or None.

    prompt  tokens that must be left for a prompt
    """
    if wrong := _cold(section.temperature):
        return f"{name}: temperature: {wrong}"
    if not section.temperature and section.samples_per_query > 1:
        return (
            f"{name}: temperature: 0 makes the {section.samples_per_query} responses of samples_per_query "
            "identical; set samples_per_query: 1, or a higher temperature."
        )
    longest, new = section.max_model_len, section.max_new_tokens
    if longest is not None and longest < new + prompt:
        left = _room(longest - new, "token")
        return f"{name}: max_model_len: {longest} leaves {left} for the prompt after max_new_tokens, {new}; raise it."
    return None


def _cold(temperature: float) -> str | None:
    if 0 < temperature < MIN_TEMPERATURE:
        return (
            f"{temperature} is too small; give at least {MIN_TEMPERATURE}, or 0 for greedy decoding if that is allowed."
        )
    return None


def methods_mistake(config: Configuration) -> str | None:
    """Return a message about a method that is unknown, lacks its reward model, or is named twice, or None."""
    predictors = variants.names(config) if config.reward_model else []
    named = [("methods", config.methods)]
    named += [(f"suites: {suite}: methods", one.methods or []) for suite, one in config.suites.items()]
    named += [("differences", pair) for pair in config.differences]
    for where, names in named:
        for name in names:
            if wrong := methods.unknown(config, name, predictors):
                return f"{where}: {wrong}"
            if methods.find(config, name).rewards == "predicted" and not predictors:
                return (
                    f"{where}: {name} needs a reward model; add the section reward_model, such as {{predictor: graph}}."
                )
        if wrong := _same_arms(config, names):
            return f"{where}: {wrong}"
    for name in [name for pair in config.differences for name in pair]:
        if name not in suites.methods(config):
            return f"differences: {name} is not one of the methods of suite main, {', '.join(suites.methods(config))}."
    return None


def _same_arms(config: Configuration, names: list[str]) -> str | None:
    """Find two names of one arm, such as meds and dapo+meds: duplicate runs, and two equal rows in a table."""
    names_by_arm: dict[str, str] = {}
    for name in names:
        arm = methods.arm(config, name)
        if arm in names_by_arm:
            return f"{names_by_arm[arm]} and {name} are the same arm; leave one of them out."
        names_by_arm[arm] = name
    return None


def no_policy_left(config: Configuration) -> str | None:
    """Return a message about a suite with methods but no policy, because other suites name all policies, or None."""
    for suite in suites.evaluated(config):
        if not suites.policies(config, suite):
            return (
                f"policies: {', '.join(config.policies)} are all named by suites, so none is left for the "
                f"methods of suite {suite}, {', '.join(suites.methods(config, suite))}; add a policy, name some in "
                f"suites: {suite}: policies, or set methods: []."
            )
    return None


def suite_mistake(config: Configuration, suite: str) -> str | None:
    """Return what a suite's methods need that its queries and settings do not provide, or None."""
    benchmarks = {name: config.benchmarks[name] for name in suites.members(config, suite)}
    where = _section(suite)
    for one in suites.tested(config, suite):
        sampling = suites.evaluation(config, one)
        if wrong := sampling_mistake(sampling, f"{_section(one)}evaluation", least_prompt(config)):
            return wrong
    trained = suites.trained(config, suite)
    predicting = [name for name in trained if methods.find(config, name).rewards == "predicted"]
    section = suites.section(config, suite)
    # if the suite only inherits the methods at the top, it may happen to have none that predicts rewards
    for key in ("reward_model", "reward_model_of") if section.methods is not None else ("reward_model",):
        if getattr(section, key) and not predicting:
            return f"suites: {suite}: {key}: none of its methods predicts rewards; leave it out."
    if not trained:
        return None
    for split in ("train", "valid", "test"):
        lacking = [name for name, benchmark in benchmarks.items() if not getattr(benchmark, split)]
        if suite == suites.MAIN and split != "test" and lacking:
            return f"benchmarks: {lacking[0]}: {split}: 0 is too few; {trained[0]} needs at least 1 query."
        if split == "valid" and suites.validation(config, suite) == [(suites.AIME, "test")]:
            continue
        if len(lacking) == len(benchmarks):
            return f"benchmarks: none in suite {suite} has a {split} query, which {trained[0]} needs."
    for method, policy in itertools.product(trained, suites.policies(config, suite)):
        training, memory = suites.run_settings(config, suite, method, policy)
        wrong = _batch_mistake(config, suite, method, training) or run_mistake(training)
        wrong = wrong or _abstaining(config, suite, method)
        wrong = wrong or refits.mistake(config, suite, method, training)
        if wrong := wrong or objectives.method_mistake(config, suite, method, training, memory):
            return f"{where}{wrong}"
    return None


def _abstaining(config: Configuration, suite: str, method: str) -> str | None:
    """Return a message if `abstain` leaves no predicted reward on one side of the threshold, or None."""
    predicted, predictor = suites.predicted_rewards(config, suite, method), methods.predictor(config, method)
    if predicted is None or predictor is None or not predicted.threshold or not predicted.abstain:
        return None
    # the share of votes can be 0 or 1; a network's probability cannot
    network = variants.settings(config, predictor)["predictor"] in NETWORKS
    for side, room in (("right", 1 - predicted.threshold), ("wrong", predicted.threshold)):
        if predicted.abstain > room + (-1e-9 if network else 1e-9):
            return (
                f"reward_model: abstain: {predicted.abstain} is too large for threshold, "
                f"{predicted.threshold}, so no predicted response counts as {side}; give "
                f"{'less than' if network else 'at most'} {round(room, 9)}."
            )
    return None


def _batch_mistake(config: Configuration, suite: str, method: str, training: Training) -> str | None:
    """Return a message if a batch has more queries than the method may train on, or None."""
    sizes = [config.benchmarks[name].train or 0 for name in suites.members(config, suite)]
    batch = training.train_batch_size
    for ratio in suites.label_ratios(config, suite) if methods.find(config, method).rewards == "labeled" else []:
        labeled = sum(max(1, (size * ratio + 50) // 100) for size in sizes if size)
        if labeled < batch:
            return (
                f"training: train_batch_size: {batch} is more than the {labeled} queries that label_ratios: "
                f"{ratio} leaves for {method}; lower it or add training queries."
            )
    if sum(sizes) < batch:
        return f"training: train_batch_size: {batch} is more than the {sum(sizes)} training queries of suite {suite}."
    return None


def _section(suite: str) -> str:
    """Prefix of a suite's settings in messages; empty for suite main, whose settings are at the top."""
    return "" if suite == suites.MAIN else f"suites: {suite}: "


def runs(config: Configuration) -> Iterator[tuple[str, str, Training]]:
    """Yield (message prefix of the suite's settings, policy, training settings) of every training run."""
    for suite in suites.evaluated(config):
        for method, policy in itertools.product(suites.trained(config, suite), suites.policies(config, suite)):
            yield _section(suite), policy, suites.run_settings(config, suite, method, policy)[0]


def uneven_training(config: Configuration) -> str | None:
    """Return a message about a training run whose responses or GPUs cannot be divided evenly, or None."""
    for section, policy, training in runs(config):
        requested = allocation(config, "train_policy", policy)
        gpus, per_node = requested["gpu"], requested["gpu"] // requested["nodes"]
        queries = training.ppo_mini_batch_size or training.train_batch_size
        responses = queries * training.samples_per_query
        if gpus and responses % gpus:
            return (
                f"{section}training: {queries} queries with {training.samples_per_query} samples make {responses} "
                f"responses per gradient step of {policy}, which do not divide evenly among {gpus} GPUs; change "
                "train_batch_size, ppo_mini_batch_size, samples_per_query, or gpu in resources: train_policy."
            )
        if per_node and per_node % training.tensor_model_parallel_size:
            return (
                f"{section}training: tensor_model_parallel_size: {training.tensor_model_parallel_size} does not "
                f"divide the {per_node} GPUs of a node that train {policy}; change it, or gpu and nodes in resources: "
                "train_policy."
            )
    return None


def uneven_tensor_parallel(config: Configuration) -> str | None:
    """Return a message about a tensor_parallel_size that does not divide the GPUs of its jobs, or None."""
    users = [
        *(("sample_rollouts", "rollouts", one, config.rollouts) for one in suites.names(config)),
        *(
            ("evaluate_policy", f"{_section(other)}evaluation", one, suites.evaluation(config, other))
            for one in suites.evaluated(config)
            for other in suites.tested(config, one)
        ),
    ]
    for rule, name, suite, section in users:
        sampling = section.engine != "transformers" and (rule != "sample_rollouts" or config.reward_model)
        for policy in suites.policies(config, suite) if sampling and suites.methods(config, suite) else ():
            gpus, group = allocation(config, rule, policy)["gpu"], section.tensor_parallel_size
            if gpus % group:
                return (
                    f"{name}: tensor_parallel_size: {group} does not divide the {gpus} GPUs of {policy} in resources: "
                    f"{rule}: gpu; change one of them."
                )
    return None


def too_long(config: Configuration, contexts: dict[str, int]) -> str | None:
    """Return a message about the first length that exceeds a policy's context, or None.

    contexts  policy -> its number of positions, where known
    """
    for section, policy, training in runs(config):
        longest = _prompt_tokens(training) + training.max_new_tokens
        if longest > contexts.get(policy, longest):
            return (
                f"{section}training: max_prompt_tokens: {_prompt_tokens(training)} and max_new_tokens: "
                f"{training.max_new_tokens} are more than the {contexts[policy]} positions of the policy {policy}; "
                "lower one of them."
            )
    for policy, positions in contexts.items():
        users = [suite for suite in suites.evaluated(config) if policy in suites.policies(config, suite)]
        tested = dict.fromkeys(other for suite in users for other in suites.tested(config, suite))
        sections: list[tuple[str, Sampling]] = [
            (f"{_section(suite)}evaluation", suites.evaluation(config, suite)) for suite in tested
        ]
        if suites.MAIN in users:
            sections.append(("rollouts", config.rollouts))
        for name, section in sections:
            if section.engine != "transformers" and (section.max_model_len or 0) > positions:
                return (
                    f"{name}: max_model_len: {section.max_model_len} is more than the {positions} positions of the "
                    f"policy {policy}; lower it, or leave it out."
                )
            room = positions - section.max_new_tokens
            if room < least_prompt(config):
                left = _room(room, "position")
                return (
                    f"{name}: max_new_tokens: {section.max_new_tokens} leaves {left} for the prompt, since the policy "
                    f"{policy} has {positions}; lower it."
                )
    return None


def contexts(config: Configuration) -> dict[str, int]:
    """Return policy -> number of positions, for policies that are bootstrapped or already on this disk."""
    by_policy = {}
    for name, settings in known_settings(config):
        if positions := context(settings):
            by_policy[name] = positions
    return by_policy


def known_settings(config: Configuration) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (policy, contents of its config.json) for policies that are bootstrapped or already on this disk."""
    from reward_memory.policies.bootstrap.shape import shape
    from reward_memory.policies.bootstrap.tokenizer import CONTEXT

    for name, policy in config.policies.items():
        if bootstrap := policy.bootstrap:
            # 0: the size of the vocabulary does not matter here
            yield name, {NAMES[0]: CONTEXT} | shape(bootstrap.hidden_size, bootstrap.num_hidden_layers, 0)
            continue
        folder = Path(policy.path or f"{config.results}/policies/{name}")
        try:
            settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(settings, dict):
            yield name, settings
