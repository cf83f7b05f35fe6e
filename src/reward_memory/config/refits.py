"""Check that reward models that are refitted during training have something to fit on."""

from __future__ import annotations

from reward_memory.settings import Configuration, Training

from . import methods, suites, variants


def mistake(config: Configuration, suite: str, method: str, training: Training) -> str | None:
    """Return why a method of a suite cannot refit its reward model; None if it can, or does not refit."""
    interval, predictor = suites.refits(config, suite, method), methods.predictor(config, method)
    if not interval or predictor is None:
        return None
    where = f"reward_model: refit: {interval}"
    other = suites.reward_model_of(config, suite)
    if other != suite:
        return (
            f"{where}: the reward models of suite {suite} are fitted on suite {other}, whose queries its trainings do "
            f"not sample; set refit: 0, or give suite {suite} methods without {method}."
        )
    if not variants.needs_labels(config, predictor):
        return (
            f"{where}: {predictor} does not learn from labels, so refitting changes nothing; set refit only in "
            "variants of other methods."
        )
    if published := variants.settings(config, predictor)["fidelity"]:
        return (
            f"{where}: {predictor} behaves as published ({', '.join(published)}), and the published reward model stays "
            "frozen; set refit: 0."
        )
    if variants.selects_on_valid(config, predictor):
        return (
            f"{where}: {predictor} is selected on valid queries, for which training has no graded responses; set "
            "refit: 0, or selection: held_out."
        )
    if interval >= training.steps:
        return (
            f"{where}: a training of {training.steps} steps ends before a refitted reward model is used; give at most "
            f"{training.steps - 1}."
        )
    return None
