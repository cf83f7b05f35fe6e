"""Verified rewards: the reward function that verl calls in validation, and the truths that travel in verl's rows.

verl imports this file by path (`reward.custom_reward_function.path`), hence the absolute imports.
"""

import json
from dataclasses import asdict
from functools import cache

from reward_memory.verifiers import Grader, GroundTruth


@cache
def _grader(isolation: str, checks: str) -> Grader:
    return Grader(isolation=isolation, checks=checks)


def encode_truth(truth: GroundTruth) -> str:
    """The ground truth as the text that travels in verl's `reward_model.ground_truth`."""
    return json.dumps(asdict(truth), ensure_ascii=False)


def decode_truth(text: str) -> GroundTruth:
    """Inverse of `encode_truth`."""
    fields = json.loads(text)
    texts = {name: tuple(fields.pop(name)) for name in ("options", "alternatives")}
    return GroundTruth(**fields, **texts)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict,
    isolation: str = "bubblewrap",
    checks: str = "exact",
) -> dict[str, float]:
    """Score of one response: 1 if the verifier accepts it, else 0 (verl's custom_reward_function contract).

    isolation, checks  of the Grader

    `acc` is what verl's validation reads. Training responses do not pass here: the trainer scores them as a batch.
    """
    verdict = _grader(isolation, checks).grade([solution_str], [decode_truth(ground_truth)])[0]
    return {"score": float(verdict.correct), "acc": float(verdict.correct)}
