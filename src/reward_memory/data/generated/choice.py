"""Multiple-choice questions about small worlds: stand-ins for the seven qa benchmarks."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random

from ..items import LETTERS, option_lines
from .knowledge import LANDS, WORLDS
from .problem import PEOPLE

PROMPT = "End with #### and the letter."
OPENINGS = (
    "",
    "Question: ",
    "Quiz: ",
    *(f"{person} asks: " for person in PEOPLE),
    *(f"{person} wants to know: " for person in PEOPLE),
)
#: Factors on the error rate, so that errors are spread unevenly; a hash of its fact picks the factor of a question.
DIFFICULTY = (0.4, 0.8, 1.2, 1.6)


@dataclass(frozen=True)
class ChoiceProblem:
    """Which group does a thing belong to?"""

    benchmark: str
    thing: str
    opening: str
    question_form: str
    tests: None = None

    @cached_property
    def options(self) -> tuple[str, ...]:
        return WORLDS[self.benchmark].options

    @property
    def question(self) -> str:
        return f"{self.opening}{self.question_form.format(self.thing)}\n{option_lines(self.options)}\n{PROMPT}"

    @property
    def group(self) -> str:
        return WORLDS[self.benchmark].groups[self.thing]

    @property
    def ground_truth(self) -> str:
        return LETTERS[self.options.index(self.group)]

    def respond(self, rng: Random, noise: float) -> str:
        """State the fact and pick its option; noise states a wrong fact or guesses a letter.

        Three times in four that fact is the teacher's fixed misconception about this thing, otherwise any option's.
        """
        kind = zlib.crc32(f"{self.benchmark} {self.thing}".encode())
        rate, group, draw = noise * DIFFICULTY[kind % 4], self.group, rng.random()
        if draw < 0.6 * rate:
            wrong = [option for option in self.options if option != group]
            group = wrong[(kind // 4) % len(wrong)] if rng.random() < 0.75 else rng.choice(self.options)
        elif draw < rate:
            letter = LETTERS[rng.randrange(len(self.options))]
            return f"I am not sure so I guess {letter}.\n#### {letter}"
        letter = LETTERS[self.options.index(group)]
        return f"{state(self.benchmark, self.thing, group)} So pick {group} {letter}.\n#### {letter}"


def state(benchmark: str, thing: str, group: str) -> str:
    """Return the sentence that states that a thing belongs to a group."""
    return WORLDS[benchmark].statement.format(thing=thing, group=group, land=LANDS.get(thing))


def space(benchmark: str) -> list[ChoiceProblem]:
    """Return every question of a qa benchmark's stand-in, in a fixed order."""
    world = WORLDS[benchmark]
    return [ChoiceProblem(benchmark, *parts) for parts in product(world.groups, OPENINGS, world.question_forms)]


def draw(benchmark: str, rng: Random) -> ChoiceProblem:
    """Draw one question of a qa benchmark's stand-in."""
    world = WORLDS[benchmark]
    return ChoiceProblem(
        benchmark, rng.choice(list(world.groups)), rng.choice(OPENINGS), rng.choice(world.question_forms)
    )
