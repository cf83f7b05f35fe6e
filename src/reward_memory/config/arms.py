"""Which arms stand in which table, and which tables a configuration has something for."""

from collections.abc import Callable
from typing import Any, NoReturn

from reward_memory.errors import InputError

from . import algorithms, experiment

#: What differences are taken to: training on the labelled queries alone.
BASELINE = "r1-p"
#: Reward models of MemReward's ablation (section 4.4) -> the arm's name in reference/published_results.csv.
ABLATIONS = {
    "graph": "memreward",
    "graph-homogeneous": "memreward-homogeneous",
    "graph-no-thinking": "memreward-no-think",
    "mlp": "memreward-mlp",
}

#: What the second paper's arms are compared with: the same training without an error memory.
MEDS_BASELINE = "dapo"

#: Tables of the second paper.
MEDS_TABLES = ("meds_main", "meds_ablation", "repeated_errors", "cluster_sizes")
#: Methods of its ablation; variants of them count, too.
MEDS_ABLATIONS = [method for method in algorithms.METHODS if method == MEDS_BASELINE or method.startswith("meds")]

Arm = tuple[str, int]


def of(config: dict[str, Any], table: str) -> list[Arm]:
    """(method, label ratio) of each arm in one of the tables main, ood, label_ratio, ablation and accuracy_delta.

    InputError says which methods are missing if the table would say nothing.
    """
    found = experiment.arms(config)
    if not found:
        raise InputError("methods: imported rollouts have none to evaluate.")
    return _CHOICES.get(table, lambda _, arms: arms)(config, found)


def shown(config: dict[str, Any]) -> list[str]:
    """The tables that there is something for; each has a figure of its name."""
    out = []
    if config["methods"]:
        suites = {benchmark["suite"] for benchmark in config["benchmarks"].values()}
        out = [suite for suite in ("main", "ood") if suite in suites]
        if len(config["label_ratios"]) > 1 and _possible(config, "label_ratio"):
            out += ["label_ratio", "labels_spent"]
        out += [table for table in ("ablation", "accuracy_delta") if _possible(config, table)]
    if "reward_model" in config or config["rollouts"]["import"]:
        out += ["reward_models", "reliability"]
    return out + [table for table in MEDS_TABLES if "meds" in config and _possible(config, table, of_meds)]


def of_meds(config: dict[str, Any], table: str) -> list[str]:
    """The methods in one of MEDS_TABLES.

    InputError says which methods are missing if the table would say nothing.
    """
    methods = algorithms.of_meds(config)
    trained = [method for method in methods if method != "base"]
    if table == "meds_ablation":
        return _meds_ablation(config, trained)
    if table == "cluster_sizes":
        with_memory = [method for method in trained if algorithms.settings(config, method)[1] is not None]
        return with_memory or _missing("none has an error memory; add meds.")
    if table == "repeated_errors":
        return trained or _missing(f"none is trained; add {MEDS_BASELINE} or meds.")
    return methods


def published_meds(method: str) -> str | None:
    """The name that a method of the second paper has in its tables; None for a variant, which is none of theirs."""
    return algorithms.PUBLISHED_NAMES.get(method, method) if method in algorithms.METHODS else None


def published_ablation(config: dict[str, Any], method: str) -> str | None:
    """The name that an arm has in the published ablation, None if it is not in there."""
    if method.endswith(algorithms.SUFFIX):
        return None
    return ABLATIONS.get(experiment.predictor(config, method) or "")


def _possible(config: dict[str, Any], table: str, choose: Callable[[dict[str, Any], str], list] = of) -> bool:
    try:
        choose(config, table)
    except InputError:
        return False
    return True


def _missing(sentence: str) -> NoReturn:
    raise InputError(f"meds: methods: {sentence}")


def _meds_ablation(config: dict[str, Any], methods: list[str]) -> list[str]:
    variants = config["meds"]["variants"]
    chosen = [method for method in methods if variants.get(method, {"method": method})["method"] in MEDS_ABLATIONS]
    if not set(chosen) - {"meds", MEDS_BASELINE}:
        wanted = [method for method in MEDS_ABLATIONS if method not in ("meds", MEDS_BASELINE)]
        _missing(
            f"none is an ablation of meds; add {', '.join(wanted[:-1])} or {wanted[-1]}, "
            f"and meds and {MEDS_BASELINE} to compare with."
        )
    return chosen


def _label_ratio(config: dict[str, Any], arms: list[Arm]) -> list[Arm]:
    chosen = [arm for arm in arms if experiment.kind(arm[0]) in experiment.RATIO_METHODS]
    if not chosen:
        raise InputError("methods: none trains on a label ratio; add r1-p or memreward.")
    return chosen + [arm for arm in arms if arm[0] == "oracle"]


def _ablation(config: dict[str, Any], arms: list[Arm]) -> list[Arm]:
    names = {method: published_ablation(config, method) for method, _ in arms}
    if not any(name not in (None, ABLATIONS["graph"]) for name in names.values()):
        wanted = [f"memreward:{predictor}" for predictor in ABLATIONS if predictor != "graph"]
        raise InputError(
            f"methods: none is an ablation of memreward; add {', '.join(wanted[:-1])} or {wanted[-1]}, "
            "and memreward to compare with."
        )
    return [arm for arm in arms if arm[0] == "memreward" or names[arm[0]]]


def _accuracy_delta(config: dict[str, Any], arms: list[Arm]) -> list[Arm]:
    kinds = [experiment.kind(method) for method, _ in arms]
    missing = [name for name in ("memreward", BASELINE) if name not in kinds]
    if missing:
        raise InputError(f"methods: memreward is compared with {BASELINE} here; add {' and '.join(missing)}.")
    return [arm for arm, kind in zip(arms, kinds, strict=True) if kind in ("memreward", BASELINE)]


_CHOICES = {"label_ratio": _label_ratio, "ablation": _ablation, "accuracy_delta": _accuracy_delta}
