"""Load the configuration: fill in defaults, check it, report the first mistake in one sentence.

Planning imports this module, so modules that read files are imported where they are needed.
"""

import copy
import difflib
from pathlib import Path
from typing import Any

from reward_memory.data.registry import BENCHMARKS, CONTROLS, DOMAINS, why_unusable
from reward_memory.errors import InputError
from reward_memory.policies.inspection import inspect
from reward_memory.settings import Configuration, ErrorMemory, Evaluation, RewardModel, Section, Training, checking
from reward_memory.settings.suites import PolicyOverrides, Suite, Variant

from . import (
    adapters,
    arms,
    contradictions,
    heads,
    labels,
    layers,
    lengths,
    methods,
    policies,
    resources,
    results_folder,
    sizes,
    suites,
    variants,
    verl_overrides,
)

#: Sections that a suite can override.
_OVERRIDDEN = {"training": Training, "error_memory": ErrorMemory, "evaluation": Evaluation, "reward_model": RewardModel}


def load(config: dict[str, Any], source: str = "config.yaml") -> Configuration:
    """Return the configuration with every default filled in.

    source  name of the file in messages

    Raise InputError, one sentence with file, key, value and fix, for the first mistake.
    """
    loaded = checking.validated(Configuration, _fit_to_import(copy.deepcopy(config)), source)
    wrong = (
        variants.mistake(loaded)
        or _fill_variants(loaded)
        or results_folder.mistake(loaded.results)
        or _fill_policies(loaded)
        or _fill_suites(loaded)
        or arms.mistake(loaded)
        or _misplaced_import(loaded)
        or _contradiction(loaded)
        or resources.mistake(loaded)
        or contradictions.uneven_tensor_parallel(loaded)
        or contradictions.uneven_training(loaded)
        or policies.mistake(loaded)
    )
    if wrong:
        raise InputError(f"{source}: {wrong}")
    return _normalized(loaded)


def check_files(
    config: Configuration, checkout: Path | None = None, source: str = "config.yaml"
) -> dict[str, list[Path]]:
    """Check what lies outside the configuration: location of the results, policies given by path, rollouts to import,
    verl's configuration. Return benchmark -> its files in the mirror.

    checkout  folder of the workflow, which results must not be mixed with
    source    name of the configuration in messages

    Raise InputError, one sentence, before anything runs.
    """
    wrong = checkout and results_folder.bad_location(config.results, checkout)
    wrong = wrong or results_folder.overlap(config.results, _user_folders(config))
    if wrong := wrong or results_folder.missing_path(config):
        raise InputError(f"{source}: {wrong}")
    if config.rollouts.import_:
        from reward_memory.data import imported

        imported.check(Path(config.rollouts.import_))
    for name, policy in config.policies.items():
        if policy.path:
            inspect(name, Path(policy.path))
    wrong = contradictions.too_long(config, contradictions.contexts(config)) or adapters.mistake(config)
    wrong = wrong or layers.mistake(config) or heads.mistake(config) or policies.never_read(config)
    wrong = wrong or lengths.mistake(config)
    if wrong := wrong or verl_overrides.mistake(config):
        raise InputError(f"{source}: {wrong}")
    mirrored = [name for name, benchmark in config.benchmarks.items() if benchmark.source == "mirror"]
    if not mirrored:
        return {}
    from reward_memory.data import mirror

    return {name: mirror.files(name, Path(config.data.mirror or "")) for name in mirrored}


def _user_folders(config: Configuration) -> dict[str, str]:
    """Return key -> the user's folder that it names; results must not be written there."""
    folders = {f"policies: {name}: path": one.path for name, one in config.policies.items() if one.path}
    if config.data.mirror:
        folders[results_folder.MIRROR] = config.data.mirror
    return folders


def _normalized(config: Configuration) -> Configuration:
    """Fill in all predictors if none are named, and normalize paths: expand ~, drop ./ and a final / of results."""
    expanded = results_folder.expanded
    value = config.model_dump(by_alias=True)
    value["results"] = results_folder.normal(config.results)
    for section, key in (("data", "mirror"), ("rollouts", "import")):
        value[section][key] = value[section][key] and expanded(value[section][key])
    for policy in value["policies"].values():
        if "path" in policy:
            policy["path"] = expanded(policy["path"])
    value["predictors"] = config.predictors or _measurable(config) or None
    return Configuration.model_validate(value)


def _fill(own: dict[str, Any], model: type[Section], shared: Section | None) -> str | None:
    """Convert text in `own`, which overrides `shared`, to numbers in place. Return the first mistake, or None."""
    merged = (shared.model_dump(by_alias=True) if shared else {}) | own
    if wrong := checking.mistake(model, merged):
        return wrong
    filled = model.model_validate(merged).model_dump(by_alias=True)
    own.update({key: filled[key] for key in own})
    return None


def _fill_variants(config: Configuration) -> str | None:
    """Apply `_fill` to reward_model: variants."""
    if config.reward_model is None:
        return None
    shared = config.reward_model.model_copy(update={"variants": {}})
    for name, own in config.reward_model.variants.items():
        wrong = _fill(own, RewardModel, shared)
        if wrong := wrong or shared.model_copy(update=own).mistake():
            return f"reward_model: variants: {name}: {wrong}"
    return None


def _fill_policies(config: Configuration) -> str | None:
    """Apply `_fill` to training: per_policy."""
    shared = config.training.model_copy(update={"per_policy": {}})
    for name, own in config.training.per_policy.items():
        where = f"training: per_policy: {name}: "
        if name not in config.policies:
            return f"training: per_policy: {name!r} is not one of {', '.join(config.policies)}."
        if "per_policy" in own:
            return f"{where}per_policy: no such key here."
        if wrong := _fill(own, Training, shared):
            return f"{where}{wrong}"
        if wrong := contradictions.run_mistake(Training.model_validate(shared.model_dump() | own)):
            return f"{where}{wrong.removeprefix('training: ')}"
    return None


def _fill_suites(config: Configuration) -> str | None:
    """Check names in the sections suites and variants, then apply `_fill` to them."""
    if wrong := methods.mistake(config) or _unfit_method(config) or _misnamed_suite(config):
        return wrong
    parts: list[tuple[str, Suite | Variant | PolicyOverrides, tuple[str, ...]]] = [
        (f"variants: {name}: ", own, ("training", "error_memory", "reward_model"))
        for name, own in config.variants.items()
    ]
    for suite, section in config.suites.items():
        parts.append((f"suites: {suite}: ", section, tuple(_OVERRIDDEN)))
        parts += [
            (f"suites: {suite}: per_policy: {name}: ", own, ("training", "error_memory"))
            for name, own in section.per_policy.items()
        ]
    for where, section, keys in parts:
        for key in keys:
            own = getattr(section, key)
            if "per_policy" in own:
                return f"{where}{key}: per_policy: no such key here; a suite has its own per_policy."
            if key == "reward_model" and (wrong := variants.override_mistake(config, own)):
                return f"{where}{key}: {wrong}"
            if wrong := _fill(own, _OVERRIDDEN[key], getattr(config, key)):
                return f"{where}{key}: {wrong}"
    return None


def _unfit_method(config: Configuration) -> str | None:
    """Return the first unknown key or impossible value in a method of an installed package, or None."""
    for name, method in methods.registered().items():
        own = (("training", method.training), ("training", method.budget), ("error_memory", method.error_memory or {}))
        for key, settings in own if name not in methods.BUILT_IN else ():
            if wrong := checking.mistake(_OVERRIDDEN[key], getattr(config, key).model_dump() | dict(settings)):
                return f"the registered method {name}: {key}: {wrong}"
    return None


def _misnamed_suite(config: Configuration) -> str | None:
    """Return a message about a suite or policy that is named but does not exist, or None."""
    existing = suites.names(config)
    for name, benchmark in config.benchmarks.items():
        if benchmark.suite in arms.TAKEN:
            return f"benchmarks: {name}: suite: {benchmark.suite} is the name of another table; choose another."
    if wrong := _misspelt_suite(config):
        return wrong
    for suite, section in config.suites.items():
        where = f"suites: {suite}"
        if suite not in existing:
            return f"{where}: no benchmark is in this suite; the suites are {', '.join(existing)}."
        for name in section.policies or []:
            if name not in config.policies:
                return f"{where}: policies: {name!r} is not one of {', '.join(config.policies)}."
        for name in section.per_policy:
            if name not in suites.policies(config, suite):
                return f"{where}: per_policy: {name!r} is not one of {', '.join(suites.policies(config, suite))}."
        for key, named in (("transfer", section.transfer), ("reward_model_of", [section.reward_model_of])):
            for name in named:
                if name is not None and (name not in existing or name == suite):
                    others = ", ".join(other for other in existing if other != suite)
                    return f"{where}: {key}: {name!r} is not one of the other suites, {others}."
        for name in section.transfer:
            if not any(config.benchmarks[member].test for member in suites.members(config, name)):
                return f"{where}: transfer: suite {name} has no test query."
    return None


def _misspelt_suite(config: Configuration) -> str | None:
    """Return a message about an unused suite of a benchmark whose name is close to that of a used suite, or None."""
    used = {suites.MAIN, suites.MEDS, "ood", *config.suites}
    used |= {name for section in config.suites.values() for name in section.transfer}
    for name, benchmark in config.benchmarks.items():
        near = difflib.get_close_matches(benchmark.suite.lower(), used, n=1, cutoff=0.75)
        if near and benchmark.suite not in used:
            return (
                f"benchmarks: {name}: suite: nothing trains on or tests {benchmark.suite}; write {near[0]} if that "
                f"is meant, or add {benchmark.suite} to suites."
            )
    return None


def _measurable(config: Configuration) -> list[str]:
    """All predictors, without those that need validation queries or labels if there are none."""
    if config.reward_model is None:
        return []
    valid = all(config.benchmarks[name].valid for name in suites.members(config, suites.MAIN))
    unlabeled = suites.measured_ratios(config) == [0]
    return [
        name
        for name in variants.names(config)
        if (valid or not variants.selects_on_valid(config, name))
        and not (unlabeled and variants.needs_labels(config, name))
    ]


def _fit_to_import(config: Any) -> dict[str, Any]:
    """Apply the defaults that differ for imported rollouts, before validation."""
    rollouts, benchmarks = config.get("rollouts"), config.get("benchmarks")
    if isinstance(rollouts, dict) and rollouts.get("import") is not None:
        config.setdefault("methods", [])
    for benchmark in benchmarks.values() if isinstance(benchmarks, dict) else ():
        if isinstance(benchmark, dict) and benchmark.get("source") == "import":
            benchmark.setdefault("train", None)
            benchmark.setdefault("test", 0)
    return config


def _misplaced_import(config: Configuration) -> str | None:
    """Return what is wrong with names and sources, with or without imported rollouts, or None."""
    importing, policies = config.rollouts.import_ is not None, config.policies
    for name, benchmark in config.benchmarks.items():
        source, domain = benchmark.source, benchmark.domain
        if importing and source != "import":
            return f"benchmarks: {name}: source: {source} does not go with rollouts: import; it should be import."
        if not importing and source == "import":
            return f"benchmarks: {name}: source: import needs rollouts: import, the file that holds its rows."
        if not importing and domain:
            return f"benchmarks: {name}: domain: only the source import takes it; leave it out."
        if not importing and (wrong := why_unusable(name)):
            return wrong
        if not importing and name in CONTROLS and source != "generated":
            return f"benchmarks: {name}: source: {source} has no release of it; it should be generated."
        if domain is None and name not in DOMAINS:
            return f"benchmarks: {name}: domain is missing; it should be math, qa or code."
        if domain and domain != DOMAINS.get(name, domain):
            return f"benchmarks: {name}: domain: {domain} is not that of {name}, {DOMAINS[name]}; leave it out."
        if importing and benchmark.train == 0 and benchmark.suite == suites.MAIN:
            return f"benchmarks: {name}: train: 0 is too few; a reward model needs at least 1 query."
    for name, policy in policies.items():
        for stated in policy.expected or {}:
            if stated not in config.benchmarks:
                known = ", ".join(config.benchmarks)
                return f"policies: {name}: expected: {stated} is not one of the benchmarks, {known}."
        if importing and not policy.imported:
            return f"policies: {name}: {policy.source} does not go with rollouts: import; give it imported: true."
        if not importing and policy.imported:
            return f"policies: {name}: imported needs rollouts: import, the file that holds its responses."
    if not importing and config.rollouts.bad_rows != "refuse":
        return "rollouts: bad_rows: applies only to rollouts: import, which is not set; leave it out."
    if not importing:
        return None if suites.evaluated(config) or config.methods else "methods: [] is not a list of different methods."
    if len(policies) > 1:
        return (
            f"policies: {', '.join(policies)} are {len(policies)} policies, but rollouts: import holds one; give one."
        )
    if config.methods:
        name = next(iter(policies))
        return f"methods: {config.methods[0]} needs a policy to run, and {name} is imported; leave methods out."
    if config.reward_model is None:
        return "rollouts: import: needs a reward model; add the section reward_model, such as {predictor: graph}."
    if not suites.members(config, suites.MAIN):
        return "benchmarks: none is in suite main, which the reward model learns from."
    return None


def _contradiction(config: Configuration) -> str | None:
    """Return a message about keys that contradict each other, or None."""
    if wrong := contradictions.methods_mistake(config) or contradictions.no_policy_left(config):
        return wrong
    for name, section in (("rollouts", config.rollouts), ("evaluation", config.evaluation)):
        if wrong := contradictions.sampling_mistake(section, name, contradictions.least_prompt(config)):
            return wrong
    for name, benchmark in config.benchmarks.items():
        if benchmark.source == "mirror" and config.data.mirror is None:
            return f"benchmarks: {name}: source: mirror needs data: mirror, the folder that holds its files."
        for key in ("revision", "sha256"):
            if getattr(benchmark, key) and benchmark.source != "hub":
                return f"benchmarks: {name}: {key}: only the source hub takes it; leave it out, or set source: hub."
        if benchmark.source == "hub":
            if not BENCHMARKS[name].repository:
                return f"benchmarks: {name}: source: hub needs the repository, which its file does not register."
            from reward_memory.data.hub.revisions import commits

            try:
                commits(name, benchmark.revision)
            except InputError as error:
                return str(error)
    if wrong := sizes.mistake(config):
        return wrong
    if wrong := contradictions.run_mistake(config.training):
        return wrong
    if config.reward_model and (wrong := config.reward_model.mistake()):
        return f"reward_model: {wrong}"
    if suites.methods(config) and not suites.members(config, suites.MAIN):
        return f"benchmarks: none is in suite main, which methods, {', '.join(suites.methods(config))}, need."
    if wrong := labels.mistake(config):
        return wrong
    for suite in suites.evaluated(config):
        if wrong := contradictions.suite_mistake(config, suite):
            return wrong
    if config.reward_model and config.reward_model.top_k:
        try:
            arms.top_k(config)
        except InputError as error:
            return str(error)
    return _selecting_without_valid(config)


def _selecting_without_valid(config: Configuration) -> str | None:
    """Return a message about a reward model that selects on validation queries in a suite without any, or None."""
    if config.reward_model is None:
        return None
    # if `predictors` is null, those that cannot be fitted are left out, except the one that reward_model names
    for suite in suites.names(config):
        for name in suites.predictors(config, suite):
            if variants.selects_on_valid(config, name):
                for benchmark in suites.members(config, suite):
                    if not config.benchmarks[benchmark].valid:
                        return f"benchmarks: {benchmark}: valid: 0 is too few; {name} selects on the valid queries."
    return None
