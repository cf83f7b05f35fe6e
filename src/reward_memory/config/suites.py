"""What a loaded configuration says of its suites: experiments with benchmarks, policies, methods and settings."""

from __future__ import annotations

from typing import Any

from reward_memory.data.registry import DOMAINS
from reward_memory.settings import Configuration, ErrorMemory, Evaluation, PredictedRewards, Training
from reward_memory.settings.suites import Own, Suite

from . import methods as registry
from .fidelity import resolve

#: The suite that is trained without an entry in the section `suites`.
MAIN = "main"
#: The suite whose tables are those of the second paper.
MEDS = "meds"
#: What the second paper's code validates on (behavior aime-validation).
AIME = "aime24"
#: What a suite without an entry of its own has.
_PLAIN = Suite()
_NO_OWN = Own()
#: Keys of the section reward_model about what training makes of predictions; no fit depends on them.
OF_PREDICTIONS = tuple(PredictedRewards.model_fields)


def names(config: Configuration) -> list[str]:
    """All suites that a benchmark is in, in the configured order."""
    return list(dict.fromkeys(benchmark.suite for benchmark in config.benchmarks.values()))


def section(config: Configuration, suite: str) -> Suite:
    """The settings of a suite that differ from the shared ones."""
    return config.suites.get(suite, _PLAIN)


def evaluated(config: Configuration) -> list[str]:
    """The suites with methods of their own; any other is only there to test theirs (`transfer`)."""
    return [suite for suite in names(config) if methods(config, suite)]


def tested(config: Configuration, suite: str) -> list[str]:
    """The suites whose test queries the policies of one answer, each under its own section evaluation."""
    return [suite, *section(config, suite).transfer]


def members(config: Configuration, suite: str) -> list[str]:
    """Names of the benchmarks of one suite, in the configured order."""
    return [name for name, benchmark in config.benchmarks.items() if benchmark.suite == suite]


def policies(config: Configuration, suite: str = MAIN) -> list[str]:
    """The policies of a suite: those that it names, or all that no suite names."""
    named = section(config, suite).policies
    if named is not None:
        return named
    taken = {name for one in config.suites.values() for name in one.policies or []}
    return [name for name in config.policies if name not in taken]


def methods(config: Configuration, suite: str = MAIN) -> list[str]:
    """The methods of a suite; none for one that only tests the policies of others."""
    own = section(config, suite).methods
    if own is not None:
        return own
    return config.methods if suite == MAIN or suite in config.suites else []


def label_ratios(config: Configuration, suite: str = MAIN) -> list[int]:
    """Percent of a suite's training queries whose ground truth may be used."""
    return section(config, suite).label_ratios or config.label_ratios


def seeds(config: Configuration, suite: str = MAIN) -> list[int]:
    """Seeds of a suite's reward models, trainings and evaluations."""
    return section(config, suite).seeds or config.seeds


def arms(config: Configuration, suite: str = MAIN) -> list[tuple[str, int]]:
    """(method, label ratio) of each arm: base at 0 %, methods without predictions at 100 %, others at every ratio."""
    out: list[tuple[str, int]] = []
    for name in methods(config, suite):
        ratio = registry.REWARDS[registry.find(config, name).rewards]
        out += [(name, ratio)] if ratio is not None else [(name, one) for one in label_ratios(config, suite)]
    return out


def trained(config: Configuration, suite: str) -> list[str]:
    """The methods of a suite that are trained."""
    return [name for name in methods(config, suite) if registry.find(config, name).rewards != "none"]


def all_methods(config: Configuration) -> list[str]:
    """The methods of all suites."""
    return list(dict.fromkeys(name for suite in names(config) for name in methods(config, suite)))


def reward_model_of(config: Configuration, suite: str) -> str:
    """The suite whose rollouts the reward models of a suite are fitted on."""
    return section(config, suite).reward_model_of or suite


def reward_model_ratio(config: Configuration, suite: str, ratio: int) -> int:
    """The label ratio of the reward model that predicts in a suite's runs of `ratio`."""
    named, other = section(config, suite).reward_model_ratio, reward_model_of(config, suite)
    if named is not None:
        return named
    # several would be refused when the configuration was read
    return label_ratios(config, other)[0] if ratio == 0 and other != suite else ratio


def measured_ratios(config: Configuration) -> list[int]:
    """The label ratios of suite main at which all reward models are compared: without any label most cannot be."""
    return [ratio for ratio in label_ratios(config) if ratio] or [0]


def predictors(config: Configuration, suite: str = MAIN) -> list[str]:
    """All reward models that are fitted on a suite's rollouts."""
    if config.reward_model is None:
        return []
    users = [name for name in names(config) if reward_model_of(config, name) == suite]
    used = [registry.predictor(config, name) for user in users for name in methods(config, user)]
    own = [config.reward_model.predictor, *(config.predictors or [])] if suite == MAIN else []
    return list(dict.fromkeys(filter(None, [*own[:1], *used, *own[1:]])))


def run_settings(
    config: Configuration, suite: str, method: str, policy: str | None = None
) -> tuple[Training, ErrorMemory | None]:
    """The sections training and error_memory as they hold for a method; None without an error memory.

    Later ones win: the sections at the top, those of the suite, those of the policy in the suite, what makes the method
    what it is, its published budget, a variant's own.

    policy  whose own settings are taken, None for those that all share
    """
    own, found = section(config, suite), registry.find(config, method)
    of_policy = own.per_policy.get(policy or "", _NO_OWN)
    shared = config.training.model_dump(exclude={"per_policy"}) | config.training.per_policy.get(policy or "", {})
    budget = found.budget if own.budget == "as_published" else {}
    training = Training.model_validate(
        {**shared, **own.training, **of_policy.training, **found.training, **budget, **found.own}
    )
    if found.error_memory is None:
        return training, None
    memory = config.error_memory.model_dump() | own.error_memory | of_policy.error_memory
    return training, ErrorMemory.model_validate({**memory, **found.error_memory})


def settings(
    config: Configuration, suite: str, method: str, policy: str | None = None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """`run_settings` as plain data for the jobs' parameters.

    `logger` is not among them, since it decides no number: see `loggers`.
    """
    training, memory = run_settings(config, suite, method, policy)
    return training.model_dump(exclude={"logger", "per_policy"}), None if memory is None else memory.model_dump()


def loggers(config: Configuration, suite: str, method: str, policy: str | None = None) -> list[str]:
    """What gets a training's metrics, in verl's names: always the file that the workflow reads, which comes first."""
    return list(dict.fromkeys(["file", *run_settings(config, suite, method, policy)[0].logger]))


def all_loggers(config: Configuration) -> list[str]:
    """What gets the metrics of any training of the configuration."""
    runs = [
        (suite, method, policy)
        for suite in names(config)
        for method in trained(config, suite)
        for policy in policies(config, suite)
    ]
    return sorted({name for run in runs for name in loggers(config, *run)})


def without_loggers(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration, or a part of it, without the lists `logger` of its sections training."""
    return {
        key: without_loggers(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if not (key == "logger" and isinstance(value, list))
    }


def predicted_rewards(config: Configuration, suite: str, method: str) -> PredictedRewards | None:
    """What training makes of predictions, as it holds for a method of a suite; None for one that predicts no rewards.

    Later ones win: the section reward_model, that of the suite, that of the variant.
    """
    found = registry.find(config, method)
    if found.rewards != "predicted" or config.reward_model is None:
        return None
    shared = config.reward_model.model_dump(include={*OF_PREDICTIONS})
    return PredictedRewards.model_validate({**shared, **section(config, suite).reward_model, **found.reward_model})


def refits(config: Configuration, suite: str, method: str) -> int:
    """Steps after which a method fits its reward model again; 0 if it never does."""
    predicted = predicted_rewards(config, suite, method)
    return predicted.refit if predicted else 0


def validation(config: Configuration, suite: str) -> list[tuple[str, str]]:
    """(benchmark, split) of the queries that the checkpoints of a suite are compared on."""
    there = AIME in members(config, suite) and config.benchmarks[AIME].test
    if suite == MEDS and there and "aime-validation" in resolve(config.fidelity):
        return [(AIME, "test")]
    return [(name, "valid") for name in members(config, suite)]


def thresholds(config: Configuration) -> list[float]:
    """All thresholds that a method of the configuration may train with."""
    sections = [config.reward_model.model_dump()] if config.reward_model else []
    sections += [one.reward_model for one in (*config.suites.values(), *config.variants.values())]
    return sorted({one["threshold"] for one in sections if "threshold" in one})


def evaluation(config: Configuration, suite: str) -> Evaluation:
    """The section evaluation as it holds for the test queries of a suite."""
    return Evaluation.model_validate(config.evaluation.model_dump() | section(config, suite).evaluation)


def answer_format(config: Configuration, name: str) -> str:
    """Where the prompts of a real benchmark ask for the answer: hash (after ####) | boxed."""
    in_paper = "boxed" if config.benchmarks[name].suite == MEDS else "hash"
    return config.data.answer_format or in_paper


def domain(config: Configuration, name: str) -> str:
    """How responses to a benchmark's queries are graded: math | qa | code."""
    return config.benchmarks[name].domain or DOMAINS[name]
