"""Build the tests of code items from their tasks."""

import json
from collections.abc import Sequence
from dataclasses import replace

from reward_memory.errors import InputError
from reward_memory.verifiers.evalplus import SolutionError, build_tests

from .items import Item


def with_tests(name: str, items: Sequence[Item], isolation: str = "bubblewrap") -> list[Item]:
    """Return the items of a benchmark; those that have a task get their `tests`.

    isolation  of the sandbox that runs the canonical solutions, all in one batch, to get the expected values

    InputError names a task whose solution does not run, or says that the sandbox cannot isolate on this machine.
    """
    try:
        built = iter(build_tests([item.task for item in items if item.task is not None], isolation))
    except SolutionError as error:
        raise InputError(f"benchmarks: {name}: {error}") from error
    return [item if item.task is None else replace(item, tests=json.dumps(next(built))) for item in items]
