"""Reward predictors as the configuration names them: built in, or variants with settings of their own."""

from __future__ import annotations

from typing import Any

from reward_memory.errors import InputError
from reward_memory.reward_models.names import AS_PUBLISHED, LABEL_FREE, NAMES, NETWORKS, PREDICTORS
from reward_memory.settings import Configuration, RewardModel

from .fidelity import BEHAVIORS, of_stage, resolve
from .suites import AIME, MEDS, OF_PREDICTIONS

#: Behaviors that change nothing but the graph of the paper.
OF_THE_GRAPH = ("query-edges", "empty-relation")
#: Keys of the section that are not settings of one predictor.
SHARED = ("variants", "encoder_dtype", "top_k", *OF_PREDICTIONS)
#: Predictors whose new queries attend to labeled ones, or copy from them.
RECALLING = ("graph", "graph-homogeneous", "graph-no-thinking", "graph-plus", "knn")


def known(config: Configuration) -> list[str]:
    """Names of all predictors: those built in, then the variants."""
    return [*NAMES, *(config.reward_model.variants if config.reward_model else {})]


def fitted(config: Configuration) -> RewardModel:
    """The section reward_model of a configuration that has one."""
    if config.reward_model is None:
        raise LookupError("a configuration without the section reward_model has no predictors")
    return config.reward_model


def settings(config: Configuration, name: str) -> dict[str, Any]:
    """The section reward_model as it holds for one of `known`, with `predictor` and `fidelity` resolved.

    Published behaviors add up: of the top of the configuration, of the section, of the variant. `graph-as-published`
    has all that concern a reward model.
    """
    section = fitted(config)
    own = section.variants.get(name, {"predictor": name})
    merged = section.model_dump(exclude={*SHARED}) | own
    names = [*resolve(config.fidelity), *section.fidelity, *own.get("fidelity", [])]
    if merged["predictor"] == AS_PUBLISHED:
        merged["predictor"], names = "graph", list(BEHAVIORS)
        merged["thinking_neighbors"] = 0
    merged["fidelity"] = of_stage(resolve(names), "reward_model") if merged["predictor"] in NETWORKS else []
    if "valid-selection" in merged["fidelity"]:
        merged |= {"selection": "valid", "criterion": "f1", "run_criterion": "fpr"}
    return merged


def selects_on_valid(config: Configuration, name: str) -> bool:
    """Whether fitting a predictor reads the truths of the valid queries."""
    found = settings(config, name)
    return found["predictor"] in NETWORKS and found["selection"] == "valid"


def needs_labels(config: Configuration, name: str) -> bool:
    """Whether a predictor learns from labels."""
    return settings(config, name)["predictor"] not in LABEL_FREE


def has_neighbors(config: Configuration, name: str) -> bool:
    """Whether a predictor has a number of neighbors that top_k.csv can compare."""
    return settings(config, name)["predictor"] in RECALLING


def mistake(config: Configuration) -> str | None:
    """What is wrong about the names of predictors and behaviors, in one sentence; None if nothing is."""
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
    for name, own in section.variants.items():
        if wrong := _variant(name, own):
            return f"reward_model: variants: {name}{wrong}"
    for where, fidelity in [("", section.fidelity)] + [
        (f"variants: {name}: ", own.get("fidelity", [])) for name, own in section.variants.items()
    ]:
        for behavior in fidelity:
            if behavior not in BEHAVIORS or BEHAVIORS[behavior].stage != "reward_model":
                some = ", ".join(of_stage(list(BEHAVIORS), "reward_model"))
                return f"reward_model: {where}fidelity: {behavior!r} is not one of {some}."
    if section.predictor not in known(config):
        return f"reward_model: predictor: {section.predictor!r} is not one of {', '.join(known(config))}."
    for name in known(config):
        found = settings(config, name)
        if found["predictor"] == "graph" and found["thinking_neighbors"] and "empty-relation" in found["fidelity"]:
            return (
                f"reward_model: thinking_neighbors: {found['thinking_neighbors']} does not go with the behavior "
                f"empty-relation, by which {name} has no such neighbors; set it to 0 or leave the behavior out."
            )
    for name in config.predictors or []:
        if name not in known(config):
            return f"predictors: {name!r} is not one of {', '.join(known(config))}."
    return None


def override_mistake(config: Configuration, own: dict[str, Any]) -> str | None:
    """What is wrong about a suite's or a method's own section reward_model; None if nothing is."""
    for key in own:
        if key not in OF_PREDICTIONS:
            return f"{key}: no such key here; there are {', '.join(OF_PREDICTIONS)}."
    if own and config.reward_model is None:
        return "there is no reward model; add the section reward_model, such as {predictor: graph}."
    return None


def _variant(name: str, own: dict) -> str | None:
    if name in NAMES:
        return ": is the name of a predictor that is built in; choose another."
    if "predictor" not in own:
        wrong = "like: this key is called predictor here" if "like" in own else "predictor is missing"
        return f": {wrong}; it should be one of {', '.join(NAMES)}."
    if own["predictor"] not in NAMES:
        return f": predictor: {own['predictor']!r} is not one of {', '.join(NAMES)}."
    if {*own} == {"predictor"}:
        return f": changes nothing of {own['predictor']}; give it a setting, or name {own['predictor']} itself."
    keys = [key for key in RewardModel.model_fields if key not in SHARED]
    for key in own:
        if key in OF_PREDICTIONS:
            return f": {key}: no fit depends on it; set it in reward_model, suites or variants of methods."
        if key not in keys:
            return f": {key}: no such key; there are {', '.join(keys)}."
    read = PREDICTORS.options(own["predictor"]).get("settings")
    for key in own:
        if read is not None and key not in ("predictor", "fidelity", *read):
            some = f"which reads {' and '.join(read)} alone" if read else "which reads no setting"
            return f": {key}: changes nothing in {own['predictor']}, {some}; leave it out."
    for behavior in own.get("fidelity", []):
        if behavior in OF_THE_GRAPH and own["predictor"] != "graph":
            return f": fidelity: {behavior} changes nothing in {own['predictor']}; it is about graph."
        if own["predictor"] not in NETWORKS:
            return f": fidelity: {behavior} changes nothing in {own['predictor']}; it is about {', '.join(NETWORKS)}."
    return None
