"""What a response says about itself, read without a label: does its arithmetic hold, does it keep to the question.

Not in the paper; further columns of `signals`, which `graph-plus` takes where they help on labeled queries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

#: Columns of `checks`.
NAMES = (
    "equations_right",  # log of the written equations that hold
    "equations_wrong",  # and of those that do not
    "words_kept",  # share of the question's words that the response has
    "words_new",  # log of its words that the question lacks
    "numbers_kept",  # share of the question's numbers that the response has
    "numbers_new",  # 1 if it has a number that the question lacks
    "option_said",  # choices: 1 if the thinking has the chosen option's text,
    "others_said",  # log of the other options that it has,
    "option_chosen",  # 1 if the chosen letter is an option
)
WIDTH = len(NAMES)
#: More of a response is not looked at: no text may take long.
LONGEST = 8_000
#: Digits of a number in an equation; longer ones are not calculated with.
DIGITS = 18

NUMBER = r"(?:\d[\d,]{0,30}(?:\.\d{1,30})?|\.\d{1,30})"
TERM = rf"\$?\s?{NUMBER}"
EQUATION = re.compile(rf"(?<![\w.])(-?{TERM}(?:\s?[-+*/×÷]\s?{TERM}){{1,8}})\s?=\s?(?=(-?)\$?({NUMBER}))")
TOKEN = re.compile(rf"{NUMBER}|[-+*/×÷]")
WORD = re.compile(r"[^\W\d_]{3,}")
WHOLE = re.compile(r"\d+")
OPTION = re.compile(r"^\s{0,8}\(?([A-J])[.):]\s*(\S.{0,200})$", re.MULTILINE)


def checks(query: str, thinking: Sequence[str], answers: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """(n, WIDTH) float32 of the n responses to one query, the columns NAMES.

    keys  of the answers, as `signals.answer_key` gives them
    """
    stem = OPTION.sub("", query).casefold()
    words, numbers = set(WORD.findall(stem)), set(WHOLE.findall(stem))
    options = {letter: text.strip().casefold() for letter, text in OPTION.findall(query)}
    rows = []
    for whole, answer, key in zip(thinking, answers, keys, strict=True):
        thought, chosen = whole[:LONGEST].casefold(), options.get(key)
        right, wrong = equations(thought)
        text = f"{thought}\n{answer[:LONGEST].casefold()}"
        said, figures = set(WORD.findall(text)), set(WHOLE.findall(text))
        others = sum(option in thought for letter, option in options.items() if letter != key)
        rows.append(
            (
                math.log1p(right),
                math.log1p(wrong),
                len(words & said) / max(len(words), 1),
                math.log1p(len(said - words)),
                len(numbers & figures) / max(len(numbers), 1),
                bool(figures - numbers),
                chosen is not None and chosen in thought,
                math.log1p(others) if chosen is not None else 0,
                chosen is not None,
            )
        )
    return np.array(rows, np.float32).reshape(len(rows), WIDTH)


def equations(text: str) -> tuple[int, int]:
    """How many of the equations `a op b ... = c` in a text hold, and how many do not; c may be rounded."""
    right = wrong = 0
    for match in EQUATION.finditer(text):
        value, told = _value(match[1]), _number(match[3])
        if value is None or told is None:
            continue
        decimals = len(match[3].partition(".")[2])
        slack = Fraction(1, 2 * 10**decimals) if decimals else 0
        if abs(value - (-told if match[2] else told)) <= slack:
            right += 1
        else:
            wrong += 1
    return right, wrong


def _value(expression: str) -> Fraction | None:
    """Of numbers and + - * / in between, multiplication and division first; None where it is not defined."""
    tokens = TOKEN.findall(expression)
    sign = -1 if tokens and tokens[0] == "-" else 1
    tokens = tokens[1:] if sign < 0 else tokens
    numbers = [_number(token) for token in tokens[::2]]
    if None in numbers or len(tokens) % 2 == 0:
        return None
    terms = [sign * numbers[0]]
    for operator, number in zip(tokens[1::2], numbers[1:], strict=True):
        if operator in "*×":
            terms[-1] *= number
        elif operator in "/÷":
            if number == 0:
                return None
            terms[-1] /= number
        else:
            terms.append(number if operator == "+" else -number)
    return sum(terms, Fraction(0))


def _number(text: str) -> Fraction | None:
    digits = text.replace(",", "")
    return Fraction(digits) if len(digits) <= DIGITS else None
