"""The error memory where everything is known: tables of probabilities in place of a policy.

    python perf/tabular_control.py

A query has one right answer (5 % at first) and seven wrong ones of Zipf's frequencies. A softmax policy of eight
numbers a query answers it 16 times a visit and learns by the policy gradient of GRPO's advantages; groups without a
right response, or without a wrong one, are left out, as dynamic sampling does. Memory, clusters and penalty are the
library's. A wrong answer is its own cluster. Printed after the first visit, after ten and at the end: the share of the
largest failure among a query's failures, their entropy in nats, and the share of groups whose failures pay unevenly.
"""

import tempfile
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reward_memory.error_memory.features import answer_vectors
from reward_memory.error_memory.memory import ErrorMemory
from reward_memory.error_memory.penalties.logarithm import cluster_penalty
from reward_memory.error_memory.penalty import penalize
from reward_memory.settings import ErrorMemory as Settings

ANSWERS, SAMPLES, RIGHT, STEP_SIZE = 8, 16, 0.05, 0.5
QUERIES, VISITS = 400, 40
EPSILON = 1e-6  # as in verl's GRPO
#: Name -> settings of the error memory; None is training without one.
ARMS: dict[str, Settings | None] = {
    "dapo": None,
    "single cluster, alpha 0.5": Settings(max_points_per_key=None, method="single", alpha=0.5),
    "alpha 0.1, cap 2 (published)": Settings(max_points_per_key=None, method="answers"),
    "alpha 0.5, cap 2": Settings(max_points_per_key=None, method="answers", alpha=0.5),
    "alpha 0.1, cap 8": Settings(max_points_per_key=None, method="answers", cap=8.0),
    "alpha 0.5, cap 8": Settings(max_points_per_key=None, method="answers", alpha=0.5, cap=8.0),
}


@dataclass(frozen=True)
class Course:
    """One row a visit, before it: (visits,) mean share of the largest failure, mean entropy of failures, mean
    probability of the right answer, and share of groups that pay unevenly in the visit."""

    largest: np.ndarray
    entropy: np.ndarray
    right: np.ndarray
    uneven: np.ndarray


def train(
    settings: Settings | None, folder: Path, queries: int = QUERIES, visits: int = VISITS, seed: int = 0
) -> Course:
    """Train `queries` tabular policies for `visits` visits each; the same seed draws the same numbers in every arm."""
    draws = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, ANSWERS)
    first = np.concatenate([[RIGHT], (1 - RIGHT) * frequency / frequency.sum()])
    logits = np.log(np.tile(first, (queries, 1)))
    memory = None if settings is None else ErrorMemory(folder, settings)
    vectors = answer_vectors([str(answer) for answer in range(ANSWERS)])
    keys = np.repeat([f"{query:04d}" for query in range(queries)], SAMPLES)
    rows = []
    for visit in range(visits):
        policy = np.exp(logits - logits.max(axis=1, keepdims=True))
        policy /= policy.sum(axis=1, keepdims=True)
        # by the inverse of the distribution: one uniform number a response, whatever the policies are
        answers = (draws.random((queries, SAMPLES, 1)) > policy.cumsum(axis=1)[:, None, :-1]).sum(axis=2)
        correct = answers == 0
        scores, sizes = correct.astype(float).ravel(), np.zeros(answers.size, np.int64)
        if memory is not None:
            numbers = np.tile(np.arange(SAMPLES), queries)
            sizes = memory.observe(visit + 1, keys, correct.ravel(), numbers, vectors[answers.ravel()]).sizes
            scores = penalize(scores, sizes, correct.ravel(), memory.settings)
        rows.append(_measure(policy, correct, sizes.reshape(answers.shape), settings))
        advantages = group_normalize(scores, keys).reshape(answers.shape)
        advantages[correct.all(axis=1) | ~correct.any(axis=1)] = 0
        chosen = np.eye(ANSWERS)[answers] - policy[:, None, :]
        logits += STEP_SIZE * (advantages[..., None] * chosen).mean(axis=1)
    return Course(*np.array(rows).T)


def group_normalize(scores: np.ndarray, groups: Sequence[Hashable]) -> np.ndarray:
    """(score - mean) / (std + 1e-6) within each group, as verl's GRPO: std is unbiased, a group of one keeps its score.

    scores   (n,)
    groups   (n,) the group of each, usually the prompt
    returns  (n,) float64
    """
    scores = np.asarray(scores, np.float64)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    count = np.bincount(member)
    alone = count == 1
    mean = np.where(alone, 0.0, np.bincount(member, scores) / count)
    squares = np.bincount(member, (scores - mean[member]) ** 2)
    deviation = np.where(alone, 1.0, np.sqrt(squares / np.maximum(count - 1, 1)))
    return (scores - mean[member]) / (deviation[member] + EPSILON)


def _measure(policy: np.ndarray, correct: np.ndarray, sizes: np.ndarray, settings: Settings | None) -> list[float]:
    wrong = policy[:, 1:] / policy[:, 1:].sum(axis=1, keepdims=True)
    entropy = -(wrong * np.log(wrong + 1e-12)).sum(axis=1)
    cap = (settings or Settings()).cap
    paid = np.where(correct, np.nan, cluster_penalty(sizes, 1.0, cap))
    failing = ~correct.all(axis=1)
    uneven = np.nanmax(paid[failing], axis=1) - np.nanmin(paid[failing], axis=1) > 1e-9
    return [wrong.max(axis=1).mean(), entropy.mean(), policy[:, 0].mean(), uneven.mean()]


def main() -> None:
    print(f"{'':30}{'largest failure':>24}{'entropy of failures':>24}{'uneven groups':>20}")
    for name, settings in ARMS.items():
        with tempfile.TemporaryDirectory() as folder:
            course = train(settings, Path(folder))
        shown = [
            " / ".join(f"{values[visit]:.3f}" for visit in (0, 10, -1)) for values in (course.largest, course.entropy)
        ]
        uneven = "-" if settings is None else " / ".join(f"{course.uneven[visit]:.2f}" for visit in (1, 10, -1))
        print(f"{name:30}{shown[0]:>24}{shown[1]:>24}{uneven:>20}")


if __name__ == "__main__":
    main()
