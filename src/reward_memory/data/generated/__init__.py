"""Stand-ins for the benchmarks: generated problems, easy enough for a policy with half a million parameters.

Each family has a teacher (`Problem.respond`) whose errors are systematic. They give reinforcement learning something
to improve and a reward model something to predict. A hash of the prompt text splits the prompts of every benchmark
once: one half is for the benchmark, the other for the teacher (`draw` and the drills). Both halves share the facts of
the qa worlds and the functions of the code tasks, as in real pre-training, because there are too few to divide.
"""

from random import Random
from types import ModuleType

from reward_memory.errors import InputError
from reward_memory.seeds import derive

from ..items import Item
from ..registry import CONTROLS, DOMAINS, MEDS
from . import arithmetic, choice, competition, programs, watches
from .drills import competition_drill, drill, watches_drill
from .problem import Problem, is_reserved

__all__ = [
    "MATH_LIMIT",
    "Problem",
    "competition_drill",
    "draw",
    "drill",
    "is_reserved",
    "limit",
    "load",
    "watches_drill",
]

#: Most items that a math stand-in provides. Its space is far larger, but drawing distinct items gets slow.
MATH_LIMIT = 10_000

FAMILIES = {"math": arithmetic, "qa": choice, "code": programs}


def _family(benchmark: str) -> ModuleType:
    if benchmark in CONTROLS:
        return watches
    return competition if benchmark in MEDS else FAMILIES[DOMAINS[benchmark]]


def draw(benchmark: str, rng: Random) -> Problem:
    """Draw a problem for the teacher. Its prompt is in no benchmark, whatever the benchmark's seed and sizes."""
    while True:
        problem = _family(benchmark).draw(benchmark, rng)
        if not is_reserved(problem.question):
            return problem


def limit(benchmark: str) -> int:
    """Return the number of distinct items that a stand-in can provide."""
    return MATH_LIMIT if DOMAINS[benchmark] == "math" else len(_space(benchmark))


def load(benchmark: str, count: int, seed: int) -> list[Item]:
    """Return at least `count` distinct items; a longer list begins with the shorter one.

    A qa or code stand-in has a finite space and returns all of it. A math stand-in draws `count` items with `seed`.
    InputError if `count` is more than the stand-in can provide.
    """
    if count > (most := limit(benchmark)):
        raise InputError(
            f"benchmarks: {benchmark}: {count} generated queries are requested in total, but only {most} exist; lower "
            "train, valid or test."
        )
    problems = _space(benchmark) if DOMAINS[benchmark] != "math" else _draw_distinct(benchmark, count, seed)
    return [
        Item("generated", row, (("user", p.question),), p.ground_truth, p.options, p.tests)
        for row, p in enumerate(problems)
    ]


def _space(benchmark: str) -> list[Problem]:
    return [p for p in _family(benchmark).space(benchmark) if is_reserved(p.question)]


def _draw_distinct(benchmark: str, count: int, seed: int) -> list[Problem]:
    rng, drawn = Random(derive("generated", benchmark, seed)), {}
    while len(drawn) < count:
        problem = _family(benchmark).draw(benchmark, rng)
        if is_reserved(problem.question):
            drawn.setdefault(problem.question, problem)
    return list(drawn.values())
