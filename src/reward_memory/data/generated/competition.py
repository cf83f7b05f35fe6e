"""Chains of operations with boxed answers: stand-ins for MEDS' benchmarks.

Training problems have three steps; test problems have more or fewer, so that no problem can be in both.
"""

from dataclasses import dataclass
from random import Random

from . import arithmetic
from .arithmetic import ArithmeticProblem, Step

PROMPT = r"Put the number in \boxed{}."
#: Fewer phrasings than in the other word problems, because the policy must copy up to five of them correctly.
EVENTS = {operation: phrasings[:2] for operation, phrasings in arithmetic.EVENTS.items()}
#: Share of a problem's wrong answers that come from its misreading; the others lack the last step.
MISREAD = 0.75
#: A problem's misread operation is the first of these that occurs in it.
MISREADINGS = ("*", "-")


@dataclass(frozen=True)
class CompetitionProblem(ArithmeticProblem):
    """A chain of steps that the teacher gets wrong in at most two ways, so that a problem's failures repeat."""

    def respond(self, rng: Random, noise: float) -> str:
        """Answer step by step; make this problem's mistake at the rate `noise`, however long the problem is.

        Either multiplications (or subtractions, if there are no multiplications) are read as additions, or the last
        step is left out. Problems with only additions have only the second mistake.
        """
        steps = self.steps
        if rng.random() < noise:
            misread = self.misread()
            steps = misread if misread != steps and rng.random() < MISREAD else steps[:-1]
        # the space makes the number a single token, after the token of the brace
        return f"{self.work(steps)}\n\\boxed{{ {steps[-1].after}}}"

    def misread(self) -> tuple[Step, ...]:
        """Return the steps with the misread operation; equal to `steps` if nothing is misread."""
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
    """Draw one problem of the stand-in for a MEDS benchmark."""
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
    raise ValueError(f"{benchmark!r} has no stand-in with boxed answers")
