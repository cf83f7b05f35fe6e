"""The options of one item: their letters and their texts."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from .numbers import number_with_unit, plain_number

#: "The blue whale, of course!"
SURE = re.compile(
    r",? (?:of course|obviously|clearly|definitely|for sure|i (?:think|believe|guess)|i would say|i'd say)[!]?$"
)
ARTICLE = re.compile(r"^(?:an?|the)\s+")
#: not part of a value: spaces, LaTeX signs, wrappers of upright units
NO_VALUE = re.compile(r"\s|~|(?<=[a-z])\^(?=\d)|\\[,;:!()\[\]]|\\(?=[%$&])|\\(?:text|mathrm|left|right)(?![a-z])|[{}$]")
WORDS = (
    (re.compile(r"(?<=\d)\s*(?:\\text\s?\{\s?)?(?:per ?cent)\b"), "%"),
    (re.compile(r"(?<=\d)\s*(?:\\text\s?\{\s?)?(?:degrees? celsius)\b"), "°c"),
    (re.compile(r"(?<=\d)(\s*(?:\\text\s?\{\s?)?)met(?:er|re)s?\b"), r"\1m"),
    (re.compile(r"^\\?\$?\s?(\d[\d,.]*)\s*(?:\\text\s?\{\s?)?dollars?\b"), r"$\1"),
)
LETTER_TEXTS = ("", *"abcdefghijklmnopqrstuvwxyz")  # a letter alone is a letter, whatever the options are
CLAUSE_END = re.compile(r"[*_`$\"')\]}]*(?:[.,;:!](?=[\s*]|$)|\s*$|\s*\n|\s+(?:because|since|as|which|due|is|was)\b)")


def plain(text: str) -> str:
    """Remove marks, case and the final period, to compare a text with an option's full text."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", re.sub(r"[*_`$\"\u201c\u201d]", "", text)).strip(" .")


def _value(text: str) -> str:
    """Remove spaces and LaTeX wrappers from a value."""
    text = text.replace("\\dfrac", "\\frac")
    for pattern, short in WORDS:
        text = pattern.sub(short, text)
    return NO_VALUE.sub("", text)


@dataclass(frozen=True, slots=True)
class Item:
    """The letters that count, and the plain texts of the options ("" if an option has none)."""

    letters: str
    texts: tuple[str, ...]

    def named_by(self, text: str) -> str | None:
        """Return the letter of the only option with this text; None without one."""
        bare = SURE.sub("", plain(text).lstrip("= "))
        for exact in (bare, ARTICLE.sub("", bare)):
            if named := only(letter for letter, option in self.pairs() if exact and option == exact):
                return named
        if re.search(r"\d", bare):  # values, ignoring LaTeX signs and spaces: 25\\%, 40 m, \\frac{2}{3}
            value = _value(bare)
            if named := only(letter for letter, option in self.pairs() if value and _value(option) == value):
                return named
            number = plain_number(bare)  # 40, with the options 20 m, 40 m and 50 m
            if number is not None and (
                named := only(letter for letter, option in self.pairs() if number_with_unit(_value(option)) == number)
            ):
                return named
        bare = ARTICLE.sub("", bare)
        return only(letter for letter, option in self.pairs() if bare and ARTICLE.sub("", option) == bare)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """Pairs of a letter and its option's text."""
        return zip(self.letters, self.texts, strict=False)

    def says(self, letter: str, text: str) -> bool:
        """Whether this plain text is the option of this letter."""
        return text != "" and (letter, text) in self.pairs()

    def starts(self, text: str, place: int) -> tuple[str | None, int] | None:
        """Return (letter, end) of the longest option text that begins at `place` and ends a clause."""
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
    """Return the only item; None if there are none or several."""
    found = list(found)
    return found[0] if len(found) == 1 else None
