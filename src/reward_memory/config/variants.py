"""Reward predictors by their names in the configuration: built-in ones, and variants with different settings."""

from __future__ import annotations

from typing import Any

from reward_memory.errors import InputError
from reward_memory.reward_models.names import AS_PUBLISHED, LABEL_FREE, NAMES, NETWORKS, PREDICTORS
from reward_memory.settings import Configuration, RewardModel

from .fidelity import BEHAVIORS, of_stage, resolve
from .suites import AIME, MEDS, OF_PREDICTIONS

#: Behaviors that affect only the paper's graph predictor.
OF_THE_GRAPH = ("query-edges", "empty-relation")
#: Keys of the section reward_model that are not settings of a single predictor.
SHARED = ("variants", "encoder_dtype", "top_k", *OF_PREDICTIONS)
#: Predictors in which new queries attend to labeled queries, or copy from them.
RECALLING = ("graph", "graph-homogeneous", "graph-no-thinking", "graph-plus", "knn")


def names(config: Configuration) -> list[str]:
    """Names of all predictors: built-in ones, then variants."""
    return [*NAMES, *(config.reward_model.variants if config.reward_model else {})]


def reward_model_section(config: Configuration) -> RewardModel:
    """Return the section reward_model. Raise LookupError if there is none."""
    if config.reward_model is None:
        raise LookupError("a configuration without the section reward_model has no predictors")
    return config.reward_model


def settings(config: Configuration, name: str) -> dict[str, Any]:
    """Return the settings of one predictor in `names`, with `predictor` and `fidelity` resolved.

    Published behaviors from the top of the configuration, the section and the variant are combined.
    `graph-as-published` has all that concern a reward model.
    """
    section = reward_model_section(config)
    overrides = section.variants.get(name, {"predictor": name})
    merged = section.model_dump(exclude={*SHARED}) | overrides
    names = [*resolve(config.fidelity), *section.fidelity, *overrides.get("fidelity", [])]
    if merged["predictor"] == AS_PUBLISHED:
        merged["predictor"], names = "graph", list(BEHAVIORS)
        merged["thinking_neighbors"] = 0
    merged["fidelity"] = of_stage(resolve(names), "reward_model") if merged["predictor"] in NETWORKS else []
    if "valid-selection" in merged["fidelity"]:
        merged |= {"selection": "valid", "criterion": "f1", "run_criterion": "fpr"}
    return merged


def selects_on_valid(config: Configuration, name: str) -> bool:
    """Whether fitting a predictor reads the truths of the validation queries."""
    merged = settings(config, name)
    return merged["predictor"] in NETWORKS and merged["selection"] == "valid"


def needs_labels(config: Configuration, name: str) -> bool:
    """Whether a predictor learns from labels."""
    return settings(config, name)["predictor"] not in LABEL_FREE


def has_neighbors(config: Configuration, name: str) -> bool:
    """Whether a predictor has a number of neighbors, which top_k.csv can vary."""
    return settings(config, name)["predictor"] in RECALLING


def mistake(config: Configuration) -> str | None:
    """Return what is wrong with names of predictors and behaviors, in one sentence, or None."""
    try:
        resolve(config.fidelity)
        for name in PREDICTORS.names if config.reward_model else ():
            PREDICTORS.declared(name)
    except InputError as error:
        return str(error)
    aime = config.benchmarks.get(AIME)
    if "aime-validation" in config.fidelity and (aime is None or aime.suite != MEDS or not aime.test):
        return f"fidelity: aime-validation: {AIME} has no test query in suite {MEDS}; add it, or leave this out."
    section = config.reward_model
    if section is None:
        if config.predictors:
            return "predictors: there is no reward model; add the section reward_model, such as {predictor: graph}."
        return None
    for name, overrides in section.variants.items():
        if wrong := _variant(name, overrides):
            return f"reward_model: variants: {name}{wrong}"
    for where, fidelity in [("", section.fidelity)] + [
        (f"variants: {name}: ", overrides.get("fidelity", [])) for name, overrides in section.variants.items()
    ]:
        for behavior in fidelity:
            if behavior not in BEHAVIORS or BEHAVIORS[behavior].stage != "reward_model":
                some = ", ".join(of_stage(list(BEHAVIORS), "reward_model"))
                return f"reward_model: {where}fidelity: {behavior!r} is not one of {some}."
    if section.predictor not in names(config):
        return f"reward_model: predictor: {section.predictor!r} is not one of {', '.join(names(config))}."
    for name in names(config):
        merged = settings(config, name)
        if merged["predictor"] == "graph" and merged["thinking_neighbors"] and "empty-relation" in merged["fidelity"]:
            return (
                f"reward_model: thinking_neighbors: {merged['thinking_neighbors']} does not go with the behavior "
                f"empty-relation, by which {name} has no such neighbors; set it to 0 or leave the behavior out."
            )
    for name in config.predictors or []:
        if name not in names(config):
            return f"predictors: {name!r} is not one of {', '.join(names(config))}."
    return None


def override_mistake(config: Configuration, own: dict[str, Any]) -> str | None:
    """Return what is wrong with the section reward_model of a suite or variant, or None."""
    for key in own:
        if key not in OF_PREDICTIONS:
            return f"{key}: no such key here; valid keys are {', '.join(OF_PREDICTIONS)}."
    if own and config.reward_model is None:
        return "there is no reward model; add the section reward_model, such as {predictor: graph}."
    return None


def _variant(name: str, given: dict) -> str | None:
    if name in NAMES:
        return ": is the name of a built-in predictor; choose another."
    if "predictor" not in given:
        wrong = "like: this key is called predictor here" if "like" in given else "predictor is missing"
        return f": {wrong}; it should be one of {', '.join(NAMES)}."
    if given["predictor"] not in NAMES:
        return f": predictor: {given['predictor']!r} is not one of {', '.join(NAMES)}."
    if {*given} == {"predictor"}:
        return f": changes nothing in {given['predictor']}; give it a setting, or use {given['predictor']} itself."
    keys = [key for key in RewardModel.model_fields if key not in SHARED]
    for key in given:
        if key in OF_PREDICTIONS:
            return f": {key}: does not affect fitting; set it in reward_model, suites or variants of methods."
        if key not in keys:
            return f": {key}: no such key; valid keys are {', '.join(keys)}."
    used = PREDICTORS.options(given["predictor"]).get("settings")
    for key in given:
        if used is not None and key not in ("predictor", "fidelity", *used):
            some = f"which reads {' and '.join(used)} only" if used else "which reads no setting"
            return f": {key}: changes nothing in {given['predictor']}, {some}; leave it out."
    for behavior in given.get("fidelity", []):
        if behavior in OF_THE_GRAPH and given["predictor"] != "graph":
            return f": fidelity: {behavior} changes nothing in {given['predictor']}; it applies to graph."
        if given["predictor"] not in NETWORKS:
            return (
                f": fidelity: {behavior} changes nothing in {given['predictor']}; it applies to {', '.join(NETWORKS)}."
            )
    return None
