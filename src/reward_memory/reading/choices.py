"""Multiple choice: which of the item's own options a response settles on."""

import re
import unicodedata

from .answers import Answer

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPEN = r"[\s(\[{*_`$\"'\u201c\u2018]*"
_CLOSE = r"[)\]}*_`$\"'\u201d\u2019]*"
BARE = re.compile(rf"{_OPEN}([A-Za-z]){_CLOSE}[\s.:,;!]*{_CLOSE}")
LEADING = re.compile(rf"{_OPEN}([A-Z])(?:[)\]}}*_`]+[.:,]?|[.:,)]){_CLOSE}(?:\s|$)")
SEVERAL = re.compile(r"\W{0,3}(?:or|and)\s+\W?[A-Z]\b")
SPACED = re.compile(r"([A-Z])\s+(\S.*)", re.DOTALL)
# a statement names a letter that stands alone: no part of a word, and no list of several
STATED = re.compile(
    r"(?:answer|option|choice|choose|chose|pick|select|correct(?: one)?)\b[\s*_`:=\"'(\[]{0,6}"
    r"(?:(?:is|are|be|would be|must be|should be|option|choice|letter|answer)\b[\s*_`:=\"'(\[]{0,6}){0,3}"
    r"(?<![\w'\u2019-])([A-Za-z])(?![\w'\u2019+=^-])(?!\W{1,3}(?:or|and|&|/)\W{1,3}[A-Za-z]\b)",
    re.IGNORECASE,
)
WRAPPED = re.compile(r"\(([A-Z])\)|\*\*\(?([A-Z])[).:]?\*\*|\[([A-Z])\]")
REASON = re.compile(r"\s+(?:because|since|as|for|due|given|which|so|but|and)\b")
ARTICLE = re.compile(r"^(?:an?|the)\s+")
TEXT_COMMAND = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textit)\s*\{([^{}]*)\}")
TAIL = 2_000  # characters at the end of an unmarked response in which a statement is looked for


def extract_letter(answer: Answer, options: tuple[str, ...]) -> tuple[str | None, str]:
    """(letter, how) with how "letter", "text" (an option's full text) or "stated"; (None, "no answer").

    Only letters of the item's own options count (A to E where it has none), never the first letter of a word, and none
    where several are named.
    """
    letters = LETTERS[: len(options)] or LETTERS[:5]
    text = TEXT_COMMAND.sub(r"\1", answer.text).strip()
    letter, how = _named(text, letters, options)
    if letter:
        return letter, how
    if answer.how != "text":
        text = f"answer is {text}"
    text = text[-TAIL:]
    stated = [match[1].upper() for match in STATED.finditer(text) if _is_letter(match, letters)]
    if stated:
        return stated[-1], "stated"
    wrapped = {next(filter(None, match.groups())) for match in WRAPPED.finditer(text)}
    if answer.how == "text" and len(wrapped) == 1 and wrapped <= set(letters):
        return wrapped.pop(), "stated"
    last = text.rsplit("\n", 1)[-1]
    return _named(last, letters, options) if answer.how == "text" else (None, "no answer")


def _named(text: str, letters: str, options: tuple[str, ...]) -> tuple[str | None, str]:
    """The letter that a short text is: "B", "(B)", "**B**", "B. text", "B text", or an option's text."""
    bare = BARE.fullmatch(text)
    if bare:
        letter = bare[1].upper()
        return (letter, "letter") if letter in letters else (None, "no answer")
    plain = _plain(text)
    texts = [_plain(option) for option in options]
    for exact in (plain, ARTICLE.sub("", plain)):
        named = [letter for letter, option in zip(letters, texts, strict=False) if exact and option == exact]
        if len(named) == 1:
            return named[0], "text"
    spaced = SPACED.fullmatch(text)
    if spaced and spaced[1] in letters and options and _plain(spaced[2]) == texts[letters.index(spaced[1])]:
        return spaced[1], "letter"
    leading = LEADING.match(text)
    if leading and leading[1] in letters and not SEVERAL.match(text, leading.end()):
        return leading[1], "letter"
    return None, "no answer"


def _is_letter(match: re.Match, letters: str) -> bool:
    """Whether a stated letter is one: "A dog" is an article with its noun, "A because" is a letter."""
    letter, after = match[1], match.string[match.end(1) :]
    if letter.upper() not in letters:
        return False
    ends = re.fullmatch(r"[\s.)\]*_`$!\"']*", after) is not None
    if letter.islower():
        return ends
    return letter not in "AI" or not re.match(r"\s+[a-z]", after) or REASON.match(after) is not None


def _plain(text: str) -> str:
    """Text without marks, case and final stop, for comparing with an option's full text."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", re.sub(r"[*_`$\"\u201c\u201d]", "", text)).strip(" .")
