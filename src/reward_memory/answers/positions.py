"""Options named by position: "the second option is correct", "Option 2 is better", "Choice 3"."""

import re
from collections.abc import Collection

#: "the second option is correct"
PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
PLACED = re.compile(
    r"(?:^|[.!?,;:\n]|\b(?:so|thus|therefore|hence|that|and|but))[ \t*]{0,4}the[ \t]{1,3}"
    r"(first|second|third|fourth|fifth|last)[ \t]{1,3}(?:option|choice|answer|alternative|solution)[ \t]{1,3}"
    r"(?:(?:is|must[ \t]be)[ \t]{1,3}(?:the[ \t]{1,3})?(?:only[ \t]{1,3})?(?:correct|right|best|better)\b|"
    r"makes[ \t]{1,3}(?:more|the[ \t]most)[ \t]{1,3}sense\b)",
    re.IGNORECASE,
)
#: "Option 2 is correct.", "the answer is solution 1"
HAS_NUMBER = re.compile(r"(?:option|choice|solution|answer)[ \t]{1,3}[1-9]")
NUMBERED = re.compile(
    r"(?:(?:^|[.!?,;:\n]|\b(?:so|thus|therefore|hence|that|and|but|because))[ \t*]{0,4}"
    r"(?:option|choice|solution|answer)[ \t]{1,3}([1-9])[ \t*]{1,3}(?:is|must[ \t]be|seems|looks)[ \t]{1,3}"
    r"(?:(?:the|clearly|definitely)[ \t]{1,3})?(?:only[ \t]{1,3})?(?:correct|right|best|better)\b|"
    r"\b(?:answer|choice)[ \t]{1,3}(?:is|would[ \t]be|must[ \t]be)[ \t:*]{1,4}"
    r"(?:option|choice|solution)[ \t]{1,3}([1-9])(?![\w.,]\d|\w))",
    re.IGNORECASE,
)
#: "The third option.", "Choice 3", as a complete text
BY_PLACE = re.compile(
    r"[*_\s]*(?:(?:the[ \t])?(first|second|third|fourth|fifth|last)[ \t](?:one|option|choice|answer|alternative)|"
    r"(?:(?:option|choice|solution|ending)[ \t#]{1,3}\(?|sol(?:ution)?)([1-9])\)?)[*_\s.!]*",
    re.IGNORECASE,
)


def by_position(text: str, options: Collection[str]) -> list[tuple[re.Match, int]]:
    """Return (sentence, position from 0) of each option that a sentence chooses by its position.

    options  their texts; if one is a digit, "option 2" may mean it and does not count
    """
    lowered = text.lower()
    found = []
    if any(place in lowered for place in PLACES):
        found = [(match, PLACES[match[1].lower()]) for match in PLACED.finditer(text)]
    if HAS_NUMBER.search(lowered) and not any(option and option in "123456789" for option in options):
        found += [(match, int(match[1] or match[2]) - 1) for match in NUMBERED.finditer(text)]
    return found


def placed(text: str, item) -> str | None:
    """Return the letter of the option that a complete text names by position: "The third option.", "Choice 3"."""
    match = BY_PLACE.fullmatch(text) if item.texts else None
    if match is None or (match[2] and any(option and option in "123456789" for option in item.texts)):
        return None
    place = PLACES[match[1].lower()] if match[1] else int(match[2]) - 1
    return item.letters[place] if place < len(item.letters) else None
