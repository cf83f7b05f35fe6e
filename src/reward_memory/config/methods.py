"""The methods by name: where rewards come from, and which training settings each method changes.

A method in a configuration is built in (BUILT_IN), registered by an installed package (ENTRY_POINTS), or listed in the
section `variants`. A suffix `:NAME` selects the reward model that predicts its rewards; `+meds` adds the error memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from reward_memory.errors import InputError
from reward_memory.settings import Configuration
from reward_memory.settings.suites import Variant

#: Source of rewards -> label ratio of methods with that source; None if they run at each configured ratio.
REWARDS: dict[str, int | None] = {
    "none": 0,  # not trained
    "labeled": None,  # trained on labeled queries only, verified
    "predicted": None,  # trained on all queries, predicted where they are unlabeled
    "partly-voted": None,  # trained on all queries, voted where they are unlabeled
    "voted": 0,  # trained on all queries, without any label
    "verified": 100,  # trained on all queries, verified
}
#: Rewards that come from votes of the responses.
VOTED = ("partly-voted", "voted")
#: Rewards for which no labeled queries are drawn: all queries are labeled, or none.
WITHOUT_DRAW = ("voted", "verified")
#: Suffix of a method's name that adds the error memory.
SUFFIX = "+meds"
#: Entry point group by which a package adds methods: name -> a Method.
ENTRY_POINTS = "reward_memory.methods"


@dataclass(frozen=True, slots=True)
class Method:
    """Definition of a method.

    rewards           one of REWARDS
    training          overrides of the section training
    error_memory      overrides of the section error_memory, None without an error memory
    predictor         its reward model, None for that of the section reward_model
    budget            further overrides of the section training in suites with `budget: as_published`
    variant_training  a variant's overrides of the section training, which take precedence over all others
    reward_model      a variant's overrides of the section reward_model
    like              the registered method that it is a variant of; a registered method names itself
    """

    rewards: str
    training: Mapping[str, Any] = field(default_factory=dict)
    error_memory: Mapping[str, Any] | None = None
    predictor: str | None = None
    budget: Mapping[str, Any] = field(default_factory=dict)
    variant_training: Mapping[str, Any] = field(default_factory=dict)
    reward_model: Mapping[str, Any] = field(default_factory=dict)
    like: str = ""


#: Plain GRPO, without DAPO's clip-higher, dynamic sampling and overlong penalty (MEDS' scripts).
_GRPO = {
    "clip_ratio_high": None,
    "clip_ratio_c": 3.0,
    "loss_agg_mode": "seq-mean-token-mean",
    "kl_loss_coef": 0.001,
    "max_num_gen_batches": 0,
    "overlong_buffer": 0,
}
_DAPO = {"clip_ratio_high": 0.28, "clip_ratio_c": 10.0, "loss_agg_mode": "token-mean", "kl_loss_coef": 0.0}
#: Scores equal rewards, and groups in which all responses are wrong are kept.
_REINFORCE = {"max_num_gen_batches": 0, "overlong_buffer": 0, "kl_loss_coef": 0.0}
_ALL_LAYERS, _DIFFERENCES = {"last_layers": "all"}, {"differences": True}

BUILT_IN: dict[str, Method] = {
    "base": Method("none"),
    # MemReward, section 4
    "r1-p": Method("labeled"),
    "memreward": Method("predicted"),
    "oracle": Method("verified"),
    # MEDS, section 4 and its scripts
    "grpo": Method("verified", _GRPO, budget={"max_new_tokens": 7168, "ppo_mini_batch_size": 32}),
    "grpo-entropy": Method(
        "verified", _GRPO | {"entropy_bonus": 0.4}, budget={"max_new_tokens": 3072, "ppo_mini_batch_size": 32}
    ),
    "dapo": Method("verified", _DAPO),
    "meds": Method("verified", _DAPO, {}),
    "meds-single-cluster": Method("verified", _DAPO, {"method": "single"}),
    "meds-kmeans": Method("verified", _DAPO, {"method": "kmeans"}),
    "meds-all-layers": Method("verified", _DAPO, _ALL_LAYERS),
    "meds-all-diff": Method("verified", _DAPO, _ALL_LAYERS | _DIFFERENCES),
    "meds-diff": Method("verified", _DAPO, _DIFFERENCES),
    # further baselines, see docs/methods.md
    "meds-answers": Method("verified", _DAPO, {"method": "answers"}),
    "ttrl": Method("voted", {"unlabeled_rewards": "majority"}),
    "empo": Method("voted", {"unlabeled_rewards": "agreement"}),
    "trapo": Method("partly-voted", {"unlabeled_rewards": "trapo", "max_num_gen_batches": 0}),
    "nsr": Method("verified", _REINFORCE | {"adv_estimator": "nsr"}),
    "psr": Method("verified", _REINFORCE | {"adv_estimator": "psr"}),
    "w-reinforce": Method("verified", _REINFORCE | {"adv_estimator": "w_reinforce"}),
    "passk": Method("verified", {"adv_estimator": "passk", "overlong_buffer": 0}),
    "kl-cov": Method("verified", _DAPO | {"loss_mode": "kl_cov", "clip_ratio_high": None}),
    "clip-cov": Method("verified", _DAPO | {"loss_mode": "clip_cov", "clip_ratio_low": 1.0, "clip_ratio_high": 1.0}),
}
#: Method -> its name in the layer ablation in reference/published_results.csv, for a policy of 28 layers.
PUBLISHED_NAMES = {
    "meds-all-layers": "meds-28-layers",
    "meds-all-diff": "meds-28-diff",
    "meds-diff": "meds-14-diff",
}


#: Overrides of a method that is not a variant: none.
_NO_VARIANT = Variant(like="")


@cache
def registered() -> dict[str, Method]:
    """Return built-in methods and those of installed packages.

    Raise InputError for an entry point that is not a Method or whose name is taken.
    """
    found = {name: replace(method, like=name) for name, method in BUILT_IN.items()}
    for entry in entry_points(group=ENTRY_POINTS):
        method = entry.load()
        if not isinstance(method, Method) or method.rewards not in REWARDS:
            raise InputError(
                f"the method {entry.name} of {entry.value} is not a Method whose rewards are one of "
                f"{', '.join(REWARDS)}."
            )
        if entry.name in found:
            raise InputError(
                f"the method {entry.name} of {entry.value} has the same name as another; register it under "
                "another name."
            )
        found[entry.name] = replace(method, like=entry.name)
    return found


def known(config: Configuration) -> list[str]:
    """Names of all methods, without suffixes for a reward model or the error memory."""
    return [*registered(), *config.variants]


def split(name: str) -> tuple[str, str | None, bool]:
    """Split a name into (method, reward model or None, whether it adds the error memory)."""
    base, _, predictor = name.removesuffix(SUFFIX).partition(":")
    return base, predictor or None, name.endswith(SUFFIX)


def find(config: Configuration, name: str) -> Method:
    """Return the method of that name, with its variant and suffixes applied. Raise KeyError if it is unknown."""
    base, predictor, with_memory = split(name)
    variant = config.variants.get(base, _NO_VARIANT)
    method = registered()[variant.like or base]
    memory = method.error_memory
    if memory is None and with_memory:
        memory = {}
    return replace(
        method,
        variant_training=variant.training,
        reward_model=variant.reward_model,
        error_memory=None if memory is None else {**memory, **variant.error_memory},
        predictor=predictor or variant.predictor or method.predictor,
    )


def predictor(config: Configuration, name: str) -> str | None:
    """Return the reward model that a method trains with, or None if it needs none."""
    method = find(config, name)
    shared = config.reward_model.predictor if config.reward_model else None
    return (method.predictor or shared) if method.rewards == "predicted" else None


def arm(config: Configuration, name: str) -> str:
    """Return a string that identifies what a method does: equal for two names of the same arm."""
    method = find(config, name)
    training = {**method.training, **method.variant_training}
    memory = method.error_memory if method.error_memory is None else dict(method.error_memory)
    parts = (method.rewards, training, dict(method.budget), memory, predictor(config, name), method.reward_model)
    return json.dumps(parts, sort_keys=True)


def mistake(config: Configuration) -> str | None:
    """Return what is wrong with the section `variants`, in one sentence, or None."""
    for name, variant in config.variants.items():
        where = f"variants: {name}: "
        if name in registered():
            return f"{where}is the name of an existing method; choose another."
        if variant.like not in registered() or registered()[variant.like].rewards == "none":
            like = ", ".join(name for name, method in registered().items() if method.rewards != "none")
            return f"{where}like: {variant.like!r} is not one of {like}."
        if variant == _NO_VARIANT.model_copy(update={"like": variant.like}):
            return f"{where}changes nothing in {variant.like}; give it a setting, or use {variant.like} itself."
        if variant.error_memory and registered()[variant.like].error_memory is None:
            return f"{where}error_memory: {variant.like} has no error memory; leave it out, or make it like: meds."
        for key in ("predictor", "reward_model"):
            if getattr(variant, key) and registered()[variant.like].rewards != "predicted":
                return f"{where}{key}: {variant.like} trains without a reward model; leave it out."
    return None


def unknown(config: Configuration, name: str, predictors: list[str]) -> str | None:
    """Return what is wrong with the name of a method, or None.

    predictors  known reward models, empty without a section reward_model
    """
    base, predictor, with_memory = split(name)
    rewards = find(config, base).rewards if base in known(config) else None
    if rewards and not (with_memory and rewards == "none"):
        named = ":" in name
        if not named or (rewards == "predicted" and (not predictors or predictor in predictors)):
            return None
    shown = [*known(config), *(f"memreward:{name}" for name in predictors)]
    return f"{name!r} is not one of {', '.join(shown)}."
