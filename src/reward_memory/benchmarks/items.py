"""One benchmark item as a source gives it, before sampling and splitting."""

from dataclasses import dataclass

from ..provenance import digest

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Item:
    """A query and its truth.

    source_split, row   where the source holds it; with the benchmark's name they make its id
    messages            chat messages as (role, content) pairs, the prompt without the generation mark
    ground_truth        math: the answer; qa: the letter; code: None
    options             qa: the option texts in order A, B, ...; None otherwise
    tests               code: JSON as `verifiers.GroundTruth` reads it; None otherwise
    template            shared by items that were made from one template; None otherwise
    """

    source_split: str
    row: int
    messages: tuple[tuple[str, str], ...]
    ground_truth: str | None
    options: tuple[str, ...] | None = None
    tests: str | None = None
    template: str | None = None

    @property
    def content_hash(self) -> str:
        """Identity of what the policy sees: never of the truth, so that it can be published with a query."""
        return digest({"messages": self.messages, "options": self.options})


def option_lines(options: tuple[str, ...]) -> str:
    """The options one a line, as `A. text`."""
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
