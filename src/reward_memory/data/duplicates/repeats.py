"""Questions that occur more than once, ignoring case, white space and punctuation."""

import hashlib
from collections.abc import Iterable

from ..items import Dropped, Item
from .words import words


def fingerprint(item: Item) -> bytes:
    """Hash of the question's words, options included: equal for repeats."""
    return hashlib.blake2b(" ".join(words(item.messages[-1][1])).encode(), digest_size=16).digest()


def without_repeats(items: Iterable[Item]) -> tuple[list[Item], list[Item], list[Dropped]]:
    """Return (the first item with each fingerprint, the repeats, the reason for each repeat)."""
    first: dict[bytes, Item] = {}
    repeats, dropped = [], []
    for item in items:
        kept = first.setdefault(fingerprint(item), item)
        if kept is not item:
            other = "" if kept.ground_truth == item.ground_truth else " with a different answer"
            repeats.append(item)
            dropped.append(Dropped(item.source_split, item.row, f"repeats {kept.source_split}/{kept.row}{other}"))
    return list(first.values()), repeats, dropped


def families(items: list[Item]) -> list[list[Item]]:
    """Group the items that belong together: one template, repeats of one question, or a chain of both.

    Groups are in the order of their first item, items in the given order.
    """
    import numpy as np
    from scipy.sparse import coo_array  # not at the top: planning imports this module and needs no scipy
    from scipy.sparse.csgraph import connected_components

    first: dict[str | bytes, int] = {}
    links = [
        (first.setdefault(key, place), place)
        for place, item in enumerate(items)
        for key in (fingerprint(item), item.template)
        if key is not None
    ]
    if not links:
        return []
    graph = coo_array((np.ones(len(links)), np.array(links).T), shape=(len(items), len(items)))
    _, family = connected_components(graph, directed=False)
    groups: dict[int, list[Item]] = {}
    for number, item in zip(family.tolist(), items, strict=True):
        groups.setdefault(number, []).append(item)
    return list(groups.values())
