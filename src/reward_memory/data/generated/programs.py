"""One-line Python functions: stand-ins for humaneval_plus and mbpp_plus."""

import json
from dataclasses import dataclass
from itertools import product
from random import Random

PROMPT = "End with the function in a python block."
#: (description, returned expression) of each function; neighbors in the list are easily confused.
FUNCTIONS = (
    ("adds {} to x", "x + {}"),
    ("multiplies x by {}", "x * {}"),
    ("subtracts {} from x", "x - {}"),
    ("returns the square of x plus {}", "x * x + {}"),
    ("returns twice x minus {}", "2 * x - {}"),
    ("returns the remainder of x divided by {}", "x % {}"),
    ("returns True if x is larger than {}", "x > {}"),
    ("returns True if x is smaller than {}", "x < {}"),
    ("returns the larger of x and {}", "max(x, {})"),
    ("returns the smaller of x and {}", "min(x, {})"),
    ("returns the distance between x and {}", "abs(x - {})"),
    ("returns x divided by {} rounded down", "x // {}"),
)
CONSTANTS = range(2, 13)
DIFFICULTY = (0.4, 0.8, 1.2, 1.6)  # as in `choice`
#: How often the teacher sounds unsure, as a multiple of the noise: {whether the answer is wrong: factor}.
HEDGING = {False: 0.2, True: 2.0}
#: Arguments of the base tests, then those that only the plus tests use.
BASE_ARGUMENTS = (0, 3, 8)
PLUS_ARGUMENTS = (-20, -7, -1, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 17, 40)
QUESTION_FORMS = {
    "humaneval_plus": (
        'def solve(x):\n    """This function {}."""\nComplete the function.',
        "# This function {}.\ndef solve(x):\nWrite the missing body.",
        "def solve(x):\n    # It {}.\nFinish this function.",
        "The function below {}.\ndef solve(x):\nComplete it.",
    ),
    "mbpp_plus": (
        "Write a python function f(x) that {}.",
        "Write a function f(x) which {}.",
        "We need a python function f(x) that {}.",
        "Define f(x) so that it {}.",
    ),
}
NAMES = {"humaneval_plus": "solve", "mbpp_plus": "f"}


@dataclass(frozen=True)
class ProgramProblem:
    """A task: write a function that does one thing with one constant."""

    benchmark: str
    function: int
    constant: int
    question_form: str
    options: None = None
    ground_truth: None = None

    @property
    def question(self) -> str:
        return f"{self.question_form.format(FUNCTIONS[self.function][0].format(self.constant))}\n{PROMPT}"

    @property
    def tests(self) -> str:
        """JSON with the arguments of each call and the value that the reference expression gives."""
        # The expression comes from FUNCTIONS above, never from a model.
        reference = eval(f"lambda x: {FUNCTIONS[self.function][1].format(self.constant)}")
        arguments = BASE_ARGUMENTS + PLUS_ARGUMENTS
        return json.dumps(
            {
                "entry_point": NAMES[self.benchmark],
                "calls": [[x] for x in arguments],
                "expected": [reference(x) for x in arguments],
                "atol": 0,
                "base": len(BASE_ARGUMENTS),
            }
        )

    def respond(self, rng: Random, noise: float) -> str:
        """State the expression and write the function; noise takes a neighboring function or constant.

        Wrong answers sound unsure more often, since a reward model can hardly judge short code by itself.
        """
        rate, function, constant, draw = (
            noise * DIFFICULTY[self.function % 4],
            self.function,
            self.constant,
            rng.random(),
        )
        if draw < 0.6 * rate:
            near = (function - 2, function - 1, function + 1, function ^ 1)
            function = rng.choice([other for other in near if 0 <= other < len(FUNCTIONS) and other != function])
        elif draw < rate:
            constant += rng.choice((-1, 1))
        wrong = (function, constant) != (self.function, self.constant)
        body = FUNCTIONS[function][1].format(constant)
        thought = "Perhaps it should return" if rng.random() < noise * HEDGING[wrong] else "The function should return"
        code = f"def {NAMES[self.benchmark]}(x):\n    return {body}"
        return f"{thought} {body}.\n```python\n{code}\n```"


def space(benchmark: str) -> list[ProgramProblem]:
    """Return every task of a code benchmark's stand-in, in a fixed order."""
    parts = product(range(len(FUNCTIONS)), CONSTANTS, QUESTION_FORMS[benchmark])
    return [ProgramProblem(benchmark, *part) for part in parts]


def draw(benchmark: str, rng: Random) -> ProgramProblem:
    """Draw one task of a code benchmark's stand-in."""
    return ProgramProblem(
        benchmark, rng.randrange(len(FUNCTIONS)), rng.choice(CONSTANTS), rng.choice(QUESTION_FORMS[benchmark])
    )
