"""Eight watches, one of which is right: a stand-in whose seven mistakes have very unequal frequencies.

It is the control for the error memory (config/controls.yaml). A hash of the numbers decides which watch is right, so a
policy can memorize single queries but cannot learn a rule: right answers stay rare. The teacher trusts the watches
with Zipf frequencies, whatever they show, so that a group's failures form clusters of different sizes.
"""

import zlib
from dataclasses import dataclass
from random import Random

from .competition import PROMPT

#: From the most to the least trusted: the teacher picks watch number k with weight 1 / k.
COLORS = ("red", "blue", "green", "gray", "pink", "black", "white", "brown")
WEIGHTS = tuple(1 / rank for rank in range(1, len(COLORS) + 1))
#: Index of the first watch that may be right; it and those after it are rarely trusted.
RARE = len(COLORS) // 2
NUMBERS = range(10, 100)


@dataclass(frozen=True)
class WatchesProblem:
    """A problem; `numbers` are what the watches of COLORS show, all different."""

    numbers: tuple[int, ...]
    options: None = None
    tests: None = None

    @property
    def statement(self) -> str:
        shown = ", ".join(f"{color} {number}" for color, number in zip(COLORS, self.numbers, strict=True))
        return f"Eight watches show: {shown}."

    @property
    def question(self) -> str:
        return f"{self.statement} One of them is right. What does it show? {PROMPT}"

    @property
    def right(self) -> int:
        """Index of the right watch."""
        return RARE + zlib.crc32(repr(self.numbers).encode()) % (len(COLORS) - RARE)

    @property
    def ground_truth(self) -> str:
        return str(self.numbers[self.right])

    def respond(self, rng: Random, noise: float) -> str:
        """Trust one watch: with probability `noise` one drawn by WEIGHTS, otherwise the right one."""
        place = rng.choices(range(len(COLORS)), WEIGHTS)[0] if rng.random() < noise else self.right
        # the space makes the number a single token, after the token of the brace
        return f"{self.trust(place)}\n\\boxed{{ {self.numbers[place]}}}"

    def trust(self, place: int) -> str:
        return f"I trust the {COLORS[place]} {self.numbers[place]}."


def draw(benchmark: str, rng: Random) -> WatchesProblem:
    """Draw one problem; `benchmark` is not used, since the family has only one."""
    return WatchesProblem(tuple(rng.sample(NUMBERS, len(COLORS))))


def read_all(problem: WatchesProblem, rng: Random) -> str:
    """State what the watches show, then trust each in random order; trusting a watch means copying its number."""
    return " ".join(
        [problem.statement, *(problem.trust(place) for place in rng.sample(range(len(COLORS)), len(COLORS)))]
    )
