"""The second paper's arms: what each changes of the settings of a training run (MEDS, section 4 and its scripts)."""

from __future__ import annotations

from typing import Any

#: What DAPO adds to GRPO is switched off: longer clipping above, dynamic sampling, punished lengths.
_GRPO = {
    "clip_high": None,
    "dual_clip": 3.0,
    "loss_aggregation": "seq-mean-token-mean",
    "kl_coefficient": 0.001,
    "generation_batches": 0,
    "overlong_buffer": 0,
}
_DAPO = {"clip_high": 0.28, "dual_clip": 10.0, "loss_aggregation": "token-mean", "kl_coefficient": 0.0}

#: method -> (changes of `training`, changes of `error_memory`, None without a memory).
METHODS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "base": ({}, None),
    "grpo": (_GRPO, None),
    "grpo-entropy": (_GRPO | {"entropy_bonus": 0.4}, None),
    "dapo": (_DAPO, None),
    "meds": (_DAPO, {}),
    "meds-single-cluster": (_DAPO, {"method": "single"}),
    "meds-kmeans": (_DAPO, {"method": "kmeans"}),
    "meds-all-layers": (_DAPO, {"last_layers": "all"}),
    "meds-all-diff": (_DAPO, {"last_layers": "all", "differences": True}),
    "meds-diff": (_DAPO, {"differences": True}),
}
#: Names that the ablation of layers has in reference/published_results.csv, for a policy of 28 layers.
PUBLISHED_NAMES = {
    "meds-all-layers": "meds-28-layers",
    "meds-all-diff": "meds-28-diff",
    "meds-diff": "meds-14-diff",
}
#: Response length and mini-batch of the published scripts, which `budget: equal` levels.
PUBLISHED_BUDGETS = {
    "grpo": {"max_new_tokens": 7168, "mini_batch": 32},
    "grpo-entropy": {"max_new_tokens": 3072, "mini_batch": 32},
}
#: Ends the name of an arm of the first paper that has the error memory, too.
SUFFIX = "+meds"


def known(config: dict[str, Any]) -> list[str]:
    """Names of all methods of the second paper: those built in, then the variants."""
    return [*METHODS, *config.get("meds", {}).get("variants", {})]


def of_meds(config: dict[str, Any]) -> list[str]:
    """The configured methods of the second paper."""
    return config.get("meds", {}).get("methods", [])


def settings(
    config: dict[str, Any], method: str, policy: str | None = None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """(the section training, the section error_memory) as they hold for a method; None without an error memory.

    A method of the second paper has, later ones first: its variant's own settings, what makes it that method, the
    policy's own, the section meds, the sections at the top. Published budgets come after what makes it that method.

    policy  whose own settings are taken, None for those that all share
    """
    shared = dict(config["training"])
    shared |= shared.pop("per_policy").get(policy, {})
    if method not in of_meds(config):
        return shared, config["error_memory"] if method.endswith(SUFFIX) else None
    section = config["meds"]
    own = section["variants"].get(method, {"method": method, "training": {}, "error_memory": {}})
    changes, memory = METHODS[own["method"]]
    budget = PUBLISHED_BUDGETS.get(own["method"], {}) if section["budget"] == "as_published" else {}
    of_policy = section["per_policy"].get(policy, {"training": {}, "error_memory": {}})
    training = shared | section["training"] | of_policy["training"] | changes | budget | own["training"]
    if memory is None:
        return training, None
    return training, config["error_memory"] | of_policy["error_memory"] | memory | own["error_memory"]


def evaluation(config: dict[str, Any], suite: str) -> dict[str, Any]:
    """The section evaluation as it holds for a suite."""
    return config["evaluation"] | (config["meds"]["evaluation"] if suite == "meds" else {})


def seeds(config: dict[str, Any]) -> list[int]:
    """Of the second paper."""
    return config["meds"]["seeds"] or config["seeds"]
