"""Check settings of rewards, advantages and losses against each other and against a suite."""

from __future__ import annotations

from reward_memory.errors import InputError
from reward_memory.settings import Configuration, ErrorMemory, Training
from reward_memory.settings.error_memory import PENALTIES

from . import methods, suites

#: Advantages that also learn from groups without a right response.
_UNGROUPED = ("nsr", "psr", "w_reinforce")
#: Advantages that need each response to be either right or wrong.
_COUNTING = ("w_reinforce", "passk")


def mistake(training: Training) -> str | None:
    """Return a message about settings of one training run that contradict each other, or None."""
    samples, estimator = training.samples_per_query, training.adv_estimator
    if training.votes is not None and training.votes < samples:
        return f"training: votes: {training.votes} is less than samples_per_query, {samples}."
    if training.votes is not None and training.unlabeled_rewards == "predicted":
        return "training: votes: no response is voted on here; leave it out, or train ttrl, empo or trapo."
    if training.max_num_gen_batches and estimator in _UNGROUPED:
        return (
            f"training: max_num_gen_batches: {training.max_num_gen_batches} would drop groups that are all "
            f"wrong, which adv_estimator: {estimator} learns from; set it to 0."
        )
    if training.max_num_gen_batches and training.unlabeled_rewards == "trapo":
        return (
            f"training: max_num_gen_batches: {training.max_num_gen_batches} would drop queries whose pass "
            "rates unlabeled_rewards: trapo compares; set it to 0."
        )
    if estimator == "passk" and training.passk_k >= samples:
        return (
            f"training: passk_k: {training.passk_k} is not below samples_per_query, {samples}: an attempt "
            "with all responses of a group gives no learning signal."
        )
    if training.clip_cov_lb >= training.clip_cov_ub:
        return (
            f"training: clip_cov_lb: {training.clip_cov_lb} is not below clip_cov_ub, {training.clip_cov_ub}, so "
            "no token lies between them."
        )
    return None


def method_mistake(
    config: Configuration, suite: str, name: str, training: Training, error_memory: ErrorMemory | None
) -> str | None:
    """Return a message about settings that a method of a suite cannot be trained with, or None.

    training, error_memory  as returned by `suites.run_settings`
    """
    rewards = methods.find(config, name).rewards
    votes = rewards in methods.VOTED
    if votes != (training.unlabeled_rewards != "predicted"):
        return (
            f"training: unlabeled_rewards: {training.unlabeled_rewards} does not go with {name}, whose rewards are "
            f"{rewards}; leave it out and name a method that sets it."
        )
    predicted = suites.predicted_rewards(config, suite, name)
    if predicted and training.adv_estimator in _COUNTING:
        for key, plain in (("reward", "hard"), ("abstain", 0)):
            if (set_to := getattr(predicted, key)) != plain:
                return (
                    f"reward_model: {key}: {set_to} gives {name} rewards between 0 and 1, which "
                    f"adv_estimator: {training.adv_estimator} cannot count as right or wrong; set {key}: {plain}."
                )
    if votes:
        for benchmark in suites.members(config, suite):
            if suites.domain(config, benchmark) == "code" and config.benchmarks[benchmark].train != 0:
                return (
                    f"methods: {name} rewards answers by their votes, and programs such as those of {benchmark} have "
                    "none to compare; leave out the benchmark or the method."
                )
    if error_memory is not None and training.adv_estimator == "passk":
        return f"methods: {name}: adv_estimator: passk counts right responses, so an error memory changes nothing."
    if error_memory is not None:
        try:
            PENALTIES.find(error_memory.penalty_name)
        except InputError as error:
            return str(error)
        kept = error_memory.max_points_per_key
        if kept is not None and error_memory.num_neighbors > kept:
            return (
                f"error_memory: num_neighbors: {error_memory.num_neighbors} is more than max_points_per_key, {kept}; "
                "lower it."
            )
    batch = training.train_batch_size
    if training.loss_mode == "kl_cov" and (training.ppo_mini_batch_size or batch) == batch:
        return (
            f"training: ppo_mini_batch_size: {name} changes nothing in a batch's first gradient step; give a size "
            f"below train_batch_size, {batch}."
        )
    return None
