"""Parse rows of the math benchmarks: a problem, and its answer as text, number, list, or at the end of a solution."""

import json
import re
from typing import Any

from .rows import NO_NUMBER, MissingAnswerError, Row, UnusableError, WrongValueError, as_integer

#: Instructions that training sets in verl's format put before or after a problem.
INSTRUCTIONS = (
    "Let's think step by step and output the final answer within \\boxed{}.",
    "Solve the following math problem step by step. The last line of your response should be of the form Answer: "
    "$Answer (without quotes) where $Answer is the answer to the problem.",
    'Remember to put your answer on its own line after "Answer:".',
)
BOX = re.compile(r"\\(?:boxed|fbox)\s*")
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # an escaped brace is text
NUMBER = re.compile(r"\d")
WHOLE = re.compile(r"-?\d+\.0+")
#: MEDS trains on these levels of MATH.
HARD = (3, 4, 5)
LEVELS = (1, 2, *HARD)
_LETTER = re.compile(r"\(?[A-E]\)?(?!\S)")  # of an option, alone or before its text
LEVEL = re.compile(r"\s*(?:level)?\s*", re.IGNORECASE)


def word_problem(row: dict[str, Any]) -> Row:
    """GSM8K: the truth follows the last `####` of the worked answer, with commas for thousands."""
    _, mark, truth = (row["answer"] or "").rpartition("####")
    truth = truth.strip().replace(",", "")
    if not mark or not truth:
        raise MissingAnswerError
    if not NUMBER.search(truth) and not NO_NUMBER.fullmatch(truth):
        raise WrongValueError(f"its answer is {truth!r}, which is not a number")
    return Row(row["question"].strip(), truth)


def symbolic_problem(row: dict[str, Any]) -> Row:
    """GSM-Symbolic: the instances of one template, which is a GSM8K test problem, share its number."""
    if as_integer(row["original_id"]) is None:
        raise WrongValueError(f"its original_id is {row['original_id']!r}, which is not a whole number")
    return word_problem(row)._replace(template=f"gsm8k-{row['original_id']}")


def problem(row: dict[str, Any]) -> Row:
    """A problem with an answer, or else with a solution whose last box is the answer."""
    if "reward_model" in row:
        return _verl_problem(row)
    question = row["problem"] if "problem" in row else row["question"]
    for key in ("answer", "final_answer"):
        if row.get(key) is not None:
            return Row(question.strip(), answer_text(row[key]), tests=tolerance(row.get("error")))
    if not any(key in row for key in ("answer", "final_answer", "solution")):
        raise KeyError("answer")
    if not isinstance(row.get("solution"), str | None):  # OlympiadBench's proofs, which have a list and no answer
        raise MissingAnswerError
    return Row(question.strip(), boxed_answer(row.get("solution")))


def competition_problem(row: dict[str, Any]) -> Row:
    """A problem of AIME or AMC, whose answer must be a number: other copies of AMC have an option's letter instead."""
    parsed = problem(row)
    if _LETTER.match(parsed.ground_truth or ""):
        raise WrongValueError(f"its answer is {parsed.ground_truth}, the letter of a choice instead of a number")
    return parsed


def tolerance(error: Any) -> str | None:
    """OlympiadBench: the largest allowed error of an answer, in the form that verifiers.GroundTruth reads.

    If several answers have one each, as in "1e-1,1e-2", the smallest counts. WrongValueError if one is no number.
    """
    if error is None or not str(error).strip():
        return None
    try:
        values = [float(part) for part in str(error).split(",") if part.strip()]
    except ValueError:
        values = []
    if not values or not all(0 <= value < float("inf") for value in values):
        raise WrongValueError(f"error: {error!r} is not a number of at least 0")
    return json.dumps({"tolerance": min(values)}) if min(values) else None


def solved_problem(row: dict[str, Any]) -> Row:
    """MATH and NuminaMath: the last box of the solution is the answer. One solution of MATH has an empty box, and many
    of NuminaMath are proofs without any."""
    try:
        if "reward_model" in row:
            return _verl_problem(row)
        return Row(row["problem"].strip(), boxed_answer(row["solution"]))
    except MissingAnswerError as error:
        raise UnusableError("no boxed answer in the solution") from error


def hard_problem(row: dict[str, Any]) -> Row:
    """MATH's levels 3 to 5, on which MEDS trains, given as `Level 5` or as a number. Two rows have `Level ?`."""
    given = row["level"]
    level = as_integer(LEVEL.sub("", given, count=1) if isinstance(given, str) else given)
    if given != "Level ?" and level not in LEVELS:
        raise WrongValueError(f"its level is {given!r}, which is not a level from 1 to 5")
    if level not in HARD:
        raise UnusableError(f"Level {'?' if level is None else level} of MATH, where only 3 to 5 are used")
    return solved_problem(row)


def training_problem(row: dict[str, Any]) -> Row:
    """DAPO-Math-17k: in verl's format, or on the hub with the bare problem in `prompt` and the answer in `solution`."""
    if isinstance(row["prompt"], str):
        return Row(_bare(row["prompt"]), answer_text(row["solution"]))
    return _verl_problem(row)


def _verl_problem(row: dict[str, Any]) -> Row:
    """Parse a row in verl's format: the truth is a text, a list of texts, or a dict with question, solution and answer.

    The answer in such a dict has lost its white space (`2,3,{}4`), so the box in the solution is read instead.
    """
    truth = row["reward_model"]["ground_truth"]
    if isinstance(truth, dict):
        solved = truth.get("solution")
        return Row(_bare(truth["question"]), boxed_answer(solved) if solved else answer_text(truth["target"]))
    return Row(_bare(row["prompt"][-1]["content"]), answer_text(truth))


def _bare(text: str) -> str:
    for instruction in INSTRUCTIONS:
        text = text.strip().removeprefix(instruction).removesuffix(instruction)
    return text.strip()


def boxed_answer(solution: str | None) -> str:
    """Return the content of a solution's last box, braces balanced. MissingAnswerError if there is none.

    It does not use the verifiers' parser of responses: editing that must not rebuild queries and all rollouts.
    """
    marks = list(BOX.finditer(solution or ""))
    if not marks:
        raise MissingAnswerError
    rest = solution[marks[-1].end() :]
    if not rest.startswith("{"):  # \boxed 5
        return answer_text(rest.split(maxsplit=1)[0].strip("$.,") if rest.strip() else None)
    depth = 0
    for sign in BRACE.finditer(rest):
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
        if depth == 0:
            return answer_text(rest[1 : sign.start()])
    raise MissingAnswerError


def answer_text(answer: Any) -> str:
    """Convert an answer to text: 27.0 to 27, several parts are joined by commas. MissingAnswerError if it is empty."""
    if isinstance(answer, list):
        text = ", ".join(answer_text(part) for part in answer)
    elif answer is None or isinstance(answer, bool | dict):
        text = ""
    else:
        text = str(answer).strip()
        text = text.split(".")[0] if WHOLE.fullmatch(text) else text
    if not text or text == "nan":
        raise MissingAnswerError
    return text
