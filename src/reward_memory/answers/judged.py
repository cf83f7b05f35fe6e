"""Options that a response judges one by one: "(A) False. (B) True.", "A ✗ B ✓", "A is wrong, B is wrong; C"."""

import re

#: each option with its verdict, on one line or on separate lines
JUDGED = re.compile(
    r"(?<![A-Za-z])\(?([A-Z])(?:[).:]{1,2}[ \t]{0,3}[*]{0,2}(?=[tcfiwyn])|\?[ \t](?=[yn]))"
    r"(true|correct|false|incorrect|wrong|yes|no)"
    r"(?=[*]{0,2}(?:[.,;!)\n]|[ \t]*$|[ \t]+\(?[A-Z][).:?]|[ \t]+(?:because|since|as)\b))",
    re.IGNORECASE,
)
#: each option with a tick or a cross: "**A** ✗ **B** ✓"
MARKED = re.compile(r"(?<![A-Za-z])\(?([A-Z])[*]{0,2}[).:]?[*]{0,2}[ \t]{0,3}([\u2705\u2713\u2714\u274c\u2715-\u2718])")
RIGHT = ("true", "correct", "yes", "\u2705", "\u2713", "\u2714")
#: "A is wrong", "B is not correct", "D can be ruled out"
DENIED = re.compile(
    r"(?<![A-Za-z])\(?([A-Z])\)?(?: is| are|'s)? (?:also )?(?:clearly )?"
    r"(?:wrong|incorrect|false|not (?:correct|right|true)|(?:can be |is )?(?:ruled out|eliminated|excluded))"
    r"(?![A-Za-z])"
)
SINGLE = re.compile(r"(?<![A-Za-z'\u2019])([A-Z])(?![A-Za-z'\u2019])")
VERDICTS = re.compile(r"(?:true|false|correct|incorrect|wrong|yes|no)\b")


def judged(text: str, letters: str, texts: tuple[str, ...]) -> tuple[str | None, str] | None:
    """Return (letter, "stated") if a text judges options one by one and calls exactly one right.

    letters  of the options
    texts    plain texts of the options (`items.Item`)

    (None, "no answer") if it calls several right, or none; None if it judges fewer than two.
    """
    for pattern in (JUDGED, MARKED):
        found = pattern.findall(text)
        named = [letter for letter, _ in found]
        if len(found) < 2 or len(set(named)) < len(named) or not set(named) <= set(letters):
            continue  # not a list of the options
        if pattern is JUDGED and any(VERDICTS.match(option) for option in texts):
            continue  # the options repeated
        right = [letter for letter, verdict in found if verdict.lower() in RIGHT]
        return ("".join(right), "stated") if len(right) == 1 else (None, "no answer")
    return None


def left_over(text: str, letters: str) -> str | None:
    """The one option that a text names and does not deny, if it denies all others: "A is wrong, C is wrong: B"."""
    denied = {match[1] for match in DENIED.finditer(text)}
    left = [letter for letter in letters if letter not in denied]
    if len(letters) < 3 or not denied <= set(letters):
        return None
    return next((letter for letter in left if left == [letter] and letter in SINGLE.findall(text)), None)
