"""The benchmarks: their names and domains, and their queries from any source, sampled and split.

Planning imports this package for its names. Code that reads and grades is imported where it is called, because
importing pandas and the verifiers takes half a second.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from reward_memory.errors import InputError

from .items import Dropped, Item, Loaded
from .prompts import SYSTEM_PROMPTS, system_prompt
from .registry import BENCHMARKS, DOMAINS, NAMES, check_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BENCHMARKS", "DOMAINS", "NAMES", "SOURCES", "SYSTEM_PROMPTS", "Dropped", "Item", "Loaded", "build", "load"]

SOURCES = ("generated", "mirror", "hub")


def load(
    name: str,
    source: str,
    mirror: Path | None = None,
    *,
    count: int = 0,
    seed: int = 0,
    answer_format: str = "hash",
    partial: bool = False,
) -> Loaded:
    """Load all items of one benchmark, and the rows that yielded none.

    name           one of BENCHMARKS
    source         generated: a synthetic stand-in | mirror: the release in the folder `mirror` | hub: likewise, in
                   the folder that `hub.download` filled
    count, seed    generated: minimum number of items, and the seed that draws them
    answer_format  what the system prompt of a real benchmark asks for: hash (`#### <answer>`) | boxed
    partial        mirror, hub: also accept files with another number of rows than the release

    InputError names the benchmark or the file, and the fix.
    """
    check_name(name)
    system_prompt(DOMAINS[name], answer_format)
    match source:
        case "generated":
            from . import generated

            return Loaded(generated.load(name, count, seed))
        case "mirror" | "hub" if mirror is None:
            raise InputError(f"benchmarks: {name}: source {source!r} needs the key 'mirror' with the folder's path.")
        case "mirror" | "hub":
            from . import mirror as mirrors

            return mirrors.load(name, mirror, answer_format, partial)
    raise InputError(f"benchmarks: {name}: source: {source!r} is not known; choose from {', '.join(SOURCES)}.")


def build(
    name: str,
    source: str,
    sizes: dict[str, int],
    seed: int,
    mirror: Path | None = None,
    answer_format: str = "hash",
    *,
    partial: bool = False,
    isolation: str = "bubblewrap",
    fidelity: Collection[str] = (),
) -> dict[str, pd.DataFrame]:
    """Build the queries of one benchmark: {"train", "valid", "test"} -> table with the columns of `parquet.QUERIES` and
    `parquet.TRUTHS`.

    sizes      queries per split; a split that is not named is empty
    seed       for sampling, and for drawing generated items
    isolation  of the sandbox that runs canonical solutions for the tests of real code benchmarks
    fidelity   published behaviors that are on, see `fidelity.BEHAVIORS`: torn-templates and base-tests matter here

    The other arguments and the errors are those of `load`. All source splits are pooled, sampled and cut (MemReward,
    section 4.1); no prompt occurs twice, see `splits.sample`.
    """
    from . import splits

    check_name(name)
    needed = splits.check_sizes(name, sizes)
    loaded = load(name, source, mirror, count=needed, seed=seed, answer_format=answer_format, partial=partial)
    parts = splits.sample(name, loaded.items, sizes, seed, keep_families="torn-templates" not in fidelity)
    sampled = [item for part in parts.values() for item in part]
    if any(item.task is not None for item in sampled):
        from .code_tests import with_tests

        sampled = with_tests(name, sampled, isolation)
    if "base-tests" in fidelity:
        sampled = [_with_base_tests(item) for item in sampled]
    rest = iter(sampled)
    return {split: splits.table(name, DOMAINS[name], list(islice(rest, len(part)))) for split, part in parts.items()}


def _with_base_tests(item: Item) -> Item:
    """Return the item without the tests that EvalPlus added (behavior `base-tests`)."""
    tests = json.loads(item.tests or "{}")
    if "base" not in tests:  # a math item may have a tolerance
        return item
    cut = {key: tests[key][: tests["base"]] for key in ("calls", "expected")}
    return replace(item, tests=json.dumps(tests | cut))
