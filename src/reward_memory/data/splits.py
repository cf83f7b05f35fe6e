"""Split the pooled items of a benchmark into train, valid and test tables."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.seeds import generator
from reward_memory.storage import parquet

from .duplicates.repeats import families
from .items import Item

SPLITS = ("train", "valid", "test")


def check_sizes(name: str, sizes: Mapping[str, int]) -> int:
    """Return the number of requested items; InputError for an unknown split or a size below 0."""
    for split, size in sizes.items():
        if split not in SPLITS:
            raise InputError(f"benchmarks: {name}: {split!r} is not a split; choose from {', '.join(SPLITS)}.")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InputError(f"benchmarks: {name}: {split}: {size!r} is not a number of queries; give 0 or more.")
    return sum(sizes.values())


def distinct(items: Iterable[Item]) -> list[Item]:
    """Return the items without those that repeat an earlier item's prompt."""
    seen: dict[tuple, Item] = {}
    for item in items:
        seen.setdefault(item.messages, item)
    return list(seen.values())


def sample(
    name: str, items: list[Item], sizes: Mapping[str, int], seed: int, *, keep_families: bool = True
) -> dict[str, list[Item]]:
    """Pool the items, shuffle them with `seed`, and cut to the requested sizes (MemReward, section 4.1).

    No prompt is in two splits or twice in one, and a family (instances of one template, repeats of one question) stays
    in one split. Families are assigned to splits in proportion to the sizes. Each split then takes as many items as it
    needs from its families, and the rest is left out, so every split has exactly its size. Without `keep_families`
    the pool is cut at the sizes, across families (behavior `torn-templates`).

    InputError if the pool is too small, or if no assignment of complete families reaches the sizes.
    """
    needed = check_sizes(name, sizes)
    pool = distinct(items)
    if needed > len(pool):
        raise InputError(
            f"benchmarks: {name}: {needed} queries are requested in total, but it has at most {len(pool)}; lower "
            "train, valid or test."
        )
    order = generator("splits", name, seed).permutation(len(pool))
    shuffled = [pool[index] for index in order]
    wanted = {split: sizes.get(split, 0) for split in SPLITS}
    groups = families(shuffled) if keep_families else [[item] for item in shuffled]
    if len(groups) == len(pool):
        return _cut(shuffled, wanted)
    split_of = _deal([len(group) for group in groups], list(wanted.values()))
    if split_of is None:
        raise InputError(
            f"benchmarks: {name}: {needed} of its {len(pool)} queries cannot be split into "
            f"{' + '.join(map(str, wanted.values()))} without breaking up a family (number of families: "
            f"{len(groups)}, queries in the largest: {max(map(len, groups))}); request fewer."
        )
    home = {id(item): place for group, place in zip(groups, split_of, strict=True) for item in group}
    return {
        split: [item for item in shuffled if home[id(item)] == place][:size]
        for place, (split, size) in enumerate(wanted.items())
    }


def _cut(items: list[Item], sizes: Mapping[str, int]) -> dict[str, list[Item]]:
    parts, start = {}, 0
    for split, size in sizes.items():
        parts[split] = items[start : start + size]
        start += size
    return parts


def _deal(groups: list[int], wanted: list[int]) -> list[int] | None:
    """Assign each group to a split so that split i holds at least wanted[i] items; None if that is impossible.

    groups  sizes of the groups

    Large groups come first, each to the split that lacks most of its share of the pool. If that fails, because nearly
    the whole pool is needed, an integer program decides.
    """
    if not sum(wanted):
        return [0] * len(groups)
    lacking = [size * sum(groups) / sum(wanted) for size in wanted]
    held = [0] * len(wanted)
    split_of = [0] * len(groups)
    for group in sorted(range(len(groups)), key=lambda group: -groups[group]):
        place = max(range(len(wanted)), key=lambda split: lacking[split])
        split_of[group] = place
        lacking[place] -= groups[group]
        held[place] += groups[group]
    if all(have >= want for have, want in zip(held, wanted, strict=True)):
        return split_of
    return _deal_exactly(groups, wanted)


def _deal_exactly(groups: list[int], wanted: list[int]) -> list[int] | None:
    """Like `_deal` for pools that are nearly used up; solves for the number of groups of each size per split."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    counts = Counter(groups)
    sizes = sorted(counts)
    cells = (len(sizes), len(wanted))
    used = np.kron(np.eye(len(sizes)), np.ones(len(wanted)))
    held = np.kron(np.array(sizes), np.eye(len(wanted)))
    solution = milp(
        held.sum(axis=0),  # use the fewest items
        integrality=np.ones(cells[0] * cells[1]),
        bounds=Bounds(0, np.inf),
        constraints=[
            # pyright infers the parameter's type from its default, a float
            LinearConstraint(used, -np.inf, [counts[size] for size in sizes]),  # pyright: ignore[reportArgumentType]
            LinearConstraint(held, wanted, np.inf),  # pyright: ignore[reportArgumentType]
        ],
    )
    if not solution.success:
        return None
    plan = dict(zip(sizes, solution.x.round().astype(int).reshape(cells).tolist(), strict=True))
    queue = {size: [split for split, count in enumerate(row) for _ in range(count)] for size, row in plan.items()}
    # -1: no split needs the group
    return [queue[size].pop(0) if queue[size] else -1 for size in groups]


def table(name: str, domain: str, items: list[Item]) -> pd.DataFrame:
    """Build a table with one row per item and the columns of `parquet.QUERIES` and `parquet.TRUTHS`."""
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
    return pd.DataFrame(rows, columns=pd.Index([*parquet.QUERIES.names, *parquet.TRUTHS.names]))
