"""The configuration: defaults filled in, checked, every mistake in one sentence."""

import copy
import itertools
from pathlib import Path
from typing import Any

from reward_memory.data import imported, mirror
from reward_memory.data.hub.revisions import commits
from reward_memory.data.registry import DOMAINS
from reward_memory.errors import InputError
from reward_memory.policies.inspection import inspect

from . import algorithms, checking, contradictions, resources, results_folder, variants, verl_overrides
from .experiment import METHODS, kind, members, policies, predictors
from .models import Configuration, ErrorMemory, Evaluation, RewardModel, Training

#: Sections that the section meds overrides.
_OVERRIDDEN = {"training": Training, "error_memory": ErrorMemory, "evaluation": Evaluation}


def load(config: dict[str, Any], source: str = "config.yaml") -> dict[str, Any]:
    """A copy of `config` with every default filled in.

    source  names the file in messages

    InputError: one sentence with file, key, value and fix, for the first mistake.
    """
    config, wrong = checking.filled(Configuration, _fit_to_import(copy.deepcopy(config)))
    wrong = (
        wrong
        or variants.mistake(config)
        or _fill_variants(config)
        or results_folder.mistake(config["results"])
        or _fill_policies(config)
        or _fill_meds(config)
        or _misplaced_import(config)
        or _contradiction(config)
        or resources.mistake(config)
        or contradictions.unshared(config)
    )
    if wrong:
        raise InputError(f"{source}: {wrong}")
    _spell_out(config)
    if config["predictors"] is None:
        config["predictors"] = _measurable(config)
    return config


def typed(config: dict[str, Any], source: str = "config.yaml") -> Configuration:
    """What `load` returns, with attributes in place of keys; `predictors` is None where there is no reward model."""
    loaded = load(config, source)
    return Configuration.model_validate(loaded | {"predictors": loaded["predictors"] or None})


def check_files(
    config: dict[str, Any], checkout: Path | None = None, source: str = "config.yaml"
) -> dict[str, list[Path]]:
    """Files that the user brings: benchmark -> its files in the mirror. All that lies outside the configuration is
    looked at, too: the place of the results, policies given by path, rollouts to import, verl's own settings.

    checkout  the folder of the workflow, which results must not be mixed with
    source    names the configuration in messages

    InputError, one sentence, before anything runs.
    """
    if checkout and (wrong := results_folder.misplaced(config["results"], checkout)):
        raise InputError(f"{source}: {wrong}")
    if config["rollouts"]["import"]:
        imported.check(Path(config["rollouts"]["import"]))
    for name, policy in config["policies"].items():
        if "path" in policy:
            inspect(name, Path(policy["path"]))
    if wrong := contradictions.too_long(config, contradictions.contexts(config)) or verl_overrides.mistake(config):
        raise InputError(f"{source}: {wrong}")
    return {
        name: mirror.files(name, Path(config["data"]["mirror"]))
        for name, benchmark in config["benchmarks"].items()
        if benchmark["source"] == "mirror"
    }


def _spell_out(config: dict[str, Any]) -> None:
    """One spelling of each path: the home folder for ~, and results without ./ and a slash at the end."""
    config["results"] = results_folder.normal(config["results"])
    for section, key in ((config["data"], "mirror"), (config["rollouts"], "import")):
        section[key] = section[key] and results_folder.expanded(section[key])
    for policy in config["policies"].values():
        if "path" in policy:
            policy["path"] = results_folder.expanded(policy["path"])


def _fill_variants(config: dict[str, Any]) -> str | None:
    """Turn text into numbers in reward_model: variants, as `checking.filled` does; the first mistake in them."""
    reward_model = config.get("reward_model", {})
    for name, own in reward_model.get("variants", {}).items():
        shared = {key: value for key, value in reward_model.items() if key != "variants"}
        merged, wrong = checking.filled(RewardModel, shared | own)
        if wrong:
            return f"reward_model: variants: {name}: {wrong}"
        if merged["hidden"] % merged["heads"]:
            where = f"reward_model: variants: {name}: heads: {merged['heads']}"
            return f"{where} does not divide hidden, {merged['hidden']}."
        reward_model["variants"][name] = {key: merged[key] for key in own}
    return None


def _fill_policies(config: dict[str, Any]) -> str | None:
    """Turn text into numbers in training.per_policy, as `checking.filled` does; the first mistake in it."""
    shared = {key: value for key, value in config["training"].items() if key != "per_policy"}
    for name, own in config["training"]["per_policy"].items():
        where = f"training: per_policy: {name}: "
        if name not in config["policies"]:
            return f"training: per_policy: {name!r} is not one of {', '.join(config['policies'])}."
        if "per_policy" in own:
            return f"{where}per_policy: no such key here."
        merged, wrong = checking.filled(Training, shared | own)
        if wrong:
            return f"{where}{wrong}"
        if wrong := contradictions.run_mistake(merged):
            return f"{where}{wrong.removeprefix('training: ')}"
        own |= {key: merged[key] for key in own}
    return None


def _fill_meds(config: dict[str, Any]) -> str | None:
    """Turn text into numbers in the section meds, as `checking.filled` does; the first mistake in it."""
    section = config.get("meds")
    if section is None:
        return None
    known = algorithms.known(config)
    for name in section["policies"]:
        if name not in config["policies"]:
            return f"meds: policies: {name!r} is not one of {', '.join(config['policies'])}."
    for name, own in section["variants"].items():
        if name in algorithms.METHODS or name in METHODS:
            return f"meds: variants: {name}: is the name of a method that is built in; choose another."
        if own["method"] not in algorithms.METHODS or own["method"] == "base":
            built_in = ", ".join(method for method in algorithms.METHODS if method != "base")
            return f"meds: variants: {name}: method: {own['method']!r} is not one of {built_in}."
    for name in section["methods"]:
        if name not in known:
            return f"meds: methods: {name!r} is not one of {', '.join(known)}."
    for name in section["per_policy"]:
        if name not in section["policies"]:
            return f"meds: per_policy: {name!r} is not one of {', '.join(section['policies'])}."
    parts = [("", section, ("training", "evaluation"))]
    parts += [
        (f"per_policy: {name}: ", own, ("training", "error_memory")) for name, own in section["per_policy"].items()
    ]
    parts += [(f"variants: {name}: ", own, ("training", "error_memory")) for name, own in section["variants"].items()]
    for where, own, keys in parts:
        for key in keys:
            if "per_policy" in own[key]:
                return f"meds: {where}{key}: per_policy: no such key here; there is meds: per_policy."
            merged, wrong = checking.filled(_OVERRIDDEN[key], config[key] | own[key])
            if wrong:
                return f"meds: {where}{key}: {wrong}"
            own[key] = {name: merged[name] for name in own[key]}
    return _meds_contradiction(config)


def _meds_contradiction(config: dict[str, Any]) -> str | None:
    """What no single key's rule can say about the second paper."""
    names = members(config, "meds")
    pool = sum(config["benchmarks"][name]["train"] or 0 for name in names)
    for split in ("train", "valid", "test"):
        if not any(config["benchmarks"][name][split] for name in names):
            return f"benchmarks: none in suite meds has a {split} query, which meds: methods need."
    trained = [method for method in algorithms.of_meds(config) if method != "base"]
    for method, policy in itertools.product(trained, config["meds"]["policies"]):
        training, _ = algorithms.settings(config, method, policy)
        if training["batch"] > pool:
            return f"meds: training: batch: {training['batch']} is more than the {pool} training queries of suite meds."
        if wrong := contradictions.run_mistake(training):
            return f"meds: {wrong}"
    return None


def _measurable(config: dict[str, Any]) -> list[str]:
    """All predictors, without those that select on valid queries where there are none."""
    if "reward_model" not in config:
        return []
    valid = all(config["benchmarks"][name]["valid"] for name in members(config, "main"))
    return [name for name in variants.known(config) if valid or not variants.selects_on_valid(config, name)]


def _fit_to_import(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration, with the defaults that are others where rollouts are imported; it is not checked yet."""
    rollouts, benchmarks = config.get("rollouts"), config.get("benchmarks")
    if isinstance(rollouts, dict) and rollouts.get("import") is not None:
        config.setdefault("methods", [])
    for benchmark in benchmarks.values() if isinstance(benchmarks, dict) else ():
        if isinstance(benchmark, dict) and benchmark.get("source") == "import":
            benchmark.setdefault("train", None)
            benchmark.setdefault("test", 0)
    return config


def _misplaced_import(config: dict) -> str | None:
    """What is wrong about names and sources, with and without imported rollouts."""
    importing, policies = config["rollouts"]["import"] is not None, config["policies"]
    for name, benchmark in config["benchmarks"].items():
        source, own = benchmark["source"], benchmark.get("domain")
        if importing and source != "import":
            return f"benchmarks: {name}: source: {source} does not go with rollouts: import; it should be import."
        if not importing and source == "import":
            return f"benchmarks: {name}: source: import needs rollouts: import, the file that holds its rows."
        if not importing and own:
            return f"benchmarks: {name}: domain: only the source import takes it; leave it out."
        if not importing and name not in DOMAINS:
            return f"benchmarks: {name}: {name!r} is not one of {', '.join(DOMAINS)}; others need source: import."
        if own is None and name not in DOMAINS:
            return f"benchmarks: {name}: domain is missing; it should be math, qa or code."
        if own and own != DOMAINS.get(name, own):
            return f"benchmarks: {name}: domain: {own} is not that of {name}, {DOMAINS[name]}; leave it out."
        if importing and benchmark["train"] == 0 and benchmark["suite"] == "main":
            return f"benchmarks: {name}: train: 0 is too few; a reward model needs at least 1 query."
    for name, policy in policies.items():
        if importing and "imported" not in policy:
            return f"policies: {name}: {next(iter(policy))} does not go with rollouts: import; give it imported: true."
        if not importing and "imported" in policy:
            return f"policies: {name}: imported needs rollouts: import, the file that holds its responses."
    if not importing:
        return None if config["methods"] or "meds" in config else "methods: [] is not a list of different methods."
    if len(policies) > 1:
        return f"policies: {', '.join(policies)} are {len(policies)} names for what rollouts: import holds; give one."
    if config["methods"]:
        name = next(iter(policies))
        return f"methods: {config['methods'][0]} needs a policy to run, and {name} is imported; leave methods out."
    if "reward_model" not in config:
        return "rollouts: import: needs a reward model; add the section reward_model, such as {predictor: graph}."
    if not members(config, "main"):
        return "benchmarks: none is in suite main, which the reward model learns from."
    return None


def _contradiction(config: dict) -> str | None:
    """What no single key's rule can say."""
    training, trained = config["training"], members(config, "main")
    benchmarks = config["benchmarks"]
    methods = [method for method in config["methods"] if method != "base"]
    reward_model = config.get("reward_model")
    for method in config["methods"]:
        if wrong := _unknown_method(config, method):
            return wrong
    if wrong := contradictions.same_arms(config) or contradictions.no_policy_left(config):
        return wrong
    for name in ("rollouts", "evaluation"):
        if wrong := contradictions.sampling_mistake(config[name], name):
            return wrong
    for method in methods:
        if kind(method) == "memreward" and reward_model is None:
            return (
                f"methods: {method} needs a reward model; add the section reward_model, such as {{predictor: graph}}."
            )
    for name, benchmark in benchmarks.items():
        if benchmark["source"] == "mirror" and config["data"]["mirror"] is None:
            return f"benchmarks: {name}: source: mirror needs data: mirror, the folder that holds its files."
        if benchmark["source"] == "hub":
            try:
                commits(name, benchmark["revision"])
            except InputError as error:
                return str(error)
        if methods and benchmark["suite"] == "main":
            for split in ("train", "valid"):
                if not benchmark[split]:
                    return f"benchmarks: {name}: {split}: 0 is too few; {methods[0]} needs at least 1 query."
    for name in predictors(config) if reward_model and config["predictors"] is not None else []:
        if variants.selects_on_valid(config, name):
            for benchmark in trained:
                if not benchmarks[benchmark]["valid"]:
                    return f"benchmarks: {benchmark}: valid: 0 is too few; {name} selects on the valid queries."
    if methods and not trained:
        return f"benchmarks: none is in suite main, which {methods[0]} trains on."
    if wrong := contradictions.run_mistake(training):
        return wrong
    if reward_model and reward_model["hidden"] % reward_model["heads"]:
        return f"reward_model: heads: {reward_model['heads']} does not divide hidden, {reward_model['hidden']}."
    if not methods:
        return None
    queries = sum(benchmarks[name]["train"] for name in trained)
    batch = max(algorithms.settings(config, methods[0], policy)[0]["batch"] for policy in policies(config) or [None])
    for method in methods:
        for ratio in config["label_ratios"] if method == "r1-p" else []:
            labelled = sum(max(1, (benchmarks[name]["train"] * ratio + 50) // 100) for name in trained)
            if labelled < batch:
                return (
                    f"training: batch: {batch} is more than the {labelled} queries that label_ratios: "
                    f"{ratio} leaves to r1-p; lower it or add training queries."
                )
        if queries < batch:
            return f"training: batch: {batch} is more than the {queries} training queries."
    return None


def _unknown_method(config: dict, method: str) -> str | None:
    own, colon, named = method.removesuffix(algorithms.SUFFIX).partition(":")
    if own in METHODS and not colon and method != f"base{algorithms.SUFFIX}":
        return None
    if own == "memreward" and ("reward_model" not in config or named in variants.known(config)):
        return None
    known = ", ".join([*METHODS, *(f"memreward:{name}" for name in variants.known(config))])
    return f"methods: {method!r} is not one of {known}."
