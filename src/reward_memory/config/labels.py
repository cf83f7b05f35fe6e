"""What a label ratio of 0 leaves to train and fit with."""

from __future__ import annotations

from typing import Any

from reward_memory.reward_models.names import LABEL_FREE

from . import methods, suites, variants


def mistake(config: dict[str, Any]) -> str | None:
    """A method or reward model that cannot do without labels where a label ratio is 0; None if there is none."""
    for suite, section in config["suites"].items():
        if section["reward_model_ratio"] is not None and section["reward_model_of"] is None:
            return f"suites: {suite}: reward_model_ratio: is for reward_model_of; leave it out."
    for suite in suites.evaluated(config):
        where = f"suites: {suite}: " if suites.section(config, suite)["label_ratios"] else ""
        for name in suites.trained(config, suite) if 0 in suites.label_ratios(config, suite) else []:
            if wrong := _of_method(config, suite, name):
                return f"{where}label_ratios: 0 {wrong}"
    if "reward_model" in config and suites.measured_ratios(config) == [0]:
        for name in config["predictors"] or []:
            if variants.needs_labels(config, name):
                return f"predictors: {name} learns from labels, of which label_ratios: 0 leaves none; leave it out."
    return None


def _of_method(config: dict[str, Any], suite: str, name: str) -> str | None:
    """What a method of a suite lacks without labels, in words that follow `label_ratios: 0`."""
    rewards = methods.find(config, name).rewards
    if rewards == "labeled":
        return f"leaves {name} no query to train on; give at least 1, or leave {name} out."
    if rewards == "partly-voted":
        return f"leaves {name} no labeled query to compare others with; give at least 1, or leave {name} out."
    if rewards != "predicted":
        return None
    other, predictor = suites.reward_model_of(config, suite), methods.predictor(config, name)
    ratios = suites.label_ratios(config, other)
    if other != suite and suites.section(config, suite)["reward_model_ratio"] is None and len(ratios) > 1:
        listed = ", ".join(map(str, ratios))
        return (
            f"takes the reward models of suite {other}, which has several ({listed}); name one as reward_model_ratio."
        )
    if suites.reward_model_ratio(config, suite, 0) == 0 and variants.needs_labels(config, predictor):
        return (
            f"leaves {name} no label to fit {predictor} on; give at least 1, name a reward model that needs none "
            f"({', '.join(LABEL_FREE)}), or fit it on another suite (reward_model_of)."
        )
    return None
