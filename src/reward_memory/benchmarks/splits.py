"""From the pooled items of a benchmark to its train, valid and test tables."""

from collections.abc import Iterable, Mapping

import pandas as pd

from .. import schemas
from ..errors import InputError
from ..randomness import generator
from .items import Item

SPLITS = ("train", "valid", "test")


def check_sizes(name: str, sizes: Mapping[str, int]) -> int:
    """The number of items asked for; InputError for an unknown split or a size below 0."""
    for split, size in sizes.items():
        if split not in SPLITS:
            raise InputError(f"benchmarks: {name}: {split!r} is not a split; choose from {', '.join(SPLITS)}.")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InputError(f"benchmarks: {name}: {split}: {size!r} is not a number of queries; give 0 or more.")
    return sum(sizes.values())


def distinct(items: Iterable[Item]) -> list[Item]:
    """The items without those whose prompt an earlier one already has."""
    seen: dict[tuple, Item] = {}
    for item in items:
        seen.setdefault(item.messages, item)
    return list(seen.values())


def sample(name: str, items: list[Item], sizes: Mapping[str, int], seed: int) -> dict[str, list[Item]]:
    """Pool, shuffle with `seed`, and cut to the sizes asked for (MemReward, section 4.1).

    No prompt is in two splits or twice in one. InputError if the pool is too small.
    """
    needed = check_sizes(name, sizes)
    pool = distinct(items)
    if needed > len(pool):
        raise InputError(f"benchmarks: {name}: {needed} queries are asked for in all, but it has at most {len(pool)}.")
    order = generator("splits", name, seed).permutation(len(pool))
    parts, start = {}, 0
    for split in SPLITS:
        end = start + sizes.get(split, 0)
        parts[split] = [pool[index] for index in order[start:end]]
        start = end
    return parts


def table(name: str, domain: str, items: list[Item]) -> pd.DataFrame:
    """One row an item with the columns of `schemas.QUERIES` and `schemas.TRUTHS`."""
    rows = [
        {
            "id": f"{name}/{item.source_split}/{item.row}",
            "query_id": f"{name}/{item.source_split}/{item.row}",
            "benchmark": name,
            "domain": domain,
            "template": item.template,
            "messages": [{"role": role, "content": content} for role, content in item.messages],
            "options": None if item.options is None else list(item.options),
            "ground_truth": item.ground_truth,
            "tests": item.tests,
            "content_hash": item.content_hash,
        }
        for item in items
    ]
    return pd.DataFrame(rows, columns=[*schemas.QUERIES.names, *schemas.TRUTHS.names])
