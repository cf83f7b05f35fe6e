"""One benchmark item as loaded from a source, before sampling and splitting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reward_memory.storage.files import digest

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Item:
    """A query and its truth.

    source_split, row   place in the source, rows counted from 0; with the benchmark's name they form its id
    messages            chat messages as (role, content) pairs, without the generation prompt
    ground_truth        math: the answer; qa: the letter; code: None
    options             qa: the option texts in order A, B, ...; None otherwise
    tests               code: JSON as `verifiers.GroundTruth` reads it, None until `code_tests` builds it; math: the
                        tolerance, if the release has one; None otherwise
    template            shared by items made from the same template; None otherwise
    task                code: the row in the form of the EvalPlus releases, from which `tests` is built; None otherwise
    """

    source_split: str
    row: int
    messages: tuple[tuple[str, str], ...]
    ground_truth: str | None
    options: tuple[str, ...] | None = None
    tests: str | None = None
    template: str | None = None
    task: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def content_hash(self) -> str:
        """Hash of what the policy sees. It excludes the truth, so that it can be published with a query."""
        return digest({"messages": self.messages, "options": self.options})


class Dropped(NamedTuple):
    """A source row that yields no item, and why."""

    source_split: str
    row: int
    reason: str


@dataclass(frozen=True)
class Loaded:
    """All rows that a source has of one benchmark, one source split after the other.

    items    one per usable row
    dropped  one per unusable row; items and dropped rows together are the rows of the files
    repeats  items of the dropped rows that repeat another row's item; only the audit uses them
    absent   source splits of the benchmark that this source lacks, or that are not used next to the others
    """

    items: list[Item]
    dropped: list[Dropped] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    repeats: list[Item] = field(default_factory=list)


def option_lines(options: tuple[str, ...]) -> str:
    """Format the options one per line, as `A. text`."""
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
