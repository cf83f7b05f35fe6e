"""The methods by name: where rewards come from, and what each changes of a training run.

A method of a configuration is one of BUILT_IN, one that an installed package registers (ENTRY_POINTS), or one of the
section `variants`. After its name, `:` and a reward model say what predicts its rewards; `+meds` adds the error memory.
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

#: Where rewards come from -> the label ratio of such a method, None for each configured one.
REWARDS: dict[str, int | None] = {
    "none": 0,  # not trained
    "labeled": None,  # trained on labeled queries alone, verified
    "predicted": None,  # trained on all queries, predicted where they are unlabeled
    "partly-voted": None,  # trained on all queries, voted where they are unlabeled
    "voted": 0,  # trained on all queries, without any label
    "verified": 100,  # trained on all queries, verified
}
#: Those that responses vote on.
VOTED = ("partly-voted", "voted")
#: Those for which no labeled queries are drawn: all queries are, or none.
WITHOUT_DRAW = ("voted", "verified")
#: Ends the name of a method that has the error memory, too.
SUFFIX = "+meds"
#: Group of the entry points by which a package adds methods: name -> a Method.
ENTRY_POINTS = "reward_memory.methods"


@dataclass(frozen=True, slots=True)
class Method:
    """What a method is.

    rewards       one of REWARDS
    training      its changes of the section training
    error_memory  its changes of the section error_memory, None without an error memory
    predictor     its reward model, None for that of the section reward_model
    budget        further changes of the section training where a suite has `budget: as_published`
    own           a variant's changes of the section training, which win over all others
    reward_model  its own threshold and reward of predicted rewards
    like          the registered method that it is a variant of, itself for a registered one
    """

    rewards: str
    training: Mapping[str, Any] = field(default_factory=dict)
    error_memory: Mapping[str, Any] | None = None
    predictor: str | None = None
    budget: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    reward_model: Mapping[str, Any] = field(default_factory=dict)
    like: str = ""


#: What DAPO adds to GRPO is switched off: longer clipping above, dynamic sampling, punished lengths (MEDS' scripts).
_GRPO = {
    "clip_ratio_high": None,
    "clip_ratio_c": 3.0,
    "loss_agg_mode": "seq-mean-token-mean",
    "kl_loss_coef": 0.001,
    "max_num_gen_batches": 0,
    "overlong_buffer": 0,
}
_DAPO = {"clip_ratio_high": 0.28, "clip_ratio_c": 10.0, "loss_agg_mode": "token-mean", "kl_loss_coef": 0.0}
#: Scores are rewards, and groups that fail throughout count.
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
    # what a reviewer asks for, see docs/methods.md
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
#: Names that the ablation of layers has in reference/published_results.csv, for a policy of 28 layers.
PUBLISHED_NAMES = {
    "meds-all-layers": "meds-28-layers",
    "meds-all-diff": "meds-28-diff",
    "meds-diff": "meds-14-diff",
}


#: What a method that is no variant has of its own.
_NO_VARIANT = Variant(like="")


@cache
def registered() -> dict[str, Method]:
    """Built-in methods and those of installed packages.

    InputError for an entry point that is no Method or has the name of another.
    """
    found = {name: replace(method, like=name) for name, method in BUILT_IN.items()}
    for entry in entry_points(group=ENTRY_POINTS):
        method = entry.load()
        if not isinstance(method, Method) or method.rewards not in REWARDS:
            raise InputError(
                f"the method {entry.name} of {entry.value} is no Method with rewards of {', '.join(REWARDS)}."
            )
        if entry.name in found:
            raise InputError(
                f"the method {entry.name} of {entry.value} has the name of another; register it otherwise."
            )
        found[entry.name] = replace(method, like=entry.name)
    return found


def known(config: Configuration) -> list[str]:
    """Names of all methods, without those that go on with a reward model or the error memory."""
    return [*registered(), *config.variants]


def split(name: str) -> tuple[str, str | None, bool]:
    """(name of the method, reward model that it names, whether it adds the error memory)."""
    own, _, predictor = name.removesuffix(SUFFIX).partition(":")
    return own, predictor or None, name.endswith(SUFFIX)


def find(config: Configuration, name: str) -> Method:
    """The method of that name with all that the name adds. KeyError for an unknown one."""
    own, predictor, remembers = split(name)
    variant = config.variants.get(own, _NO_VARIANT)
    method = registered()[variant.like or own]
    memory = method.error_memory
    if memory is None and remembers:
        memory = {}
    return replace(
        method,
        own=variant.training,
        reward_model=variant.reward_model,
        error_memory=None if memory is None else {**memory, **variant.error_memory},
        predictor=predictor or variant.predictor or method.predictor,
    )


def predictor(config: Configuration, name: str) -> str | None:
    """The reward model that a method trains with, None if it needs none."""
    method = find(config, name)
    shared = config.reward_model.predictor if config.reward_model else None
    return (method.predictor or shared) if method.rewards == "predicted" else None


def arm(config: Configuration, name: str) -> str:
    """What a method does, whatever its name: the same for two names of one arm."""
    found = find(config, name)
    training = {**found.training, **found.own}
    memory = found.error_memory if found.error_memory is None else dict(found.error_memory)
    parts = (found.rewards, training, dict(found.budget), memory, predictor(config, name), found.reward_model)
    return json.dumps(parts, sort_keys=True)


def mistake(config: Configuration) -> str | None:
    """What is wrong about the section `variants`, in one sentence; None if nothing is."""
    for name, own in config.variants.items():
        where = f"variants: {name}: "
        if name in registered():
            return f"{where}is the name of a method that there is; choose another."
        if own.like not in registered() or registered()[own.like].rewards == "none":
            like = ", ".join(name for name, method in registered().items() if method.rewards != "none")
            return f"{where}like: {own.like!r} is not one of {like}."
        if own == _NO_VARIANT.model_copy(update={"like": own.like}):
            return f"{where}changes nothing of {own.like}; give it a setting, or name {own.like} itself."
        if own.error_memory and registered()[own.like].error_memory is None:
            return f"{where}error_memory: {own.like} has no error memory; leave it out, or make it like: meds."
        for key in ("predictor", "reward_model"):
            if getattr(own, key) and registered()[own.like].rewards != "predicted":
                return f"{where}{key}: {own.like} trains without a reward model; leave it out."
    return None


def unknown(config: Configuration, name: str, predictors: list[str]) -> str | None:
    """What is wrong about the name of a method; None if nothing is.

    predictors  known reward models, empty where no section reward_model is there to name one
    """
    own, predictor, remembers = split(name)
    rewards = find(config, own).rewards if own in known(config) else None
    if rewards and not (remembers and rewards == "none"):
        named = ":" in name
        if not named or (rewards == "predicted" and (not predictors or predictor in predictors)):
            return None
    shown = [*known(config), *(f"memreward:{name}" for name in predictors)]
    return f"{name!r} is not one of {', '.join(shown)}."
