"""One benchmark item as a source gives it, before sampling and splitting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reward_memory.storage.files import digest

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Item:
    """A query and its truth.

    source_split, row   where the source holds it, rows counted from 0; with the benchmark's name they make its id
    messages            chat messages as (role, content) pairs, the prompt without the generation mark
    ground_truth        math: the answer; qa: the letter; code: None
    options             qa: the option texts in order A, B, ...; None otherwise
    tests               code: JSON as `verifiers.GroundTruth` reads it, None before `code_tests` made it; math: the
                        tolerance, where the release names one; None otherwise
    template            shared by items that were made from one template; None otherwise
    task                code: the row in the form of the EvalPlus releases, from which `tests` is made; None otherwise
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
        """Identity of what the policy sees: never of the truth, so that it can be published with a query."""
        return digest({"messages": self.messages, "options": self.options})


class Dropped(NamedTuple):
    """A row of a source that gives no item, and why."""

    source_split: str
    row: int
    reason: str


@dataclass(frozen=True)
class Loaded:
    """All that a source holds of one benchmark, its source splits one after the other.

    items    one a usable row
    dropped  one an unusable row: items and dropped rows together are the rows of the files
    repeats  of the dropped rows, those that are the item of another row once more; only the audit looks at them
    absent   source splits of the benchmark that this source lacks, or that are not used beside the others
    """

    items: list[Item]
    dropped: list[Dropped] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    repeats: list[Item] = field(default_factory=list)


def option_lines(options: tuple[str, ...]) -> str:
    """The options one a line, as `A. text`."""
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
