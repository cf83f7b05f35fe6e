"""Check that label ratios leave enough labeled queries, and unlabeled ones to measure on."""

from __future__ import annotations

from reward_memory.data.labels import labeled_count
from reward_memory.reward_models.names import LABEL_FREE
from reward_memory.settings import Configuration

from . import methods, suites, variants
from .fidelity import resolve


def mistake(config: Configuration) -> str | None:
    """Return a message about a label ratio that a method or reward model cannot work with, or None."""
    for suite, section in config.suites.items():
        if section.reward_model_ratio is not None and section.reward_model_of is None:
            return f"suites: {suite}: reward_model_ratio: is for reward_model_of; leave it out."
    for suite in suites.evaluated(config):
        where = f"suites: {suite}: " if suites.section(config, suite).label_ratios else ""
        for name in suites.trained(config, suite) if 0 in suites.label_ratios(config, suite) else []:
            if wrong := _of_method(config, suite, name):
                return f"{where}label_ratios: 0 {wrong}"
    if config.reward_model and suites.measured_ratios(config) == [0]:
        for name in config.predictors or []:
            if variants.needs_labels(config, name):
                return f"predictors: {name} needs labels, and label_ratios: 0 leaves none; leave it out."
    return _all_labeled(config) or _one_label(config)


def _all_labeled(config: Configuration) -> str | None:
    """Return a message if every query is labeled and no other split can measure the reward models, or None."""
    if config.reward_model is None or 100 not in suites.measured_ratios(config):
        return None
    members = [config.benchmarks[name] for name in suites.members(config, suites.MAIN)]
    if any(one.valid or one.test for one in members):
        return None
    return (
        "label_ratios: 100 leaves no unlabeled query to measure the reward models on; lower it, or give the "
        "benchmarks valid or test queries."
    )


def _one_label(config: Configuration) -> str | None:
    """Return a message if a ratio leaves one labeled query, or None. Reward models need one to fit and one to select.

    Skip suites whose sizes depend on a file, and the behavior colliding-ids, which labels more queries than the ratio.
    """
    if config.reward_model is None or "colliding-ids" in resolve(config.fidelity):
        return None
    for suite in suites.evaluated(config):
        sizes = [config.benchmarks[name].train for name in suites.members(config, suite)]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes) or not any(known) or not _learns(config, suite):
            continue
        for ratio in suites.label_ratios(config, suite):
            if ratio and sum(labeled_count(size, ratio) for size in known if size) < 2:
                where = f"suites: {suite}: " if suites.section(config, suite).label_ratios else ""
                return (
                    f"{where}label_ratios: {ratio} labels only 1 of the {sum(known)} queries in suite {suite}, and "
                    "the reward model needs 2; raise it or the benchmarks' train sizes."
                )
    return None


def _learns(config: Configuration, suite: str) -> bool:
    """Whether a reward model that needs labels is fitted on a suite's rollouts."""
    names = [
        methods.predictor(config, name)
        for user in suites.evaluated(config)
        if suites.reward_model_of(config, user) == suite
        for name in suites.methods(config, user)
    ]
    if suite == suites.MAIN:
        if config.predictors is None:  # all of them
            return True
        names += [variants.reward_model_section(config).predictor, *config.predictors]
    return any(name and variants.needs_labels(config, name) for name in names)


def _of_method(config: Configuration, suite: str, name: str) -> str | None:
    """Return what a method lacks without labels, as the rest of a sentence after `label_ratios: 0`, or None."""
    rewards = methods.find(config, name).rewards
    if rewards == "labeled":
        return f"leaves {name} no query to train on; give at least 1, or leave {name} out."
    if rewards == "partly-voted":
        return f"leaves {name} no labeled query to compare others with; give at least 1, or leave {name} out."
    if rewards != "predicted":
        return None
    other, predictor = suites.reward_model_of(config, suite), methods.predictor(config, name)
    ratios = suites.label_ratios(config, other)
    if other != suite and suites.section(config, suite).reward_model_ratio is None and len(ratios) > 1:
        listed = ", ".join(map(str, ratios))
        return f"uses the reward models of suite {other}, which has several ({listed}); name one as reward_model_ratio."
    if predictor and suites.reward_model_ratio(config, suite, 0) == 0 and variants.needs_labels(config, predictor):
        return (
            f"leaves {name} no label to fit {predictor} on; give at least 1, name a reward model that needs none "
            f"({', '.join(LABEL_FREE)}), or fit it on another suite (reward_model_of)."
        )
    return None
