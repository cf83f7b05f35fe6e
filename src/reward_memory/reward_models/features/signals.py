"""Label-free signals of a response: agreement with its siblings, its length, its answer.

Not in the paper, whose answer features (`answer_features`) measure agreement in mathematics only.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import Answer, find_answer
from reward_memory.answers.numbers import last_number, number_with_unit, plain_number

from . import checks

#: Columns of `signals` before those of `checks`.
SIGNALS = (
    "share",  # of the query's responses that give the same answer
    "majority",  # 1 if no other answer is given more often
    "answers",  # number of different answers, per response of the query
    "largest_share",  # of the query's most common answer
    "answered",  # 1 if there is an answer
    "thinking_likeness",  # mean cosine similarity to the other responses' thinking
    "answer_likeness",  # the same for the answers
    "length",  # log of the thinking's characters
    "relative_length",  # length minus its mean over the query's responses
    "answer_length",
    "whole",  # mathematics: the answer is an integer,
    "negative",  # is negative,
    "magnitude",  # log of its absolute value,
    "given",  # is a number in the question,
    "derived",  # is a number in the thinking
    "used",  # share of the question's numbers that the thinking uses
    "invented",  # log of the number of other numbers in the thinking
)
NAMES = (*SIGNALS, *checks.NAMES)
WIDTH = len(NAMES)
FENCE = re.compile(r"```(?:python)?\n(.*?)(?:```|\Z)", re.DOTALL)
NUMBER = re.compile(rf"(?<![\w.]){checks.NUMBER}")
LAYOUT = re.compile(r"[\s$*`#]+|\\[,;! ]|\.$")


def answer_key(answer: str, domain: str) -> str:
    """Key that two answers share if they say the same; "" if there is no answer.

    math: the number, or the text without layout; qa: the letter, or the text; code: the program without layout and
    comments.
    """
    if domain == "code":
        return _program(answer)
    found = find_answer(answer)
    if domain == "math":
        number = _number(found)
        return str(number) if number is not None else LAYOUT.sub("", found.text)
    letter, _ = extract_letter(found, ())
    return letter or LAYOUT.sub("", found.text).casefold()


def _number(answer: Answer) -> Fraction | None:
    number = plain_number(answer.text)
    if number is None and answer.how != "boxed":
        number = number_with_unit(answer.text)
    if number is None and answer.how == "text" and (last := last_number(answer.text)):
        return last[1]
    return number


def _program(answer: str) -> str:
    fence = FENCE.search(answer)
    code = fence[1] if fence else answer
    try:
        return ast.dump(ast.parse(code)) if code.strip() else ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "".join(code.split())


def signals(
    queries: Sequence[str],
    thinking: Sequence[str],
    answers: Sequence[str],
    keys: Sequence[str],
    vectors: tuple[np.ndarray, np.ndarray],
    group: np.ndarray,
    domains: Sequence[str],
) -> np.ndarray:
    """(r, WIDTH) float32, the columns NAMES.

    queries            q texts
    thinking, answers  r texts
    keys               r keys from `answer_key`, "" for no answer
    vectors            (r, d) unit vectors of thinking and of answers
    group              (r,) int64, non-decreasing: the query of each response
    domains            q domains: math | qa | code
    """
    out = np.zeros((len(group), WIDTH), np.float32)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(group)], strict=True):
        query, rows = int(group[start]), slice(start, end)
        out[rows, :5] = _agreement(keys[start:end])
        for column, array in enumerate(vectors, start=5):
            out[rows, column] = _likeness(array[rows])
        lengths = np.log1p([len(text) for text in thinking[start:end]])
        out[rows, 7] = lengths
        out[rows, 8] = lengths - lengths.mean()
        out[rows, 9] = np.log1p([len(text) for text in answers[start:end]])
        if domains[query] == "math":
            given = _numbers(queries[query])
            pairs = zip(thinking[start:end], answers[start:end], strict=True)
            out[rows, 10 : len(SIGNALS)] = [_calculation(given, *pair) for pair in pairs]
        out[rows, len(SIGNALS) :] = checks.checks(
            queries[query], thinking[start:end], answers[start:end], keys[start:end]
        )
    return out


def _agreement(keys: Sequence[str]) -> np.ndarray:
    """(n, 5): the columns share, majority, answers, largest_share, answered of one query's responses."""
    votes = Counter(key for key in keys if key)
    most, count = max(votes.values(), default=0), len(keys)
    both = (len(votes) / count, most / count)
    return np.array(
        [(votes[key] / count, votes[key] == most, *both, 1) if key else (0, 0, *both, 0) for key in keys], np.float32
    )


def _likeness(vectors: np.ndarray) -> np.ndarray:
    """(n,) mean cosine of each of n unit vectors with the others; 1 for a single vector."""
    if len(vectors) == 1:
        return np.ones(1)
    return (vectors @ vectors.sum(0) - 1) / (len(vectors) - 1)


def _calculation(given: set[Fraction], thinking: str, answer: str) -> tuple[float, ...]:
    """The columns of SIGNALS from `whole` on."""
    number, used = _number(find_answer(answer)), _numbers(thinking)
    coverage = len(used & given) / max(len(given), 1), math.log1p(len(used - given))
    if number is None:
        return (0, 0, 0, 0, 0, *coverage)
    magnitude = math.log1p(min(abs(number), 10**12))
    return (number.denominator == 1, number < 0, magnitude, number in given, number in used, *coverage)


def _numbers(text: str) -> set[Fraction]:
    return {Fraction(number.replace(",", "")) for number in NUMBER.findall(text)}
