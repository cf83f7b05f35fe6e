"""Amounts of several units, such as 1 hour 45 minutes, 5 feet 6 inches, 3 dollars and 20 cents, 112° 30'."""

import re
from fractions import Fraction

#: units that measure one quantity, relative to the unit of size 1
FAMILIES = (
    {"week": 10080, "day": 1440, "hour": 60, "hr": 60, "h": 60, "minute": 1, "min": 1, "second": Fraction(1, 60)}
    | {"sec": Fraction(1, 60), "s": Fraction(1, 60)},
    {"mile": 63360, "yard": 36, "yd": 36, "foot": 12, "feet": 12, "ft": 12, "inch": 1, "inche": 1, "in": 1},
    {"km": 100_000, "m": 100, "cm": 1, "mm": Fraction(1, 10), "kilometer": 100_000, "meter": 100, "centimeter": 1},
    {"dollar": 100, "cent": 1},
    {"pound": 16, "lb": 16, "ounce": 1, "oz": 1},
    {"kg": 1000, "g": 1, "kilogram": 1000, "gram": 1},
    {"°": 60, "'": 1},
)
_TEXT = re.compile(r"\\(?:text|mathrm|textrm|mbox)\s?\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s?\{?\s?\\circ\s?\}?|\\degree(?![a-zA-Z])")
_MINUTES = re.compile(r"\^\s?\{?\s?\\prime\s?\}?|′")
_PART = r"(\d{1,9}(?:\.\d{1,9})?)\s?([A-Za-z]{1,15}|°|')\.?"
_AMOUNT = re.compile(rf"{_PART}(?:(?:\s|,|\band\b){{0,5}}{_PART}){{0,3}}")
_PARTS = re.compile(_PART)
_SEPARATORS = re.compile(r"\\(?:displaystyle|left|right)(?![a-z])|\\[,;: ]|\\q?quad(?![a-zA-Z])|~|\s+")

Amount = list[tuple[Fraction, str]]


def same_amount(one: str, other: str) -> bool | None:
    """Whether two amounts are the same; None unless one of the two has several units.

    Amounts in units of one family, such as hours and minutes, are converted. A number without a unit counts in the
    amount's first unit.
    """
    found = [_read(text) for text in (one, other)]
    if not any(amount is not None and len(amount) > 1 for amount in found):
        return None
    if all(amount is not None for amount in found):
        totals = [_total(amount) for amount in found]
        if totals[0] and totals[1]:
            return totals[0] == totals[1]
        return sorted(found[0]) == sorted(found[1])
    amount, number = (found[0], other) if found[0] is not None else (found[1], one)
    total = _total(amount)
    plain = re.fullmatch(r"\\?\$?(\d{1,9}(?:\.\d{1,9})?)", number.strip(" $"))
    if not plain or total is None:
        return None
    family, value = total
    return value == Fraction(plain[1]) * FAMILIES[family][amount[0][1]]


def _read(text: str) -> Amount | None:
    """The parts of an amount; None if the text is something else."""
    text = _MINUTES.sub("'", _DEGREES.sub("°", text.replace("$", "")))
    text = _SEPARATORS.sub(" ", _TEXT.sub(r" \1 ", text)).strip(" .")
    if not _AMOUNT.fullmatch(re.sub(r"\s+", " ", text)):
        return None
    return [(Fraction(number), _singular(unit)) for number, unit in _PARTS.findall(text)]


def _singular(unit: str) -> str:
    unit = unit.lower()
    return unit[:-1] if unit.endswith("s") and len(unit) > 2 else unit


def _total(amount: Amount) -> tuple[int, Fraction] | None:
    """Return (index of its family, value in the unit of size 1); None if the units do not measure one quantity."""
    for place, family in enumerate(FAMILIES):
        if all(unit in family for _, unit in amount):
            return place, sum((number * family[unit] for number, unit in amount), Fraction(0))
    return None
