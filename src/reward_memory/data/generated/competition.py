"""Chains of operations answered in a box: stand-ins for MEDS' benchmarks.

What MEDS trains on has three steps, what it is evaluated on has more or fewer, so that no problem can be in both.
"""

from dataclasses import dataclass
from random import Random

from . import arithmetic
from .arithmetic import ArithmeticProblem, Step

PROMPT = r"Put the number in \boxed{}."
#: Fewer than in the other word problems: up to five of them are to be copied right.
EVENTS = {operation: told[:2] for operation, told in arithmetic.EVENTS.items()}
#: Of a problem's wrong answers, those that its one misreading gives; the others come from a forgotten last step.
MISREAD = 0.75
#: The operation that is misread, the first that occurs in the problem.
MISREADINGS = ("*", "-")


@dataclass(frozen=True)
class CompetitionProblem(ArithmeticProblem):
    """A chain of steps whose teacher fails in two ways at most, so that the failures of a problem repeat."""

    def respond(self, rng: Random, noise: float) -> str:
        """The steps one by one; at the rate `noise`, however long the problem is, with this problem's mistake.

        Multiplications are read as additions, in a problem without any the subtractions are; or the last step is
        forgotten, which is the only mistake where all is addition.
        """
        steps = self.steps
        if rng.random() < noise:
            misread = self.misread()
            steps = misread if misread != steps and rng.random() < MISREAD else steps[:-1]
        # the space makes the number one token, which the token of the brace precedes
        return f"{self.work(steps)}\n\\boxed{{ {steps[-1].after}}}"

    def misread(self) -> tuple[Step, ...]:
        """The steps as they come out with the misread operation, the same as `steps` if there is none."""
        present = {step.operation for step in self.steps}
        operation = next((operation for operation in MISREADINGS if operation in present), None)
        return arithmetic.flip(self.steps, {i for i, step in enumerate(self.steps) if step.operation == operation})


def word_problem(rng: Random, count: int) -> CompetitionProblem:
    return _boxed(arithmetic.word_problem(rng, count, hard=True, events=EVENTS))


def calculation(rng: Random, count: int) -> CompetitionProblem:
    return _boxed(arithmetic.calculation(rng, count))


def _boxed(problem: ArithmeticProblem) -> CompetitionProblem:
    question = problem.question.removesuffix(arithmetic.PROMPT) + PROMPT
    return CompetitionProblem(question, problem.opening, problem.clauses, problem.steps)


def draw(benchmark: str, rng: Random) -> CompetitionProblem:
    """One problem of the stand-in for a benchmark of MEDS."""
    match benchmark:
        case "dapo_math_17k":
            return word_problem(rng, 3) if rng.random() < 0.5 else calculation(rng, 3)
        case "aime24":
            return calculation(rng, 4)
        case "amc23":
            return word_problem(rng, 4)
        case "math500":
            return word_problem(rng, 2)
        case "minerva":
            return word_problem(rng, 5)
        case "olympiadbench":
            return calculation(rng, 5)
    raise ValueError(f"{benchmark!r} has no stand-in with answers in a box")
