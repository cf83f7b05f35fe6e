"""Word problems, calculations and sequences: stand-ins for MemReward's math benchmarks.

Every number follows a space, because the tiny policy's tokenizer has one token for a space plus a number.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from .problem import PEOPLE

THINGS = ("apples", "books", "coins", "cards", "shells", "pens", "stamps", "cakes", "balls", "eggs")
#: Operation -> what can happen to the things. The number comes first, so that it follows the name of its step.
EVENTS = {
    "+": ("{} are found", "{} are bought", "{} are given by a friend"),
    "-": ("{} are lost", "{} are sold", "{} are given away"),
    "*": ("{} times as many are there",),
}
CHANGES = {"+": "{} is added", "-": "{} is subtracted", "*": "{} multiplies it"}
PROMPT = "End with #### and the number."
#: Names of the steps: a two-layer model finds a step by its name, not by counting.
ORDINALS, LAST = ("First", "Then", "Next", "Later"), "Last"
FLIPPED = {"+": "-", "-": "+", "*": "+"}
LARGEST = 180  # wrong answers, too, stay within the numbers that are single tokens


@dataclass(frozen=True)
class Step:
    """`before` `operation` `operand` = `after`."""

    operation: str
    operand: int
    before: int
    after: int


def apply(operation: str, value: int, operand: int) -> int:
    return {"+": value + operand, "-": value - operand, "*": value * operand}[operation]


@dataclass(frozen=True)
class ArithmeticProblem:
    """A chain of steps whose last result is the answer; `clauses` name the steps in question and answer."""

    question: str
    opening: str
    clauses: tuple[str, ...]
    steps: tuple[Step, ...]
    options: None = None
    tests: None = None

    @property
    def ground_truth(self) -> str:
        return str(self.steps[-1].after)

    def respond(self, rng: Random, noise: float) -> str:
        """Answer step by step; noise drops the last step, flips an operation or guesses.

        Long problems and multiplications are harder and have a higher error rate.
        """
        rate = noise * (0.5 + 0.35 * (len(self.steps) - 1) + 0.2 * any(s.operation == "*" for s in self.steps))
        steps, draw = self.steps, rng.random()
        if draw < 0.3 * rate and len(steps) > 1:
            steps = steps[:-1]
        elif draw < 0.6 * rate:
            steps = flip(steps, {rng.randrange(len(steps))})
        elif draw < rate:
            guess = max(0, steps[-1].after + rng.choice((-10, -3, -2, -1, 0, 0, 1, 2, 3, 10)))
            return f"It looks like about {guess}.\n#### {guess}"
        return f"{self.work(steps)}\n#### {steps[-1].after}"

    def work(self, steps: tuple[Step, ...]) -> str:
        """Write out `steps` (all or the first few), each as its clause and equation."""
        sentences = [f"{clause} {equation(step)}" for clause, step in zip(self.clauses, steps, strict=False)]
        return " ".join([self.opening, *sentences])


def equation(step: Step) -> str:
    """Format a step as `before operation operand = after.`"""
    return f"{step.before} {step.operation} {step.operand} = {step.after}."


def flip(steps: tuple[Step, ...], at: Collection[int]) -> tuple[Step, ...]:
    """Recompute the chain with the operations at the indices `at` flipped (FLIPPED), clipped to 0 ... LARGEST."""
    value, flipped = steps[0].before, []
    for index, step in enumerate(steps):
        operation = FLIPPED[step.operation] if index in at else step.operation
        after = min(max(apply(operation, value, step.operand), 0), LARGEST)
        flipped.append(Step(operation, step.operand, value, after))
        value = after
    return tuple(flipped)


def draw_steps(rng: Random, count: int, start: int, operations: str, largest: int) -> tuple[Step, ...]:
    """Draw `count` steps whose results stay in 0 ... largest."""
    steps, value = [], start
    while len(steps) < count:
        operation = rng.choice(operations)
        operand = rng.randint(2, 3) if operation == "*" else rng.randint(1, 9)
        after = apply(operation, value, operand)
        if 0 <= after <= largest:
            steps.append(Step(operation, operand, value, after))
            value = after
    return tuple(steps)


def word_problem(
    rng: Random, count: int, hard: bool, events: Mapping[str, Sequence[str]] = EVENTS
) -> ArithmeticProblem:
    """Draw a problem about a person's things, changed `count` times; `hard` adds multiplication and larger numbers."""
    person, things, start = rng.choice(PEOPLE), rng.choice(THINGS), rng.randint(3, 20)
    steps = draw_steps(rng, count, start, "++-*" if hard else "++-", 60 if hard else 40)
    named = _name_steps([rng.choice(events[step.operation]).format(step.operand) for step in steps])
    question = f"{person} has {start} {things}. {'. '.join(named)}. How many {things} are there now? {PROMPT}"
    return ArithmeticProblem(question, f"We start with {start} {things}.", tuple(f"{event}:" for event in named), steps)


def calculation(rng: Random, count: int) -> ArithmeticProblem:
    """Draw a problem about a number, changed `count` times by a named operation."""
    start = rng.randint(3, 20)
    steps = draw_steps(rng, count, start, "++-*", 60)
    events = _name_steps([CHANGES[step.operation].format(step.operand) for step in steps])
    question = f"Let x = {start}. {'. '.join(events)}. What is x? {PROMPT}"
    return ArithmeticProblem(question, f"We have x = {start}.", tuple(f"{event}:" for event in events), steps)


def _name_steps(events: list[str]) -> list[str]:
    return [f"{name} {event}" for name, event in zip((*ORDINALS[: len(events) - 1], LAST), events, strict=True)]


def sequence(rng: Random) -> ArithmeticProblem:
    """Ask for the next term of an arithmetic sequence."""
    start, gap = rng.randint(2, 30), rng.randint(2, 9)
    terms = [start + gap * index for index in range(4)]
    question = f"A sequence goes {', '.join(map(str, terms))}. What is the next term? {PROMPT}"
    step = Step("+", gap, terms[-1], terms[-1] + gap)
    return ArithmeticProblem(question, f"The step is {gap}.", ("So",), (step,))


def draw(benchmark: str, rng: Random) -> ArithmeticProblem:
    """Draw one problem of the stand-in for a MemReward math benchmark."""
    match benchmark:
        case "gsm8k":
            return word_problem(rng, rng.choice((2, 3)), hard=True)
        case "math":
            return calculation(rng, rng.choice((2, 3)))
        case "gsm_symbolic":
            return word_problem(rng, 2, hard=False)
        case "numina_math":
            return word_problem(rng, 3, hard=False) if rng.random() < 0.5 else sequence(rng)
    raise ValueError(f"{benchmark!r} has no arithmetic stand-in")
