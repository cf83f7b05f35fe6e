"""Label-free checks of a response: whether its arithmetic holds, and whether it keeps to the question.

Not in the paper. They are further columns of `signals`; `graph-plus` uses them if they help on labeled queries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

#: Columns of `checks`.
NAMES = (
    "equations_right",  # log of the number of equations that hold
    "equations_wrong",  # log of the number of those that do not
    "words_kept",  # share of the question's words that the response contains
    "words_new",  # log of the number of its words that are not in the question
    "numbers_kept",  # share of the question's numbers that the response contains
    "numbers_new",  # 1 if it contains a number that is not in the question
    "option_said",  # multiple choice: 1 if the thinking contains the chosen option's text
    "others_said",  # log of the number of other options that it contains
    "option_chosen",  # 1 if the chosen letter is an option
)
WIDTH = len(NAMES)
#: Characters of a response that are read, so that no text takes long.
LONGEST = 8_000
#: Maximum digits of a number in an equation; equations with longer ones are skipped.
DIGITS = 18

NUMBER = r"(?:\d[\d,]{0,30}(?:\.\d{1,30})?|\.\d{1,30})"
TERM = rf"\$?\s?{NUMBER}"
EQUATION = re.compile(rf"(?<![\w.])(-?{TERM}(?:\s?[-+*/×÷]\s?{TERM}){{1,8}})\s?=\s?(?=(-?)\$?({NUMBER}))")
TOKEN = re.compile(rf"{NUMBER}|[-+*/×÷]")
WORD = re.compile(r"[^\W\d_]{3,}")
INTEGER = re.compile(r"\d+")
OPTION = re.compile(r"^\s{0,8}\(?([A-J])[.):]\s*(\S.{0,200})$", re.MULTILINE)


def checks(query: str, thinking: Sequence[str], answers: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """(n, WIDTH) float32: the columns NAMES for the n responses to one query.

    keys  of the answers, from `signals.answer_key`
    """
    stem = OPTION.sub("", query).casefold()
    words, numbers = set(WORD.findall(stem)), set(INTEGER.findall(stem))
    options = {letter: text.strip().casefold() for letter, text in OPTION.findall(query)}
    rows = []
    for full, answer, key in zip(thinking, answers, keys, strict=True):
        thought, chosen = full[:LONGEST].casefold(), options.get(key)
        right, wrong = equations(thought)
        text = f"{thought}\n{answer[:LONGEST].casefold()}"
        response_words, response_numbers = set(WORD.findall(text)), set(INTEGER.findall(text))
        others = sum(option in thought for letter, option in options.items() if letter != key)
        rows.append(
            (
                math.log1p(right),
                math.log1p(wrong),
                len(words & response_words) / max(len(words), 1),
                math.log1p(len(response_words - words)),
                len(numbers & response_numbers) / max(len(numbers), 1),
                bool(response_numbers - numbers),
                chosen is not None and chosen in thought,
                math.log1p(others) if chosen is not None else 0,
                chosen is not None,
            )
        )
    return np.array(rows, np.float32).reshape(len(rows), WIDTH)


def equations(text: str) -> tuple[int, int]:
    """Numbers of equations `a op b ... = c` in a text that hold and that do not; c may be rounded."""
    right = wrong = 0
    for match in EQUATION.finditer(text):
        value, stated = _value(match[1]), _number(match[3])
        if value is None or stated is None:
            continue
        decimals = len(match[3].partition(".")[2])
        slack = Fraction(1, 2 * 10**decimals) if decimals else 0
        if abs(value - (-stated if match[2] else stated)) <= slack:
            right += 1
        else:
            wrong += 1
    return right, wrong


def _value(expression: str) -> Fraction | None:
    """Evaluate numbers joined by + - * /, multiplication and division first; None if undefined."""
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
