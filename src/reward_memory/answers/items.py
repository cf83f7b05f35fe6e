"""The options of one item: their letters and their texts."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

#: "The blue whale, of course!"
SURE = re.compile(
    r",? (?:of course|obviously|clearly|definitely|for sure|i (?:think|believe|guess)|i would say|i'd say)[!]?$"
)
ARTICLE = re.compile(r"^(?:an?|the)\s+")
LETTER_TEXTS = ("", *"abcdefghijklmnopqrstuvwxyz")  # a letter alone is a letter, whatever the options are
CLAUSE_END = re.compile(r"[*_`$\"')\]]*(?:[.,;:!](?=[\s*]|$)|\s*$|\s*\n|\s+(?:because|since|as|which|due|is|was)\b)")


def plain(text: str) -> str:
    """Text without marks, case and final stop, for comparing with an option's full text."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", re.sub(r"[*_`$\"\u201c\u201d]", "", text)).strip(" .")


@dataclass(frozen=True, slots=True)
class Item:
    """The letters that count and the plain texts of the options, "" where an option has none."""

    letters: str
    texts: tuple[str, ...]

    def named_by(self, text: str) -> str | None:
        """The letter of the one option whose text this is."""
        bare = SURE.sub("", plain(text).lstrip("= "))
        for exact in (bare, ARTICLE.sub("", bare)):
            if named := only(letter for letter, option in self.pairs() if exact and option == exact):
                return named
        bare = ARTICLE.sub("", bare)
        return only(letter for letter, option in self.pairs() if bare and ARTICLE.sub("", option) == bare)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """The letters that have a text, with it."""
        return zip(self.letters, self.texts, strict=False)

    def says(self, letter: str, text: str) -> bool:
        """Whether this plain text is that of a letter's option."""
        return text != "" and (letter, text) in self.pairs()

    def starts(self, text: str, place: int) -> tuple[str | None, int] | None:
        """(letter, end) of the longest option text that stands at `place` and ends a clause there."""
        head = re.compile(r"[\s*_`$\"'(\[]*").match(text, place).end()
        found = None
        for letter, option in self.pairs():
            end = head + len(option)
            if option in LETTER_TEXTS or text[head:end].casefold() != option or not CLAUSE_END.match(text, end):
                continue
            if found is None or end > found[1]:
                found = (letter, end)
            elif end == found[1]:
                found = (None, end)  # two options with one text
        return found


def only(found: Iterable):
    """What is found where it is one thing; None where there are none or several."""
    found = list(found)
    return found[0] if len(found) == 1 else None
