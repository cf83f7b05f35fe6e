"""What the three families of generated problems have in common."""

import hashlib
from random import Random
from typing import Protocol

#: A benchmark draws its items from the prompts that hash into this half of the space, the teacher from the rest.
RESERVED, SHARES = 0, 2

PEOPLE = ("Tom", "Ann", "Ben", "Mia", "Sam", "Eva", "Leo", "Zoe", "Max", "Amy", "Jack", "Lily")


class Problem(Protocol):
    """A question, its truth, and a teacher that answers it with a given rate of errors."""

    question: str
    options: tuple[str, ...] | None
    ground_truth: str | None
    tests: str | None

    def respond(self, rng: Random, noise: float) -> str:
        """A worked answer; correct when `noise` is 0, otherwise wrong about as often as `noise` says."""


def is_reserved(question: str) -> bool:
    """Whether the prompt belongs to a benchmark, so that no teacher may show it to a policy.

    Decided by a hash of the text alone, so it holds for every seed and every size of the benchmarks.
    """
    return hashlib.blake2b(question.encode(), digest_size=8).digest()[0] % SHARES == RESERVED
