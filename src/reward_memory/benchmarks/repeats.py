"""Questions that are there more than once, alike but for case, white space and punctuation."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from .items import Dropped, Item

#: Letters, digits and the signs that make another formula; the rest is layout and punctuation.
MEANING = re.compile(r"[^\W_]+|[-+*/^=<>|!%]")


def normalised(text: str) -> str:
    """A text without case, white space and punctuation."""
    return " ".join(MEANING.findall(unicodedata.normalize("NFKC", text).casefold()))


def fingerprint(item: Item) -> bytes:
    """Hash of the normalised question, options included: equal for repeats."""
    return hashlib.blake2b(normalised(item.messages[-1][1]).encode(), digest_size=16).digest()


def without_repeats(items: Iterable[Item]) -> tuple[list[Item], list[Dropped]]:
    """(the first of the items with the same fingerprint, each other one with the reason)."""
    first: dict[bytes, Item] = {}
    dropped = []
    for item in items:
        kept = first.setdefault(fingerprint(item), item)
        if kept is not item:
            other = "" if kept.ground_truth == item.ground_truth else " with another answer"
            dropped.append(Dropped(item.source_split, item.row, f"repeats {kept.source_split}/{kept.row}{other}"))
    return list(first.values()), dropped


def families(items: list[Item]) -> list[list[Item]]:
    """The items in groups that belong together: one template, or repeats of one question, or a chain of both.

    Groups stand in the order of their first item, their items in the order given.
    """
    leader = list(range(len(items)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    first: dict[str | bytes, int] = {}
    for place, item in enumerate(items):
        for key in (fingerprint(item), item.template):
            if key is not None:
                one, other = sorted((find(place), find(first.setdefault(key, place))))
                leader[other] = one
    groups: dict[int, list[Item]] = {}
    for place, item in enumerate(items):
        groups.setdefault(find(place), []).append(item)
    return list(groups.values())
