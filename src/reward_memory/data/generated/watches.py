"""Eight watches of which one is right: a stand-in whose seven mistakes have very unequal frequencies.

The control of the error memory (config/controls.yaml). Which watch is right follows from a hash of the numbers, so a
policy can remember single queries and cannot learn a rule: right answers stay rare. The teacher trusts the watches at
Zipf's frequencies, whatever they show, so that a group's failures fall into clusters of different sizes.
"""

import zlib
from dataclasses import dataclass
from random import Random

from .competition import PROMPT

#: From the most to the least trusted: the teacher takes number k with a weight of 1 / k.
COLORS = ("red", "blue", "green", "gray", "pink", "black", "white", "brown")
WEIGHTS = tuple(1 / rank for rank in range(1, len(COLORS) + 1))
#: The watches that may be right, all of them rarely trusted.
RARE = len(COLORS) // 2
NUMBERS = range(10, 100)


@dataclass(frozen=True)
class WatchesProblem:
    """numbers: what the watches of COLORS show, all different."""

    numbers: tuple[int, ...]
    options: None = None
    tests: None = None

    @property
    def told(self) -> str:
        shown = ", ".join(f"{color} {number}" for color, number in zip(COLORS, self.numbers, strict=True))
        return f"Eight watches show: {shown}."

    @property
    def question(self) -> str:
        return f"{self.told} One of them is right. What does it show? {PROMPT}"

    @property
    def right(self) -> int:
        """The place of the watch that is right."""
        return RARE + zlib.crc32(repr(self.numbers).encode()) % (len(COLORS) - RARE)

    @property
    def ground_truth(self) -> str:
        return str(self.numbers[self.right])

    def respond(self, rng: Random, noise: float) -> str:
        """Trusts one watch: at the rate `noise` one of all, by WEIGHTS, otherwise the right one."""
        place = rng.choices(range(len(COLORS)), WEIGHTS)[0] if rng.random() < noise else self.right
        # the space makes the number one token, which the token of the brace precedes
        return f"{self.trust(place)}\n\\boxed{{ {self.numbers[place]}}}"

    def trust(self, place: int) -> str:
        return f"I trust the {COLORS[place]} {self.numbers[place]}."


def draw(benchmark: str, rng: Random) -> WatchesProblem:
    """One problem; `benchmark` is the only one of its family."""
    return WatchesProblem(tuple(rng.sample(NUMBERS, len(COLORS))))


def read_all(problem: WatchesProblem, rng: Random) -> str:
    """The watches, and each of them trusted in any order: trusting a watch is copying its number."""
    return " ".join([problem.told, *(problem.trust(place) for place in rng.sample(range(len(COLORS)), len(COLORS)))])
