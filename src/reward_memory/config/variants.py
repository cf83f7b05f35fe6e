"""Reward predictors as the configuration names them: built in, or variants with settings of their own."""

from __future__ import annotations

from typing import Any

from reward_memory.errors import InputError
from reward_memory.reward_models.names import AS_PUBLISHED, NAMES, NETWORKS

from .fidelity import BEHAVIORS, of_stage, resolve
from .models import RewardModel

#: Behaviors that change nothing but the graph of the paper.
OF_THE_GRAPH = ("query-edges", "empty-relation")
#: Keys of the section that are not settings of one predictor.
SHARED = ("variants", "encoder_dtype")


def known(config: dict[str, Any]) -> list[str]:
    """Names of all predictors: those built in, then the variants."""
    return [*NAMES, *config.get("reward_model", {}).get("variants", {})]


def settings(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The section reward_model as it holds for one of `known`, with `predictor` and `fidelity` resolved.

    Published behaviors add up: of the top of the configuration, of the section, of the variant. `graph-as-published`
    has all that concern a reward model.
    """
    section = config["reward_model"]
    own = section["variants"].get(name, {"predictor": name})
    merged = {key: value for key, value in section.items() if key not in SHARED} | own
    names = [*resolve(config["fidelity"]), *section["fidelity"], *own.get("fidelity", [])]
    if merged["predictor"] == AS_PUBLISHED:
        merged["predictor"], names = "graph", list(BEHAVIORS)
    merged["fidelity"] = of_stage(resolve(names), "reward_model") if merged["predictor"] in NETWORKS else []
    if "valid-selection" in merged["fidelity"]:
        merged |= {"selection": "valid", "criterion": "f1", "run_criterion": "fpr"}
    return merged


def selects_on_valid(config: dict[str, Any], name: str) -> bool:
    """Whether fitting a predictor reads the truths of the valid queries."""
    found = settings(config, name)
    return found["predictor"] in NETWORKS and found["selection"] == "valid"


def mistake(config: dict[str, Any]) -> str | None:
    """What is wrong about the names of predictors and behaviors, in one sentence; None if nothing is."""
    try:
        resolve(config["fidelity"])
    except InputError as error:
        return str(error)
    section = config.get("reward_model")
    if section is None:
        return None
    for name, own in section["variants"].items():
        if wrong := _variant(name, own):
            return f"reward_model: variants: {name}{wrong}"
    for where, fidelity in [("", section["fidelity"])] + [
        (f"variants: {name}: ", own.get("fidelity", [])) for name, own in section["variants"].items()
    ]:
        for behavior in fidelity:
            if behavior not in BEHAVIORS or BEHAVIORS[behavior].stage != "reward_model":
                some = ", ".join(of_stage(list(BEHAVIORS), "reward_model"))
                return f"reward_model: {where}fidelity: {behavior!r} is not one of {some}."
    if section["predictor"] not in known(config):
        return f"reward_model: predictor: {section['predictor']!r} is not one of {', '.join(known(config))}."
    for name in config["predictors"] or []:
        if name not in known(config):
            return f"predictors: {name!r} is not one of {', '.join(known(config))}."
    return None


def _variant(name: str, own: dict) -> str | None:
    if name in NAMES:
        return ": is the name of a predictor that is built in; choose another."
    if own.get("predictor") not in NAMES:
        return f": predictor: {own.get('predictor')!r} is not one of {', '.join(NAMES)}."
    keys = [key for key in RewardModel.model_fields if key not in SHARED]
    for key in own:
        if key not in keys:
            return f": {key}: no such key; there are {', '.join(keys)}."
    for behavior in own.get("fidelity", []):
        if behavior in OF_THE_GRAPH and own["predictor"] != "graph":
            return f": fidelity: {behavior} changes nothing in {own['predictor']}; it is about graph."
        if own["predictor"] not in NETWORKS:
            return f": fidelity: {behavior} changes nothing in {own['predictor']}; it is about {', '.join(NETWORKS)}."
    return None
