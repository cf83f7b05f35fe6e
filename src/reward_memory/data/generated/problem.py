"""Interface and constants that all families of generated problems share."""

import hashlib
from random import Random
from typing import Protocol

#: Benchmarks draw their items from the prompts in this half of the hash space, the teacher from the other half.
RESERVED, SHARES = 0, 2

PEOPLE = ("Tom", "Ann", "Ben", "Mia", "Sam", "Eva", "Leo", "Zoe", "Max", "Amy", "Jack", "Lily")


class Problem(Protocol):
    """A question, its truth, and a teacher that answers it with a given error rate."""

    question: str
    options: tuple[str, ...] | None
    ground_truth: str | None
    tests: str | None

    def respond(self, rng: Random, noise: float) -> str:
        """Return a worked answer: correct if `noise` is 0, otherwise wrong about that often."""


def is_reserved(question: str) -> bool:
    """Return whether the prompt is reserved for a benchmark; no teacher may show it to a policy.

    Only a hash of the text decides, so the result is the same for every seed and size of the benchmarks.
    """
    return hashlib.blake2b(question.encode(), digest_size=8).digest()[0] % SHARES == RESERVED
