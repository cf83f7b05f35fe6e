"""The benchmarks: their names and domains, and their queries from any source, sampled and split."""

from pathlib import Path

import pandas as pd

from ..errors import InputError
from . import generated, splits
from . import mirror as mirrors
from .prompts import SYSTEM_PROMPTS, system_prompt
from .registry import DOMAINS, NAMES, check_name

__all__ = ["DOMAINS", "NAMES", "SOURCES", "SYSTEM_PROMPTS", "build"]

SOURCES = ("generated", "mirror")


def build(
    name: str,
    source: str,
    sizes: dict[str, int],
    seed: int,
    mirror: Path | None = None,
    answer_format: str = "hash",
) -> dict[str, pd.DataFrame]:
    """The queries of one benchmark: {"train", "valid", "test"} -> table with the columns of `schemas.QUERIES` and
    `schemas.TRUTHS`.

    name           one of NAMES
    source         generated: a stand-in made by rule | mirror: the release in the folder `mirror`
    sizes          queries a split; a split that is not named is empty
    seed           of the sampling, and of the drawing where the items are generated
    answer_format  hash: real benchmarks get a system prompt that asks for a last line `#### <answer>`

    All source splits are pooled, sampled and cut (MemReward, section 4.1); no prompt occurs twice.
    InputError names the benchmark or the file, and the mend.
    """
    check_name(name)
    system_prompt(DOMAINS[name], answer_format)
    needed = splits.check_sizes(name, sizes)
    match source:
        case "generated":
            items = generated.load(name, needed, seed)
        case "mirror" if mirror is None:
            raise InputError(f"benchmarks: {name}: source 'mirror' needs the key 'mirror' with the folder's path.")
        case "mirror":
            items = mirrors.load(name, mirror, answer_format)
        case _:
            raise InputError(f"benchmarks: {name}: source: {source!r} is not known; choose from {', '.join(SOURCES)}.")
    parts = splits.sample(name, items, sizes, seed)
    return {split: splits.table(name, DOMAINS[name], part) for split, part in parts.items()}
