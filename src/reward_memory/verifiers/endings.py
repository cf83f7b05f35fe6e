"""Read the end of a text without marks: the right side of its last formula, or the number in "there are 8 ways"."""

import re

TAIL = 1_500  # characters in which the last formula begins
LAST_FORMULA = re.compile(
    r"(?:\$\$(?P<display>[^$]{1,1000})\$\$|(?<!\$)\$(?P<inline>[^$]{1,600})\$(?!\$)|"
    r"\\\[(?P<bracket>(?:(?!\\[\[\]])[\s\S]){1,1000})\\\]|\\\((?P<parenthesis>(?:(?!\\[()])[\s\S]){1,600})\\\)|"
    r"\\begin\{(?P<name>align\*?|aligned|gather\*?|equation\*?|eqnarray\*?)\}(?P<lines>[^$]{1,1200})\\end\{(?P=name)\})"
    r"(?:\s?[A-Za-z]{1,15})?[\s.]{0,5}$"
)
JOINED = re.compile(r"(?:\band|\bor|\$\s?,)\s*$")  # the last of several values
MORE_THAN_A_NAME = re.compile(r"\d|\\")
LINES = re.compile(r"\\\\(?:\[[^\]]{1,8}\])?")
EQUALS = re.compile(r"(?<![<>!:\\])=(?![=<>])")
_NUMBER = r"\$?(-?\d[\d,]{0,15}(?:\.\d{1,9})?|\d{1,9}\^(?:\d|\{\d{1,9}\}))\$?"
#: "There are $8$ multiples of 12 between 1 and 100.", "for a total of $6$ possible values of $x.$"
COUNTED = re.compile(
    rf"\b(?:[Tt]here (?:are|is|were)(?: (?:a total of|only|exactly|thus|therefore|in total))?|for a total of|giving us|"
    rf"leading to) {_NUMBER} (?!(?:of|times|in|more|less|fewer|x|groups|sets|rows|boxes|bags|packs)\b)"
    r"(?P<rest>[a-z][^.=]*)$"
)
#: words after which the sentence comes to another value
CONTINUES = re.compile(
    r"\b(?:so|thus|therefore|hence|but|then|giving|leaving|total|which|each|per|every|left|remain\w*|makes?|"
    r"and(?! \$?-?\d)|for a)\b"
)


def last_value(text: str) -> str | None:
    """The right side of the formula that ends a text, or a formula without an equals sign; None for one of several."""
    text = text[-TAIL:].rstrip()
    found = LAST_FORMULA.search(text)
    if found is None or JOINED.search(text, 0, found.start()):
        return None
    content = next(part for name, part in found.groupdict().items() if part is not None and name != "name")
    if found["name"]:
        content = next((line for line in reversed(LINES.split(content)) if line.strip()), "")
    value = EQUALS.split(content)[-1].replace("&", " ").strip(" \n\t.,;~")
    balanced = all(value.count(one) == value.count(other) for one, other in ("{}", "()", "[]"))
    return value if balanced and MORE_THAN_A_NAME.search(value) else None


def counted(sentence: str) -> str | None:
    """The number of a sentence that counts: "There are $8$ multiples of 12."; None for any other sentence."""
    found = COUNTED.search(sentence.rstrip(" .!*"))
    return found[1] if found and not CONTINUES.search(found["rest"]) else None
