"""Verified rewards: the reward function that verl calls in validation.

verl imports this file by path (`reward.custom_reward_function.path`), so its imports are absolute.
"""

from functools import cache

from reward_memory.training.truths import decode_truth
from reward_memory.verifiers import Grader


@cache
def _grader(isolation: str, checks: str) -> Grader:
    return Grader(isolation=isolation, checks=checks)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict,
    isolation: str = "bubblewrap",
    checks: str = "exact",
) -> dict[str, float]:
    """Score of one response: 1 if the verifier accepts it, else 0 (verl's custom_reward_function contract).

    isolation, checks  as for Grader

    verl's validation reads `acc`. Training responses are not scored here: the trainer scores them as a batch.
    """
    verdict = _grader(isolation, checks).grade([solution_str], [decode_truth(ground_truth)])[0]
    return {"score": float(verdict.correct), "acc": float(verdict.correct)}
