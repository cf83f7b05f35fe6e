"""Stand-ins for the benchmarks: problems made by rule, small enough for a policy of half a million weights.

Each family has a teacher (`Problem.respond`) whose errors are systematic, so that reinforcement learning has
something to remove and a reward model something to predict. The prompts of every benchmark are split once, by a
hash of their text: one half is for the benchmarks, the other for the teacher (`draw`, the drills). The facts of the
qa worlds and the functions of the code tasks are in both, as with real pre-training: there are too few to divide.
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

#: Items a math stand-in gives at most; its space is far larger, but drawing distinct ones gets slow.
MATH_LIMIT = 10_000

FAMILIES = {"math": arithmetic, "qa": choice, "code": programs}


def _family(benchmark: str) -> ModuleType:
    if benchmark in CONTROLS:
        return watches
    return competition if benchmark in MEDS else FAMILIES[DOMAINS[benchmark]]


def draw(benchmark: str, rng: Random) -> Problem:
    """A problem for the teacher: its prompt is in no benchmark, whatever seed and sizes that was built with."""
    while True:
        problem = _family(benchmark).draw(benchmark, rng)
        if not is_reserved(problem.question):
            return problem


def limit(benchmark: str) -> int:
    """The number of distinct items that a stand-in can give."""
    return MATH_LIMIT if DOMAINS[benchmark] == "math" else len(_space(benchmark))


def load(benchmark: str, count: int, seed: int) -> list[Item]:
    """Distinct items, at least `count` where the stand-in has so many; a longer list begins with the shorter one.

    A qa or code stand-in has a finite space and gives all of it; a math one draws with `seed`.
    InputError if `count` is more than the stand-in can give.
    """
    if count > (most := limit(benchmark)):
        raise InputError(
            f"benchmarks: {benchmark}: {count} generated queries are asked for in all, and {most} exist; lower "
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
    rng, found = Random(derive("generated", benchmark, seed)), {}
    while len(found) < count:
        problem = _family(benchmark).draw(benchmark, rng)
        if is_reserved(problem.question):
            found.setdefault(problem.question, problem)
    return list(found.values())
