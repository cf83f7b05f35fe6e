"""Sentences that end a response without a mark: those that give no answer, and remarks behind a number."""

import re

#: "I cannot solve this without the 2 figures."
UNABLE = re.compile(
    r"\bI(?:'m| am)? (?:sorry,? (?:but )?I (?:am )?)?(?:cannot|can't|can not|could not|couldn't|unable to|not able to) "
    r"(?:\w{1,12} ){0,2}(?:solve|determine|answer|help|assist|provide|compute|calculate|complete)\b"
    r"(?P<rest>[^=]{0,200})$"
)
GOES_ON = re.compile(r"\b(?:so|thus|therefore|hence|instead|but|however|then|is)\b", re.IGNORECASE)
#: "12 (which is 4 more than 8)", "12 is the answer, given that 3 are broken"
REMARK = re.compile(
    r"(?:\s\((?:which|since|because|as|given|including|instead)\b[^()\n]{1,120}\)|"
    r", (?:given that|because|since)\s[^.\n]{1,120}|"
    r",? which is [$\d.,]{1,20} (?:more|less|fewer|times)\b[^.\n]{1,80})[.!]?\s{0,3}$"
)
#: "Tom: 12, Ann: 15", a list of values with their names
PAIRS = re.compile(
    r"(?!.*\b(?i:total|sum|altogether|together|answer|result)\b)[A-Z][A-Za-z' ]{1,30}: ?[-$]{0,2}\d[\d.,]{0,20}"
    r"(?: [a-z]{1,20})?[,;] (?:and )?[A-Z][A-Za-z' ]{1,30}: ?[-$]{0,2}\d"
)


def declined(text: str) -> bool:
    """Whether a text ends with saying that there is no answer."""
    found = UNABLE.search(text.replace("\u2019", "'"))
    return found is not None and not GOES_ON.search(found["rest"])


def without_remark(text: str) -> str:
    """A text without the remark that ends its last sentence, where that sentence has a number before it."""
    found = REMARK.search(text, max(0, len(text) - 160))
    if found is None:
        return text
    sentence = re.split(r"[.!?]\s|\n", text[: found.start()])[-1]
    return text[: found.start()] if re.search(r"\d", sentence) else text
