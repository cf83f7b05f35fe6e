"""Plain numbers in answers: the fast path that needs no computer algebra."""

import re
from fractions import Fraction

CURRENCY = "$€£¥₹"
MINUS = "-\u2212\u2013"  # hyphen, minus sign, en dash
_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_MONEY = rf"(?:\\?[{CURRENCY}])?"
NUMBER = re.compile(rf"([{MINUS}+]?)\s?{_MONEY}\s?([{MINUS}+]?)({_DIGITS})(?:\s?/\s?(\d+))?")
FRACTION = re.compile(rf"([{MINUS}]?)\\[dtc]?frac\{{([{MINUS}]?)(\d+)\}}\{{(\d+)\}}|([{MINUS}]?)\\[dtc]?frac(\d)(\d)")
DECIMAL_COMMA = re.compile(rf"([{MINUS}]?)(\d+),(\d+)")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
TOKEN = re.compile(rf"(?<![\w.,])[{MINUS}]?{_MONEY}(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:/\d+)?")
# what is counted: words of three letters and more, because one or two may be a variable, "pi" or a unit that matters
UNIT = re.compile(r"(?:\s?[A-Za-z][A-Za-z]{2,20}){1,4}")
# but not words that change the value of the number before them
MULTIPLIERS = re.compile(
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|percent|hal(?:f|ves)|thirds?|quarters?|fourths?|fifths?|"
    r"sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|and|over|times|plus|minus|squared|cubed|divided|choose|"
    r"mod|per|sqrt|sin|cos|tan|log|exp|cot|sec|csc|degrees?|radians?|power|inf|infinity|base|factorial)\b",
    re.IGNORECASE,
)
LONGEST = 400  # characters; a longer number is no final answer


def plain_number(text: str) -> Fraction | None:
    """The exact value of a text that is one number: sign, currency, thousands, decimals, a/b; None otherwise."""
    text = text.strip().strip("*_` ")
    if len(text) > LONGEST:
        return None
    if text.startswith("\\(") and text.endswith("\\)"):
        text = text[2:-2]
    if len(text) > 1 and text.endswith("$"):  # LaTeX delimiters; a leading $ alone may be currency
        text = text[:-1].strip("$")
    text = text.strip().removesuffix(".").replace("{,}", ",").replace("\\,", "").replace("\\!", "")
    match = NUMBER.fullmatch(text)
    return _value(match) if match else _fraction(text)


def decimal_comma(text: str) -> Fraction | None:
    """The value of "2,74", which is no number with thousands; None otherwise."""
    match = DECIMAL_COMMA.fullmatch(text.strip().strip(CURRENCY).strip()[:LONGEST])
    if match is None or THOUSANDS.fullmatch(f"{match[2]},{match[3]}"):
        return None
    value = Fraction(f"{match[2]}.{match[3]}")
    return -value if match[1] else value


def number_with_unit(text: str) -> Fraction | None:
    """The value of a number that is followed by nothing or by words that name what is counted."""
    text = text.strip().strip("*_`. ")[:LONGEST]
    match = NUMBER.match(text)
    if not match:
        return None
    rest = text[match.end() :].strip("*_ .!")
    if rest and (not UNIT.fullmatch(rest) or MULTIPLIERS.search(rest)):
        return None
    return _value(match)


def last_number(text: str) -> tuple[str, Fraction] | None:
    """The last number of a text as it stands there, and its value."""
    found = TOKEN.findall(text)
    if not found or len(found[-1]) > LONGEST:
        return None
    token = found[-1].rstrip(",")
    value = plain_number(token)
    if value is None:
        value = decimal_comma(token)
    return (token, value) if value is not None else None


def _fraction(text: str) -> Fraction | None:
    """The value of one \\frac of integers."""
    match = FRACTION.fullmatch(text) if "frac" in text else None
    if match is None:
        return None
    sign, inner, top, bottom, short_sign, short_top, short_bottom = match.groups()
    if top is None:
        sign, inner, top, bottom = short_sign, "", short_top, short_bottom
    if int(bottom) == 0:
        return None
    value = Fraction(int(top), int(bottom))
    return -value if bool(sign) != bool(inner) else value


def _value(match: re.Match) -> Fraction | None:
    sign, inner, digits, divisor = match.groups()
    if sign and inner:
        return None
    value = Fraction(digits.replace(",", "").rstrip(".") or "0")
    if divisor is not None:
        if int(divisor) == 0:
            return None
        value /= int(divisor)
    return -value if (sign or inner) and (sign or inner) in MINUS else value
