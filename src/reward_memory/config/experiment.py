"""What a loaded configuration says of its experiment: arms, policies, reward models, benchmarks."""

from typing import Any

from reward_memory.data.registry import DOMAINS

from . import algorithms

#: Methods that train on the labels of a ratio; base trains on none, oracle on all.
RATIO_METHODS = ("r1-p", "memreward")
METHODS = ("base", *RATIO_METHODS, "oracle")


def arms(config: dict[str, Any]) -> list[tuple[str, int]]:
    """(method, label ratio) of each arm: base at 0 %, oracle at 100 %, the others at every configured ratio."""
    out: list[tuple[str, int]] = []
    for method in config["methods"]:
        if kind(method) in RATIO_METHODS:
            out += [(method, ratio) for ratio in config["label_ratios"]]
        else:
            out.append((method, 0 if method == "base" else 100))
    return out


def kind(method: str) -> str:
    """The method without the predictor and the memory that it may name: memreward of memreward:logistic+meds."""
    return method.removesuffix(algorithms.SUFFIX).partition(":")[0]


def predictor(config: dict[str, Any], method: str) -> str | None:
    """The reward model that a method trains with, None if it needs none."""
    if kind(method) != "memreward":
        return None
    return method.removesuffix(algorithms.SUFFIX).partition(":")[2] or config["reward_model"]["predictor"]


def predictors(config: dict[str, Any]) -> list[str]:
    """All reward models that the configuration names."""
    if "reward_model" not in config:
        return []
    named = [predictor(config, method) for method in config["methods"]]
    return list(dict.fromkeys([config["reward_model"]["predictor"], *filter(None, named), *config["predictors"]]))


def policies(config: dict[str, Any]) -> list[str]:
    """The policies of the first paper: all that the section meds does not name."""
    return [name for name in config["policies"] if name not in config.get("meds", {}).get("policies", [])]


def members(config: dict[str, Any], suite: str) -> list[str]:
    """Names of the benchmarks of one suite, in the configured order."""
    return [name for name, benchmark in config["benchmarks"].items() if benchmark["suite"] == suite]


def answer_format(config: dict[str, Any], name: str) -> str:
    """Where the prompts of a real benchmark ask for the answer: hash (after ####) | boxed."""
    in_paper = "boxed" if config["benchmarks"][name]["suite"] == "meds" else "hash"
    return config["data"]["answer_format"] or in_paper


def domain(config: dict[str, Any], name: str) -> str:
    """How responses to a benchmark's queries are graded: math | qa | code."""
    return config["benchmarks"][name].get("domain") or DOMAINS[name]
