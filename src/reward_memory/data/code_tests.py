"""The tests of code items, made from their tasks."""

import json
from collections.abc import Iterable
from dataclasses import replace

from reward_memory.verifiers.evalplus import build_tests

from .items import Item


def with_tests(items: Iterable[Item], isolation: str = "bubblewrap", workers: int = 1) -> list[Item]:
    """The items, those that have a task with their `tests`.

    isolation, workers  of the sandbox that runs the canonical solutions, all in one batch, for the expected values

    InputError names a task whose solution does not run, or says that the sandbox cannot isolate here.
    """
    items = list(items)
    tasks = [item.task for item in items if item.task is not None]
    built = iter(build_tests(tasks, isolation, workers) if tasks else [])
    return [item if item.task is None else replace(item, tests=json.dumps(next(built))) for item in items]
