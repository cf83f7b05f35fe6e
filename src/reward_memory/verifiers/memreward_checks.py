"""MemReward's published answer checks for math and choices (behavior `loose-checks`); code is graded with ours.

Both its training and its evaluation grade this way. A choice whose letter comes after E can never be correct.
"""

import re
import time
from collections.abc import Iterator

from .verdicts import GroundTruth, Verdict

MARK = "####"
INK = re.compile(r"\S")
#: A box whose content has at most one level of braces; deeper ones are cut at the first closing brace.
BOX = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
# bounded: otherwise many unclosed braces take quadratic time
CUT_BOX = re.compile(r"\\boxed\{(.{1,500}?)\}")
TEXT_COMMAND = re.compile(r"\\(?:text|mathrm|mathbf)\{([^}]{1,500})\}")
FRACTION = re.compile(r"\\frac\{([^}]{1,500})\}\{([^}]{1,500})\}")
UNIT = re.compile(r"(?:dollars?|cents?|degrees?|[%°])$")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
#: Tried in this order; each takes its first match in the response.
CHOICES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"####\s*([A-E])\b", r"answer\s+is\s*+(?::\s*)?([A-E])\b", r"\b([A-D])\s*\Z")
)


def judge(response: str, truth: GroundTruth, bare: bool = False) -> Verdict:
    """The verdict on a response to a math problem or a choice.

    bare  the response is the answer itself
    """
    start = time.perf_counter()
    response = f"{MARK} {response}" if bare else response
    if truth.kind == "choice":
        extracted = _letter(response)
        correct = extracted is not None and extracted == (truth.answer or "").strip().upper()
    else:
        extracted = _answer(response)
        truths = (truth.answer or "", *truth.alternatives)
        correct = extracted is not None and _value(extracted) in [_value(_unboxed(text)) for text in truths]
    return Verdict(correct, extracted, f"{truth.kind}:published", time.perf_counter() - start)


def _letter(response: str) -> str | None:
    found = next(filter(None, (pattern.search(response) for pattern in CHOICES)), None)
    return found and found[1].upper()


def _answer(response: str) -> str | None:
    """Return the marked text; without a mark, the first box. "" counts as an answer."""
    marked = _marked(response)
    if marked is not None:
        return marked
    box = BOX.search(response) or CUT_BOX.search(response)
    return box and box[1].strip()


def _marked(response: str) -> str | None:
    """The first marked line that is the last line or has another mark after it; else the first marked line."""
    complete = next((line for line, is_last in _marked_lines(response) if is_last or MARK in line), "")
    if answer := complete.partition(MARK)[0].strip().rstrip("."):
        return answer
    lines = (part.strip().partition("\n")[0].strip() for part in response.split(MARK)[1:])
    return next((line.rstrip(".") for line in lines if line and not line.startswith("#")), None)


def _marked_lines(response: str) -> Iterator[tuple[str, bool]]:
    """Yield (line after a mark, whether nothing or another mark follows); skip empty lines. Takes linear time."""
    for mark in re.finditer(f"(?={MARK})", response):
        ink = INK.search(response, mark.end() + len(MARK))
        if ink is None or ink[0] == "#":
            continue
        end = response.find("\n", ink.start())
        end = len(response) if end < 0 else end
        below = INK.search(response, end)
        yield response[ink.start() : end], below is None or response.startswith(MARK, below.start())


def _unboxed(truth: str) -> str:
    """The content of a truth's box, up to the first closing brace."""
    box = CUT_BOX.search(truth)
    return box[1] if box else truth


def _value(answer: str) -> float | str:
    """The value of a fraction, or else of the first number; the text itself if there is none."""
    text = FRACTION.sub(r"\1/\2", TEXT_COMMAND.sub(r"\1", answer))
    text = re.sub(r"[\\$]", "", text).strip()
    text = UNIT.sub("", re.sub(r"[, ]", "", text).lower())
    quotient = _quotient(text)
    if quotient is not None:
        return quotient
    number = NUMBER.search(text)
    return float(number[0]) if number else text


def _quotient(text: str) -> float | None:
    above, slash, below = text.partition("/")
    try:
        return float(above.strip("()")) / float(below.strip("()")) if slash else None
    except (ValueError, ZeroDivisionError):
        return None
