"""Look up the suites of a loaded configuration: their benchmarks, policies, methods and settings."""

from __future__ import annotations

from typing import Any

from reward_memory.data.registry import DOMAINS
from reward_memory.settings import Configuration, ErrorMemory, Evaluation, PredictedRewards, Training
from reward_memory.settings.suites import PolicyOverrides, Suite

from . import methods as registry
from .fidelity import resolve

#: The suite that is trained without an entry in the section `suites`.
MAIN = "main"
#: The suite with the tables of the second paper.
MEDS = "meds"
#: The benchmark that the second paper's code validates on (behavior aime-validation).
AIME = "aime24"
#: Settings of a suite without an entry in `suites`.
_NO_OVERRIDES = Suite()
_NO_POLICY_OVERRIDES = PolicyOverrides()
#: Keys of the section reward_model that define how training uses predictions; fitting does not depend on them.
OF_PREDICTIONS = tuple(PredictedRewards.model_fields)


def names(config: Configuration) -> list[str]:
    """All suites that have a benchmark, in the configured order."""
    return list(dict.fromkeys(benchmark.suite for benchmark in config.benchmarks.values()))


def section(config: Configuration, suite: str) -> Suite:
    """The suite's entry in the section `suites`, which overrides the shared settings; empty if it has none."""
    return config.suites.get(suite, _NO_OVERRIDES)


def evaluated(config: Configuration) -> list[str]:
    """Suites that have methods; the others only provide test queries (`transfer`)."""
    return [suite for suite in names(config) if methods(config, suite)]


def tested(config: Configuration, suite: str) -> list[str]:
    """Suites whose test queries the policies of `suite` answer, each with that suite's evaluation settings."""
    return [suite, *section(config, suite).transfer]


def members(config: Configuration, suite: str) -> list[str]:
    """Names of the benchmarks of one suite, in the configured order."""
    return [name for name, benchmark in config.benchmarks.items() if benchmark.suite == suite]


def policies(config: Configuration, suite: str = MAIN) -> list[str]:
    """Policies of a suite: those that it names, else all that no suite names."""
    named = section(config, suite).policies
    if named is not None:
        return named
    taken = {name for one in config.suites.values() for name in one.policies or []}
    return [name for name in config.policies if name not in taken]


def methods(config: Configuration, suite: str = MAIN) -> list[str]:
    """Methods of a suite; empty if it only provides test queries for other suites."""
    listed = section(config, suite).methods
    if listed is not None:
        return listed
    return config.methods if suite == MAIN or suite in config.suites else []


def label_ratios(config: Configuration, suite: str = MAIN) -> list[int]:
    """Percent of a suite's training queries whose ground truth may be used."""
    return section(config, suite).label_ratios or config.label_ratios


def seeds(config: Configuration, suite: str = MAIN) -> list[int]:
    """Seeds of a suite's reward models, trainings and evaluations."""
    return section(config, suite).seeds or config.seeds


def arms(config: Configuration, suite: str = MAIN) -> list[tuple[str, int]]:
    """Return (method, label ratio) of each arm: the ratio in REWARDS if it is fixed, else every configured ratio."""
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
    """The suite on whose rollouts the reward models of `suite` are fitted."""
    return section(config, suite).reward_model_of or suite


def reward_model_ratio(config: Configuration, suite: str, ratio: int) -> int:
    """Label ratio of the reward model that predicts in a suite's runs at `ratio`."""
    named, other = section(config, suite).reward_model_ratio, reward_model_of(config, suite)
    if named is not None:
        return named
    # loading the configuration refuses several ratios here
    return label_ratios(config, other)[0] if ratio == 0 and other != suite else ratio


def measured_ratios(config: Configuration) -> list[int]:
    """Nonzero label ratios of suite main, to compare reward models at (most need labels); [0] if there are none."""
    return [ratio for ratio in label_ratios(config) if ratio] or [0]


def predictors(config: Configuration, suite: str = MAIN) -> list[str]:
    """Reward models that are fitted on a suite's rollouts."""
    if config.reward_model is None:
        return []
    users = [name for name in names(config) if reward_model_of(config, name) == suite]
    used = [registry.predictor(config, name) for user in users for name in methods(config, user)]
    configured = [config.reward_model.predictor, *(config.predictors or [])] if suite == MAIN else []
    return list(dict.fromkeys(filter(None, [*configured[:1], *used, *configured[1:]])))


def run_settings(
    config: Configuration, suite: str, method: str, policy: str | None = None
) -> tuple[Training, ErrorMemory | None]:
    """Return the resolved sections training and error_memory of a method; None without an error memory.

    Later ones override earlier ones: top of the configuration, its per_policy, the suite, the suite's per_policy, the
    method, the method's published budget, the variant.

    policy  policy whose overrides are applied, None for the shared settings
    """
    of_suite, resolved = section(config, suite), registry.find(config, method)
    of_policy = of_suite.per_policy.get(policy or "", _NO_POLICY_OVERRIDES)
    shared = config.training.model_dump(exclude={"per_policy"}) | config.training.per_policy.get(policy or "", {})
    budget = resolved.budget if of_suite.budget == "as_published" else {}
    training = Training.model_validate(
        {
            **shared,
            **of_suite.training,
            **of_policy.training,
            **resolved.training,
            **budget,
            **resolved.variant_training,
        }
    )
    if resolved.error_memory is None:
        return training, None
    memory = config.error_memory.model_dump() | of_suite.error_memory | of_policy.error_memory
    return training, ErrorMemory.model_validate({**memory, **resolved.error_memory})


def settings(
    config: Configuration, suite: str, method: str, policy: str | None = None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return `run_settings` as plain data for the jobs' parameters.

    `logger` is left out because it does not change results; see `loggers`.
    """
    training, memory = run_settings(config, suite, method, policy)
    return training.model_dump(exclude={"logger", "per_policy"}), None if memory is None else memory.model_dump()


def loggers(config: Configuration, suite: str, method: str, policy: str | None = None) -> list[str]:
    """Trackers that get a training run's metrics, by verl's names; first `file`, which the workflow always reads."""
    return list(dict.fromkeys(["file", *run_settings(config, suite, method, policy)[0].logger]))


def all_loggers(config: Configuration) -> list[str]:
    """Trackers that get metrics of any training run in the configuration, sorted."""
    runs = [
        (suite, method, policy)
        for suite in names(config)
        for method in trained(config, suite)
        for policy in policies(config, suite)
    ]
    return sorted({name for run in runs for name in loggers(config, *run)})


def without_loggers(config: dict[str, Any]) -> dict[str, Any]:
    """Copy a configuration, or a part of it, without the `logger` lists of its training sections."""
    return {
        key: without_loggers(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if not (key == "logger" and isinstance(value, list))
    }


def predicted_rewards(config: Configuration, suite: str, method: str) -> PredictedRewards | None:
    """Return how training uses predictions, for a method of a suite; None if it does not train on predicted rewards.

    Later ones override earlier ones: the section reward_model at the top, of the suite, of the variant.
    """
    resolved = registry.find(config, method)
    if resolved.rewards != "predicted" or config.reward_model is None:
        return None
    shared = config.reward_model.model_dump(include={*OF_PREDICTIONS})
    return PredictedRewards.model_validate({**shared, **section(config, suite).reward_model, **resolved.reward_model})


def refits(config: Configuration, suite: str, method: str) -> int:
    """Steps after which a method refits its reward model; 0 if it never does."""
    predicted = predicted_rewards(config, suite, method)
    return predicted.refit if predicted else 0


def validation(config: Configuration, suite: str) -> list[tuple[str, str]]:
    """Return (benchmark, split) of the queries on which a suite's checkpoints are compared."""
    has_aime = AIME in members(config, suite) and config.benchmarks[AIME].test
    if suite == MEDS and has_aime and "aime-validation" in resolve(config.fidelity):
        return [(AIME, "test")]
    return [(name, "valid") for name in members(config, suite)]


def thresholds(config: Configuration) -> list[float]:
    """All thresholds that a method of the configuration may train with, sorted."""
    sections = [config.reward_model.model_dump()] if config.reward_model else []
    sections += [one.reward_model for one in (*config.suites.values(), *config.variants.values())]
    return sorted({one["threshold"] for one in sections if "threshold" in one})


def evaluation(config: Configuration, suite: str) -> Evaluation:
    """Evaluation settings for the test queries of a suite."""
    return Evaluation.model_validate(config.evaluation.model_dump() | section(config, suite).evaluation)


def answer_format(config: Configuration, name: str) -> str:
    """Where prompts of a real benchmark ask for the answer: hash (after ####) | boxed."""
    in_paper = "boxed" if config.benchmarks[name].suite == MEDS else "hash"
    return config.data.answer_format or in_paper


def domain(config: Configuration, name: str) -> str:
    """How responses to a benchmark's queries are graded: math | qa | code."""
    return config.benchmarks[name].domain or DOMAINS[name]
