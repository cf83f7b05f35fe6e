"""Prompts that occur in several splits or repeatedly in one: exactly, nearly, or as instances of one template."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from .near_duplicates import near_duplicates

EXAMPLES = 3


class Prompts(NamedTuple):
    """The prompts of one split, with one entry per query in every list.

    templates  name of the template of which the prompt is an instance, None if there is none
    """

    benchmark: str
    split: str
    ids: list[str]
    texts: list[str]
    templates: list[str | None]


class Overlap(NamedTuple):
    """Prompts of one split that have a partner in another split, or another one in the same split.

    examples  up to EXAMPLES pairs `prompt ~ partner` of ids
    """

    here: Prompts
    there: Prompts
    measure: str
    count: int
    examples: list[str]


def overlaps(parts: Sequence[Prompts]) -> Iterator[Overlap]:
    """Yield exact and near duplicates, shared templates and GSM8K originals, for each ordered pair of splits.

    Zero counts are reported within a benchmark, where they are a finding, and left out across benchmarks.
    """
    texts = _numbered(text for part in parts for text in part.texts)
    keys = [[texts[text] for text in part.texts] for part in parts]
    yield from _pairwise(parts, "exact_duplicates", keys, _equal(len(texts)))
    pairs, _ = near_duplicates(list(texts))
    ones = np.ones(len(pairs), bool)
    near = sp.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(texts), len(texts)))
    yield from _pairwise(parts, "near_duplicates", keys, near + near.T)
    yield from _templates(parts)


def _templates(parts: Sequence[Prompts]) -> Iterator[Overlap]:
    """Yield instances whose template occurs in another split, and instances whose GSM8K original is in a split."""
    instances = [_instances(part) for part in parts if any(part.templates)]
    names = _numbered(str(template) for part in instances for template in part.templates)
    keys = [[names[str(template)] for template in part.templates] for part in instances]
    for overlap in _pairwise(instances, "shared_templates", keys, _equal(len(names))):
        if overlap.here is not overlap.there:
            yield overlap
    for part, other in product(instances, parts):
        rows = {int(row.rpartition("/")[2]): row for row in other.ids if row.startswith("gsm8k/test/")}
        # template gsm8k-17 was made from row 17 of GSM8K's test split
        numbers = [int(str(template).removeprefix("gsm8k-")) for template in part.templates]
        found = [f"{one} ~ {rows[number]}" for one, number in zip(part.ids, numbers, strict=True) if number in rows]
        if found:
            yield Overlap(part, other, "instances_of_gsm8k_tests", len(found), found[:EXAMPLES])


def _instances(part: Prompts) -> Prompts:
    """The prompts of a split that were made from a template."""
    rows = [row for row in zip(part.ids, part.texts, part.templates, strict=True) if row[2] is not None]
    return Prompts(part.benchmark, part.split, *(list(column) for column in zip(*rows, strict=True)))


def _numbered(names: Iterable[str]) -> dict[str, int]:
    """Number the distinct names from 0."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _equal(size: int) -> sp.csr_array:
    return sp.csr_array(sp.eye_array(size, dtype=bool))


def _pairwise(
    parts: Sequence[Prompts], measure: str, keys: Sequence[Sequence[int]], partners: sp.csr_array
) -> Iterator[Overlap]:
    """For each ordered pair of splits, count the prompts of the first that have a partner in the second.

    keys      one list per split: the key of each prompt
    partners  (keys, keys) which keys are partners; a prompt is not its own partner
    """
    arrays = [np.array(part, np.int64) for part in keys]
    held = np.zeros((len(partners.indptr) - 1, len(parts)), np.int64)
    for place, array in enumerate(arrays):
        np.add.at(held[:, place], array, 1)
    reached = partners.astype(np.int64) @ held
    itself = partners.diagonal().astype(np.int64)
    for (here, part), (there, other) in product(enumerate(parts), repeat=2):
        reach = reached[:, there] - (itself if here == there else 0)
        found = np.flatnonzero(reach[arrays[here]] > 0).tolist()
        if found or part.benchmark == other.benchmark:
            examples = [
                f"{part.ids[row]} ~ {_partner(row, here, there, keys, partners, other)}" for row in found[:EXAMPLES]
            ]
            yield Overlap(part, other, measure, len(found), examples)


def _partner(
    row: int, here: int, there: int, keys: Sequence[Sequence[int]], partners: sp.csr_array, other: Prompts
) -> str:
    near = set(partners[[keys[here][row]]].indices.tolist())
    return next(
        other.ids[place] for place, key in enumerate(keys[there]) if key in near and (here, row) != (there, place)
    )
