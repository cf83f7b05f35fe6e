"""Mathematical answers: compared as text, as exact numbers, or by computer algebra in a worker that can be killed."""

import itertools
import json
import os
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reward_memory.answers.extraction import Answer, find_answer
from reward_memory.answers.numbers import (
    MULTIPLIERS,
    as_ascii,
    decimal_comma,
    last_match,
    last_number,
    number_in_words,
    number_with_unit,
    plain_number,
    without_contrast,
)

from .amounts import same_amount
from .endings import last_value
from .notation import formula_in_words
from .pool import WarmPool
from .sentences import (
    LONGEST_BARE,
    ONE_OF_TWO,
    PAIRS,
    SEVERAL,
    TEXT_ALONE,
    plain_answer,
    says_no_number,
    whole_number_at_the_end,
)
from .spelling import has_percent, is_prose, read_formula, undelimited, without_percent
from .wording import plain_words, same_ratio, without_condition

WORKER = Path(__file__).parent / "symbolic_worker.py"
LATEX = re.compile(r"[\\^{}_]|\$(?!\d)|[\d)\]]\$|=")
INERT = re.compile(r"\\[()\[\]!,;: ]|\\(?:left|right)(?![a-z])|[$\s]")
BETWEEN_DIGITS = re.compile(r"(?<=\d)(?:\s|\\[,;: ])+(?=\d)")
TEXT_COMMAND = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|texttt|textnormal|emph|mathrm|mathbf|mathsf|mbox)\s*\{([^{}]*)\}"
)
NO_SPACE = re.compile(r"\s*([^A-Za-z0-9\s])\s*")  # two words or two digits stay apart
RESIDUE = re.compile(
    r"(?:[A-Za-z]\s*\\equiv\s*)?(-?\d+)(?:\\[,; ]|\s)*(?:\\pmod\s*\{?\d+\}?|\((?:\\b?mod|mod)\s*\d+\)|"
    r"\\(?:text|mathrm)\s?\{\s?\(?mod\s?(?:\}\s?\d+\)|\d+\)?\s?\}))"
)
#: "more than 18" is not 18
BOUND = re.compile(
    r"[*_]*(?:(?:[^\W\d_]{1,20}\s){0,4}(?:más de|menos de|plus de|moins de|mehr als|weniger als)|"
    r"(?:more|less|fewer|greater|larger|smaller|higher|lower) than|not(?: equal to)?)\s+[-$\\\d(]",
    re.IGNORECASE,
)
#: 5 feet 6 inches is neither 5 nor 6
COMPOUND = re.compile(r"[*_$]*\d+(?:\.\d+)? ?[A-Za-z]{1,8}\.?,? (?:and )?\d+(?:\.\d+)? ?[A-Za-z]{1,8}\.?[*_$]*$")
DENIED = re.compile(r"[,;]?\s+(?:and\s+)?not\s+[-$]{0,2}[\d.,]+\W{0,3}$")  # "it is 41, not 42."
POINTS = re.compile(r"(?:(?:\\angle|\\triangle|[∠△])\s*)?[A-Z]{3,8}")  # ABCD, whose order matters
OPTION = re.compile(r"[A-J]|\([A-J]\)")  # the letter of an option, which an answer can name with its text
CLOCK = re.compile(
    r"(\d{1,2})\s?:\s?(\d{2})\s*(?:\\[,; ])?(?:\\(?:text|mathrm)\{)?\s*(?:([ap])\.?m\.?)?\s*\}?", re.IGNORECASE
)
#: "She arrives at 3:45 PM."
TIME = re.compile(r"(?<![\d:.,])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?([ap])\.?\s?m\b\.?)?", re.IGNORECASE)
#: "The ratio is 3 to 4."
RATIO_IN_SENTENCE = re.compile(
    r"(?<![\d:.,/])(\d{1,9})\s?(?::|to)\s?([1-9]\d{0,8})(?![\d:]|\s?[aApP]\.?[mM]\b)\D{0,80}$"
)
#: x = 12 apples
NAMED = re.compile(r"^\s*[A-Za-z]\s?=\s?(?=[-$€£¥.\d])")
RATIO_TRUTH = re.compile(r"\$?(\d{1,9})\s?:\s?([1-9]\d{0,8})\$?")
#: 120_5 and 120_{5}
BASED = re.compile(r"\$?\(?[0-9A-Z]{1,40}\)?\s?_\s?\{?\s?(\d{1,2})\s?\}?\$?")
FACTORIAL = re.compile(r"\d\s?!")
SENTENCE = re.compile(r"[.!?]\s|\n")
#: "The total is twenty-one dollars."
WORDED_END = re.compile(
    r"(?:is|are|was|be|has|have|makes?|equals?|needs?|gets?|leaves?|pays?) ([a-z][a-z -]{1,60})[.!]?\s{0,3}$"
)
RATIO = re.compile(r"\d+\s?(?::|\\colon|to|\\text\s?\{\s?to\s?\})\s?(?:\\?[$€£]\s?)?\d+")
WORDS = re.compile(r"[A-Za-z]{3,}(?:[ -][A-Za-z]+)*|yes|no", re.IGNORECASE)
COMPARED = re.compile(
    r"\b(?:más|menos|plus de|moins|mehr|weniger|mais|più|meno|under|fewer|less|more|above)\b", re.IGNORECASE
)
VERDICT = re.compile(r"(yes|no|true|false)[,;.:—-]", re.IGNORECASE)  # "No, it is not."
OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
#: a whole number, like most answers to grade-school problems
PLAIN = re.compile(r"(-?)\$?([1-9][0-9]{0,2}(?:,[0-9]{3}){1,6}|[0-9]{1,18})")
COUNTED = re.compile(r"(?<=,\d)(\d{0,3})\s[^\W\d_]{1,20}\.?$")  # 2,5 horas
LONG_TRUTH = 300  # characters; a longer truth is a worked solution
DEEPEST, LONGEST = 60, 2_000  # nesting and length beyond which an expression is not passed to computer algebra


@dataclass(frozen=True, slots=True)
class Judgment:
    """Whether an answer is right, what was read, and how it was decided."""

    correct: bool
    extracted: str | None
    path: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a worker: whether a reading of the answer equals the truth.

    truth      (source, whether source is running text in which the formula must still be found)
    readings   the same for the answer, the likeliest first
    percent    exactly one of the two is written as a percentage
    tolerance  absolute; 0 if the benchmark names none
    """

    truth: tuple[str, bool]
    readings: tuple[tuple[str, bool], ...]
    percent: bool = False
    tolerance: float = 0.0

    def payload(self) -> bytes:
        truth, is_text = self.truth
        job = {"truth": truth, "truth_is_text": is_text, "readings": self.readings}
        return json.dumps({**job, "percent": self.percent, "tolerance": self.tolerance}).encode()


def compare(answer: Answer, truth: str, tolerance: float = 0.0) -> Judgment | Question:
    """Return a judgment if text or numbers decide, otherwise a question for the worker.

    tolerance  absolute, for numbers, if the benchmark names one
    """
    found, wanted = PLAIN.fullmatch(answer.text), PLAIN.fullmatch(truth)
    if found and wanted and not tolerance:
        return _compare_plain(found, wanted)
    return _compare(answer, truth, tolerance)


def _compare_plain(found: re.Match, wanted: re.Match) -> Judgment:
    """The result of `_compare` for two whole numbers, in a fraction of its time."""
    if found.groups() == wanted.groups():
        return Judgment(True, found[0], "exact")
    one, other = (int(f"{match[1]}{match[2]}".replace(",", "")) for match in (found, wanted))
    return Judgment(one == other, found[0], "numeric")


def _compare(answer: Answer, truth: str, tolerance: float) -> Judgment | Question:
    if "####" in truth or truth.count("\\boxed") == 1 or (len(truth) > LONG_TRUTH and "\\boxed" in truth):
        truth = find_answer(truth).text  # a complete solution in place of its answer
    if not answer.text.strip() or not truth.strip():
        return Judgment(False, None, "no answer" if truth.strip() else "no ground truth")
    plain = plain_answer(answer, _is_ratio(truth))
    if plain is None:
        return Judgment(False, None, "no answer")
    answer, truth = plain, plain_words(truth)
    if answer.how != "text":
        text = plain_words(answer.text)
        answer = Answer(without_condition(text, truth), answer.how, answer.tail)
    for same in (same_ratio(answer.text, truth), same_amount(answer.text, truth)):
        if same is not None:
            return Judgment(same, answer.text, "numeric")
    clocks = CLOCK.fullmatch(answer.text.strip(" *_.$")), CLOCK.fullmatch(truth.strip(" *_.$"))
    if all(clocks) and any(clock[3] for clock in clocks):
        return Judgment(_same_time(*clocks), answer.text, "exact")
    if ":" in answer.text and answer.how != "boxed" and (moment := _time_at_the_end(answer.text)):
        if clocks[1]:
            return Judgment(_same_time(moment, clocks[1]), moment[0], "exact")
        if truth.isdigit():
            return Judgment(False, moment[0], "numeric")  # 3:45 is neither 3 nor 45
    ratio = RATIO_TRUTH.fullmatch(truth)
    if (
        ratio
        and not clocks[1]
        and answer.how != "boxed"
        and (said := RATIO_IN_SENTENCE.search(answer.text[-LONGEST_BARE:]))
    ):
        return Judgment(int(said[1]) * int(ratio[2]) == int(said[2]) * int(ratio[1]), said[0], "numeric")
    if _same(answer.text, truth):
        return Judgment(True, answer.text, "exact")
    return _compare_numbers(answer, truth, tolerance) or _question(answer, truth, tolerance)


def _compare_numbers(answer: Answer, truth: str, tolerance: float) -> Judgment | None:
    text, percent = answer.text, False
    if has_percent(text) or has_percent(truth):
        percent = has_percent(text) != has_percent(truth)
        text, truth = without_percent(text), without_percent(truth)
    text = without_contrast(text)
    wanted = plain_number(truth)
    if wanted is None:
        comma = decimal_comma(truth)
        if comma is not None and "." in text and plain_number(text) == comma:
            return Judgment(True, answer.text, "numeric")
        wanted = None if FACTORIAL.search(truth) else number_with_unit(truth)
        if wanted is None:
            return None
    if wanted.denominator == 1 and RATIO.fullmatch(text.strip("*_$. ")):
        return Judgment(False, answer.text, "numeric")  # 9:1 is not 9
    found = plain_number(text)
    if found is None and (worded := TEXT_ALONE.fullmatch(text.strip())):  # \\text{4 sides}
        text = worded[1]
        found = number_with_unit(text)
    if found is None:
        found = number_in_words(text)
    if found is None and answer.how == "text" and (ending := _last_words(text[-LONGEST_BARE:])):
        found = number_in_words(ending)
    if (
        found is None
        and answer.how != "text"
        and any(pattern.match(text) for pattern in (BOUND, COMPOUND, PAIRS, SEVERAL))
    ):
        return Judgment(False, answer.text, "numeric")
    if found is None:
        found = _worded_number(answer, text, truth, wanted)
    if found is not None:
        if found != wanted and _is_ratio(text) != _is_ratio(truth):
            return None  # 1/12 against 0.0833333: a question of precision
        return Judgment(_equal_numbers(found, wanted, percent, tolerance), answer.text, "numeric")
    if answer.how == "hash" and ONE_OF_TWO.fullmatch(text):
        return Judgment(False, answer.text, "numeric")
    if answer.how not in ("text", "statement") and says_no_number(text.strip()):
        return Judgment(False, answer.text, "not a formula")
    if answer.how == "text" and wanted.denominator == 1 and not percent and set(LATEX.findall(text)) == {"="}:
        last = whole_number_at_the_end(text)
        if last is not None:
            return Judgment(last == wanted, str(last), "numeric")
    if LATEX.search(text) or (answer.how != "text" and not _has_one_number(answer.how, text)):
        return None
    denied = DENIED.sub("", text)
    if (last := last_number(denied)) is not None and not formula_in_words(denied):
        return Judgment(_equal_numbers(last[1], wanted, percent, tolerance), last[0], "numeric")
    return None


def _last_words(text: str) -> str | None:
    """The words after the verb of a last sentence without digits; "is one reason" gives no number."""
    sentence = SENTENCE.split(text.strip())[-1]
    found = None if re.search(r"\d", sentence) else WORDED_END.search(sentence)
    return None if found is None or found[1].startswith("one ") else found[1]


def _has_one_number(how: str, text: str) -> bool:
    """Whether a marked line is a sentence with a single number: "El total es 90 euros."."""
    if how != "hash" or len(text) > LONGEST_BARE or not is_prose(text) or len(re.findall(r"\d[\d,.]*", text)) != 1:
        return False
    return not MULTIPLIERS.search(text) and not COMPARED.search(text)


def _worded_number(answer: Answer, text: str, truth: str, wanted: Fraction) -> Fraction | None:
    """The number of an answer that is more than a plain number: 2,74, 3 (mod 7), 18 apples."""
    if "mod" in text and "mod" not in truth and (residue := RESIDUE.fullmatch(text.strip("$ "))):
        return Fraction(residue[1])
    comma = decimal_comma(COUNTED.sub(r"\1", text)) if "." in truth or wanted.denominator > 1 else None
    if comma is not None:
        return comma
    if "=" in text and "=" not in truth:
        text = NAMED.sub("", text)
    if answer.how not in ("bare", "boxed") or re.search(r"\d [^\W\d_]{3}", text):
        return number_with_unit(text)
    return None


def _equal_numbers(found: Fraction, wanted: Fraction, percent: bool, tolerance: float) -> bool:
    """Whether numbers are equal; 10 % is 10 and 0.1 if only one of the two has the sign (`percent`)."""
    if percent and wanted in (found / 100, found * 100):
        return True
    return found == wanted or (tolerance > 0 and abs(found - wanted) <= Fraction(str(tolerance)))


def _time_at_the_end(text: str) -> re.Match | None:
    """The time of day that a sentence ends with."""
    found = last_match(TIME, text)
    if found is None or re.search(r"\d", text[found.end() :]) or not re.search(r"[^\W\d_]{2} ", text[: found.start()]):
        return None
    return found


def _same_time(one: re.Match, other: re.Match) -> bool:
    """Whether two times of day are the same; one of the two may lack a.m. and p.m."""

    def minutes(clock: re.Match) -> int:
        half = (clock[3] or "").lower()
        hour = int(clock[1]) % 12 + 12 * (half == "p") if half else int(clock[1])
        return 60 * hour + int(clock[2])

    if minutes(one) == minutes(other):
        return True
    return (one[3] is None) != (other[3] is None) and one[2] == other[2] and int(one[1]) == int(other[1])


def _is_ratio(text: str) -> bool:
    return "/" in text or "frac" in text


def _question(answer: Answer, truth: str, tolerance: float) -> Judgment | Question:
    if max(_depth(answer.text), _depth(truth)) > DEEPEST or max(len(answer.text), len(truth)) > 2 * LONGEST:
        return Judgment(False, answer.text[:LONGEST], "too long or too deep")
    formula = None if is_prose(truth) else read_formula(truth)
    readings = _readings(answer)
    if formula is not None and any(_closed(formula) == _closed(reading) for reading, _ in readings):
        return Judgment(True, answer.text, "exact")
    bases = BASED.fullmatch(answer.text), BASED.fullmatch(truth)
    if all(bases) and bases[0][1] != bases[1][1]:
        return Judgment(False, answer.text, "numeric")
    points = POINTS.fullmatch(_bare(answer.text)) and POINTS.fullmatch(_bare(truth))
    if not readings or points:
        return Judgment(False, answer.text[:LONGEST], "not a formula")
    percent = has_percent(answer.text) != has_percent(truth)
    return Question((truth, True) if formula is None else (formula, False), readings, percent, tolerance)


def _closed(formula: str) -> str:
    """Remove the spaces without meaning from a formula."""
    return NO_SPACE.sub(r"\1", formula)


def _readings(answer: Answer) -> tuple[tuple[str, bool], ...]:
    """Read an answer as one formula or, with words around it, as running text, whose last formula or number counts."""
    formula = read_formula(answer.text) if answer.how != "text" or len(answer.text) <= LONGEST_BARE else None
    value = last_value(answer.tail) if answer.how == "text" else None
    ending = read_formula(value) if value else None
    last = () if ending is None else ((ending, False),)
    if answer.how == "text" and (formula is None or is_prose(answer.text)):
        return ((_running(answer.tail[-LONGEST:]), True), *last)
    readings = last if formula is None else ((formula, False), *last)
    if is_prose(answer.text) or undelimited(answer.text) is None:
        text = answer.tail if answer.how == "statement" else answer.text
        readings += ((_running(text[-LONGEST:]), True),)
    return readings


def _running(text: str) -> str:
    """Running text for math-verify, with dollar signs around the formula that ends it."""
    found = formula_in_words(text)
    formula = found and read_formula(found[2])
    return as_ascii(f"{text[: found[0]]}${formula}${text[found[1] :]}" if formula else text)


def _depth(text: str) -> int:
    return max(itertools.accumulate((sign in "{([") - (sign in "})]") for sign in text), default=0)


def _same(answer: str, truth: str) -> bool:
    """Whether two texts are equal but for signs without meaning; for words, case is ignored."""
    answer, truth = _bare(answer), _bare(truth)
    if answer == truth:
        return answer != ""
    if answer.casefold() == truth.casefold():
        return WORDS.fullmatch(truth) is not None
    first = VERDICT.match(answer)
    if first and first[1].casefold() == truth.casefold():
        return OPPOSITES[truth.casefold()] not in re.findall(r"[a-z]+", answer.casefold())
    letter = truth.strip("()")
    return OPTION.fullmatch(truth) is not None and answer.startswith((f"({letter})", f"{letter})", f"{letter}."))


def _bare(text: str) -> str:
    text = as_ascii(text).strip().strip("*_`$ ").removesuffix(".").strip()
    if "\\" in text:
        text = TEXT_COMMAND.sub(r"\1", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
        text = text.strip().removesuffix(".")
    if text.isalnum():
        return text
    # a space between digits has a meaning: 1 2 is not 12
    return INERT.sub("", BETWEEN_DIGITS.sub("|", text))


class SymbolicPool:
    """math-verify in warm worker processes with a hard timeout; started on the first question."""

    def __init__(self, workers: int, timeout: float):
        self.timeout = timeout
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        if path := os.environ.get("PYTHONPATH"):  # may contain math-verify (pip install --target, cluster modules)
            environment["PYTHONPATH"] = path
        # -P: the worker's folder has modules with names of the standard library
        command = [sys.executable, "-P", "-s", str(WORKER), str(workers)]
        self.pool = WarmPool("the worker for symbolic answers", lambda: command, environment, in_flight=8 + 4 * workers)

    def ask(self, questions: list[Question]) -> list[Judgment]:
        """Judgments in the order of the questions."""
        replies = self.pool.run([({"timeout": self.timeout}, question.payload) for question in questions])
        judgments = []
        for question, reply in zip(questions, replies, strict=True):
            source = question.readings[0][0][:500]
            if reply.end == "ended":
                found = json.loads(reply.payload)
                extracted = found["extracted"] or source
                judgments.append(Judgment(found["equal"], extracted, "symbolic", reply.seconds))
            else:
                path = "timeout" if reply.end == "timeout" else "symbolic failed"
                judgments.append(Judgment(False, source, path, reply.seconds))
        return judgments

    def close(self) -> None:
        self.pool.close()
