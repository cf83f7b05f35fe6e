"""Select the arms of each table, and the tables that a configuration can fill."""

from collections.abc import Callable
from typing import NoReturn

from reward_memory.errors import InputError
from reward_memory.report.tables.registration import TABLES
from reward_memory.settings import Configuration

from . import methods, suites, variants

#: Baseline of differences: training on labeled queries only.
BASELINE = "r1-p"
#: Reward models of MemReward's ablation (section 4.4) -> the arm's name in reference/published_results.csv.
ABLATIONS = {
    "graph": "memreward",
    "graph-homogeneous": "memreward-homogeneous",
    "graph-no-thinking": "memreward-no-think",
    "mlp": "memreward-mlp",
}

#: Baseline of the second paper's arms: the same training without an error memory.
MEDS_BASELINE = "dapo"

#: Tables of the second paper.
MEDS_TABLES = ("meds_main", "meds_ablation", "repeated_errors", "error_spread", "cluster_sizes")
#: Methods in its ablation; their variants are included, too.
MEDS_ABLATIONS = [name for name in methods.BUILT_IN if name == MEDS_BASELINE or name.startswith("meds")]
#: Tables of suite main, in addition to main.csv.
_OF_MAIN = ("label_ratio", "ablation", "accuracy_delta")

#: Names that a suite cannot have, because its table would have the name of another one.
TAKEN = (
    *("transfer", *_OF_MAIN, "reliability", "threshold", "top_k", "comparison", "learning_curves"),
    *("cost", "audit", "dropped", "responses", "checkpoints"),
)

#: Names that a registered table cannot have, in addition to those of the suites.
_BUILT_IN = (*TAKEN, *MEDS_TABLES, "labels_spent", "reward_models")

Arm = tuple[str, int]


def mistake(config: Configuration) -> str | None:
    """Return a message about a registered table whose name is taken, or None."""
    taken = {*_BUILT_IN, *suites.names(config)}
    for name in TABLES.names:
        if name in taken:
            return (
                f"the registered table {name} of {TABLES.declared(name).module} has the same name as another table; "
                "rename it."
            )
    return None


def suite_of(config: Configuration, table: str, suite: str) -> str:
    """Return `suite`, which a registered table is about. Raise InputError if it has no methods here."""
    if suite not in suites.evaluated(config):
        raise InputError(f"tables: {table}: is about suite {suite}, which has no methods in this configuration.")
    return suite


def nothing_predicted(table: str) -> NoReturn:
    """Raise the InputError of a registered table of predictions if there is no reward model."""
    raise InputError(f"tables: {table}: needs predictions; add the section reward_model, such as {{predictor: graph}}.")


def arms_of(config: Configuration, table: str) -> list[Arm]:
    """Return (method, label ratio) of each arm in a suite's accuracy table, in a table of `_OF_MAIN` or in transfer.

    Raise InputError that names the missing methods if the table would be empty.
    """
    found = suites.arms(config, suites.MAIN if table in (*_OF_MAIN, "transfer") else table)
    if not found:
        raise InputError("methods: imported rollouts have no methods to evaluate.")
    return _CHOICES.get(table, lambda _, arms: arms)(config, found)


def accuracy_tables(config: Configuration) -> list[str]:
    """Suites with a table of accuracies: all that are evaluated, except the second paper's, which has other tables."""
    return [suite for suite in suites.evaluated(config) if suite != suites.MEDS]


def available_tables(config: Configuration) -> list[str]:
    """Names of the tables that can be filled; each has a figure of the same name."""
    out = accuracy_tables(config)
    if suites.methods(config):
        if suites.section(config, suites.MAIN).transfer:
            out.append("transfer")
        if len(suites.label_ratios(config)) > 1 and _possible(config, "label_ratio"):
            out += ["label_ratio", "labels_spent"]
        out += [table for table in ("ablation", "accuracy_delta") if _possible(config, table)]
    if config.reward_model or config.rollouts.import_:
        out += ["reward_models", "reliability", "threshold"]
    if config.reward_model and config.reward_model.top_k:
        out.append("top_k")
    if any(suites.trained(config, suite) for suite in suites.names(config)):
        out.append("learning_curves")
    return out + [table for table in MEDS_TABLES if suites.MEDS in suites.evaluated(config) and _meds(config, table)]


def top_k(config: Configuration) -> list[tuple[str, str]]:
    """Return (suite, reward model) of each row group of top_k.csv: the reward models of suites with `reward_model_of`.

    Raise InputError that names what is missing if there are none.
    """
    if not (config.reward_model and config.reward_model.top_k):
        raise InputError("reward_model: top_k: is empty; give numbers of neighbors such as [1, 3, 7].")
    found = [
        (suite, predictor)
        for suite in suites.evaluated(config)
        if suites.reward_model_of(config, suite) != suite
        for name in suites.methods(config, suite)
        if (predictor := methods.predictor(config, name)) and variants.has_neighbors(config, predictor)
    ]
    if not found:
        raise InputError(
            "reward_model: top_k: no suite with reward_model_of trains with a reward model that has neighbors; add "
            f"memreward with one of {', '.join(variants.RECALLING)} to such a suite, or leave top_k out."
        )
    return list(dict.fromkeys(found))


def of_meds(config: Configuration, table: str) -> list[str]:
    """Return the methods in one of MEDS_TABLES.

    Raise InputError that names the missing methods if the table would be empty.
    """
    named, trained = suites.methods(config, suites.MEDS), suites.trained(config, suites.MEDS)
    if table == "meds_ablation":
        return _meds_ablation(config, trained)
    if table == "cluster_sizes":
        with_memory = [name for name in trained if suites.settings(config, suites.MEDS, name)[1] is not None]
        return with_memory or _missing("none has an error memory; add meds.")
    if table in ("repeated_errors", "error_spread"):
        return trained or _missing(f"none is trained; add {MEDS_BASELINE} or meds.")
    return named


def pairs(config: Configuration) -> list[tuple[str, str]]:
    """Return (method, baseline) pairs of accuracy_delta: each memreward with r1-p, then those of `differences`."""
    named = suites.methods(config)
    found = [(name, BASELINE) for name in named if _is(name, "memreward") and BASELINE in named]
    return list(dict.fromkeys([*found, *((one, other) for one, other in config.differences)]))


def published_meds(name: str) -> str | None:
    """Name of a method in the second paper's tables; None for a variant, which is not from the paper."""
    return methods.PUBLISHED_NAMES.get(name, name) if name in methods.BUILT_IN else None


def published_ablation(config: Configuration, name: str) -> str | None:
    """Name of an arm in the published ablation, None if it is not there."""
    if name.endswith(methods.SUFFIX) or not _is(name, "memreward"):
        return None
    return ABLATIONS.get(methods.predictor(config, name) or "")


def _is(name: str, method: str) -> bool:
    return methods.split(name)[0] == method


def _possible(config: Configuration, table: str, choose: Callable[[Configuration, str], list] = arms_of) -> bool:
    try:
        choose(config, table)
    except InputError:
        return False
    return True


def _meds(config: Configuration, table: str) -> bool:
    return _possible(config, table, of_meds)


def _missing(sentence: str) -> NoReturn:
    raise InputError(f"suites: meds: methods: {sentence}")


def _meds_ablation(config: Configuration, named: list[str]) -> list[str]:
    chosen = [name for name in named if methods.find(config, name).like in MEDS_ABLATIONS]
    if not set(chosen) - {"meds", MEDS_BASELINE}:
        wanted = [name for name in MEDS_ABLATIONS if name not in ("meds", MEDS_BASELINE)]
        _missing(
            f"none is an ablation of meds; add {', '.join(wanted[:-1])} or {wanted[-1]}, "
            f"and meds and {MEDS_BASELINE} to compare with."
        )
    return chosen


def _label_ratio(config: Configuration, arms: list[Arm]) -> list[Arm]:
    chosen = [arm for arm in arms if methods.REWARDS[methods.find(config, arm[0]).rewards] is None]
    if not chosen:
        raise InputError("methods: none trains on a label ratio; add r1-p or memreward.")
    # for comparison: arms without labels, and with all labels
    unlabeled = [arm for arm in arms if methods.REWARDS[methods.find(config, arm[0]).rewards] == 0]
    return unlabeled + chosen + [arm for arm in arms if arm[0] == "oracle"]


def _ablation(config: Configuration, arms: list[Arm]) -> list[Arm]:
    names = {name: published_ablation(config, name) for name, _ in arms}
    if not any(name not in (None, ABLATIONS["graph"]) for name in names.values()):
        wanted = [f"memreward:{predictor}" for predictor in ABLATIONS if predictor != "graph"]
        raise InputError(
            f"methods: none is an ablation of memreward; add {', '.join(wanted[:-1])} or {wanted[-1]}, "
            "and memreward to compare with."
        )
    return [arm for arm in arms if arm[0] == "memreward" or names[arm[0]]]


def _accuracy_delta(config: Configuration, arms: list[Arm]) -> list[Arm]:
    compared = {name for pair in pairs(config) for name in pair}
    if not compared:
        named = [methods.split(name)[0] for name, _ in arms]
        missing = [name for name in ("memreward", BASELINE) if name not in named]
        raise InputError(f"methods: memreward is compared with {BASELINE} here; add {' and '.join(missing)}.")
    return [arm for arm in arms if arm[0] in compared]


_CHOICES = {"label_ratio": _label_ratio, "ablation": _ablation, "accuracy_delta": _accuracy_delta}
