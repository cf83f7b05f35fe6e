"""Dense practice text for the start of a bootstrap: equations, worked problems, facts, lookups, code phrases."""

from random import Random

from ..items import LETTERS, option_lines
from . import arithmetic, choice, competition, programs, watches
from .knowledge import WORLDS
from .problem import is_reserved


def drill(rng: Random) -> str:
    """Return one practice text; none of its problems has the prompt of a benchmark item."""
    draw = rng.random()
    if draw < 0.30:
        return _equations(rng)
    if draw < 0.45:
        return _facts(rng)
    if draw < 0.57:
        return _look_up(rng)
    if draw < 0.93:
        return _worked_problem(rng)
    return "\n".join(_code_phrase(rng) for _ in range(5))


def competition_drill(rng: Random) -> str:
    """Return one practice text for the MEDS benchmarks; none of its problems has the prompt of a benchmark item."""
    if rng.random() < 0.25:
        return _equations(rng)
    while True:
        count = rng.randint(2, 5)
        problem = competition.word_problem(rng, count) if rng.random() < 0.5 else competition.calculation(rng, count)
        if not is_reserved(problem.question):
            return f"{problem.question.removesuffix(f' {competition.PROMPT}')}\n{problem.work(problem.steps)}"


def watches_drill(rng: Random) -> str:
    """Return one practice text for the error-memory control; its watches never show a benchmark item's numbers."""
    while True:
        problem = watches.draw("watches", rng)
        if not is_reserved(problem.question):
            return watches.read_all(problem, rng)


def _equations(rng: Random) -> str:
    return "".join(f" {arithmetic.equation(_step(rng))}" for _ in range(8))


def _step(rng: Random) -> arithmetic.Step:
    return arithmetic.draw_steps(rng, 1, rng.randint(1, 60), "++--*", 69)[0]


def _facts(rng: Random) -> str:
    """List things and their groups; each thing comes first on its own, so that the statement copies it."""
    benchmark = rng.choice(list(WORLDS))
    groups = WORLDS[benchmark].groups
    return "\n".join(
        f"{thing}? {choice.state(benchmark, thing, groups[thing])}" for thing in rng.sample(list(groups), 6)
    )


def _look_up(rng: Random) -> str:
    options = WORLDS[rng.choice(list(WORLDS))].options
    picks = " ".join(f"So pick {o} {LETTERS[options.index(o)]}." for o in rng.sample(options, len(options)))
    return f"{option_lines(options)}\n{picks}"


def _worked_problem(rng: Random) -> str:
    while True:
        kind, count = rng.randrange(3), rng.randint(2, 5)
        if kind == 0:
            problem = arithmetic.word_problem(rng, count, hard=True)
        elif kind == 1:
            problem = arithmetic.calculation(rng, count)
        else:
            problem = arithmetic.sequence(rng)
        if not is_reserved(problem.question):
            question = problem.question.removesuffix(f" {arithmetic.PROMPT}")
            return f"{question}\n{problem.work(problem.steps)}"


def _code_phrase(rng: Random) -> str:
    does, returns = rng.choice(programs.FUNCTIONS)
    constant = rng.choice(programs.CONSTANTS)
    return f"This function {does.format(constant)}. The function should return {returns.format(constant)}."
