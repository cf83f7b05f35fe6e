"""Mathematical answers: compared as text, as exact numbers, or by computer algebra in a worker that can be ended."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from ..reading.answers import Answer, find_answer
from ..reading.numbers import decimal_comma, last_number, number_with_unit, plain_number
from .pool import WarmPool

WORKER = Path(__file__).parent / "symbolic_worker.py"
LATEX = re.compile(r"[\\^{}_]|\$(?!\d)|[\d)\]]\$|=")
INERT = re.compile(r"\\[()\[\]!, ]|\\(?:left|right)(?![a-z])|[$\s]")
TEXT_COMMAND = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\{([^{}]*)\}")
WORDS = re.compile(r"[A-Za-z]{3,}(?:[ -][A-Za-z]+)*")
PROSE = 80  # characters; a longer statement is read again as running text
LONG_TRUTH = 300  # characters; a longer truth is a worked solution
DEEPEST, LONGEST = 60, 2_000  # nesting and length beyond which an expression is not handed to computer algebra


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an answer is right, what was read, and how that was found out."""

    correct: bool
    extracted: str | None
    path: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a worker is asked: whether a reading of the answer equals the truth.

    readings  (source, source is running text in which the answer has still to be found), the likeliest first
    """

    truth: str
    readings: tuple[tuple[str, bool], ...]

    def payload(self) -> bytes:
        return json.dumps({"truth": self.truth, "readings": self.readings}).encode()


def compare(answer: Answer, truth: str) -> Judgement | Question:
    """The judgement where text or numbers decide, the question for the worker where they do not."""
    if "####" in truth or truth.count("\\boxed") == 1 or (len(truth) > LONG_TRUTH and "\\boxed" in truth):
        truth = find_answer(truth).text  # a whole solution in place of its answer
    if not answer.text.strip() or not truth.strip():
        return Judgement(False, None, "no answer" if truth.strip() else "no ground truth")
    if _same(answer.text, truth):
        return Judgement(True, answer.text, "exact")
    return _compare_numbers(answer, truth) or _question(answer, truth)


def _compare_numbers(answer: Answer, truth: str) -> Judgement | None:
    wanted = plain_number(truth)
    if wanted is None:
        comma = decimal_comma(truth)
        if comma is not None and "." in answer.text and plain_number(answer.text) == comma:
            return Judgement(True, answer.text, "numeric")
        return None
    found = plain_number(answer.text)
    if found is None and "." in truth:
        found = decimal_comma(answer.text)
    if found is None and answer.how not in ("bare", "boxed"):
        found = number_with_unit(answer.text)
    if found is not None:
        if found != wanted and _is_ratio(answer.text) != _is_ratio(truth):
            return None  # 1/12 against 0.0833333: a question of precision
        return Judgement(found == wanted, answer.text, "numeric")
    if answer.how == "text" and not LATEX.search(answer.text) and (last := last_number(answer.text)) is not None:
        return Judgement(last[1] == wanted, last[0], "numeric")
    return None


def _is_ratio(text: str) -> bool:
    return "/" in text or "frac" in text


def _question(answer: Answer, truth: str) -> Judgement | Question:
    if max(_depth(answer.text), _depth(truth)) > DEEPEST or max(len(answer.text), len(truth)) > 2 * LONGEST:
        return Judgement(False, answer.text[:LONGEST], "too long or too deep")
    if answer.how == "text":
        readings = ((answer.tail[-LONGEST:], True),)
    elif answer.how == "statement":
        short = ((answer.text, False),) if len(answer.text) <= PROSE else ()
        readings = (*short, (answer.tail[-LONGEST:], True))
    elif answer.how == "boxed" and "\\boxed" not in answer.text:
        readings = ((answer.text.replace("\\$", "").replace("$", " "), False),)
    else:
        readings = ((answer.text, answer.how == "bare"),)
    return Question(truth, readings)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "{([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "})]":
            depth -= 1
    return deepest


def _same(answer: str, truth: str) -> bool:
    """Equality of what has a meaning; words whatever their case."""
    answer, truth = _bare(answer), _bare(truth)
    if answer == truth:
        return answer != ""
    return answer.casefold() == truth.casefold() and WORDS.fullmatch(truth) is not None


def _bare(text: str) -> str:
    text = text.strip().strip("*_` ").removesuffix(".").strip()
    if "\\" in text:
        text = TEXT_COMMAND.sub(r"\1", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return INERT.sub("", text)


class SymbolicPool:
    """math-verify in warm workers that a hard timeout ends; started on the first question."""

    def __init__(self, workers: int, timeout: float):
        self.timeout = timeout
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        # -P: the worker's folder has modules of names that the standard library has too
        command = [sys.executable, "-P", "-s", str(WORKER), str(workers)]
        self.pool = WarmPool("the worker for symbolic answers", lambda: command, environment, in_flight=8 + 4 * workers)

    def ask(self, questions: list[Question]) -> list[Judgement]:
        """Judgements in the order of the questions."""
        replies = self.pool.run([({"timeout": self.timeout}, question.payload) for question in questions])
        judgements = []
        for question, reply in zip(questions, replies, strict=True):
            source = question.readings[0][0][:500]
            if reply.end == "ended":
                found = json.loads(reply.payload)
                extracted = found["extracted"] or source
                judgements.append(Judgement(found["equal"], extracted, "symbolic", reply.seconds))
            else:
                path = "timeout" if reply.end == "timeout" else "symbolic failed"
                judgements.append(Judgement(False, source, path, reply.seconds))
        return judgements

    def close(self) -> None:
        self.pool.close()
