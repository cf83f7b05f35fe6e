"""Parse rows of the multiple-choice benchmarks; the truth becomes the letter of the right option."""

from typing import Any

from reward_memory.seeds import generator
from reward_memory.storage.files import digest

from ..items import LETTERS
from .rows import MissingAnswerError, Row, WrongValueError, as_integer

#: Question, four options and the letter of the right one.
MMLU_COLUMNS = 6
GPQA_OPTIONS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def labeled_options(row: dict[str, Any]) -> Row:
    """ARC, CommonsenseQA and OpenBookQA: options labeled A-E or 1-5, in the releases' form or the hub's."""
    question = row.get("question", row.get("question_stem"))
    if isinstance(question, str):
        stem, labels, texts = question, row["choices"]["label"], row["choices"]["text"]
    else:
        stem = question["stem"]
        labels = [choice["label"] for choice in question["choices"]]
        texts = [choice["text"] for choice in question["choices"]]
    key = row.get("answerKey")
    if len(labels) != len(texts) or len(set(labels)) != len(labels):
        raise WrongValueError("its choices do not have one distinct label each")
    return _row(stem, texts, list(labels).index(key) if key in labels else None, key)


def subject_question(row: list[str] | dict[str, Any]) -> Row:
    """MMLU: columns question, A, B, C, D, letter without a header; on the hub the answer is a number from 0."""
    if isinstance(row, dict):
        return _row(row["question"], row["choices"], as_integer(row["answer"]), row["answer"])
    if len(row) != MMLU_COLUMNS:
        raise WrongValueError(f"it has {len(row)} columns, not {MMLU_COLUMNS}")
    question, *texts, letter = row
    return _row(question, texts, LETTERS.find(letter.strip()) if len(letter.strip()) == 1 else None, letter)


def expert_question(row: dict[str, Any]) -> Row:
    """GPQA lists the right option first, so the options are shuffled with a seed from the row's text alone."""
    texts = [row[name].strip() for name in GPQA_OPTIONS]
    if not texts[0]:
        raise MissingAnswerError
    order = generator("gpqa", digest([row["Question"].strip(), *texts])).permutation(len(texts)).tolist()
    return _row(row["Question"], [texts[place] for place in order], order.index(0))


def social_question(row: dict[str, Any]) -> Row:
    """Social IQa: a situation and a question about it; labels 1, 2 and 3."""
    label = as_integer(row.get("label"))
    texts = [row["answerA"], row["answerB"], row["answerC"]]
    return _row(
        f"{row['context'].strip()} {row['question'].strip()}",
        texts,
        None if label is None else label - 1,
        row.get("label"),
    )


def physical_question(row: dict[str, Any]) -> Row:
    """PIQA: a goal and two ways to reach it; labels 0 and 1."""
    return _row(row["goal"], [row["sol1"], row["sol2"]], as_integer(row.get("label")), row.get("label"))


def _row(question: str, texts: list[str], right: int | None, given: Any = None) -> Row:
    """Build a row whose right option has the index `right`; the release calls it `given`."""
    if not isinstance(texts, list | tuple) or not 2 <= len(texts) <= len(LETTERS):
        raise WrongValueError(f"its options are not a list of 2 to {len(LETTERS)} texts")
    if not all(text.strip() for text in texts):
        raise WrongValueError("one of its options is empty")
    if right is None or not 0 <= right < len(texts):
        raise MissingAnswerError("" if given in (None, "") else f"{given!r} is not one of its {len(texts)} options")
    return Row(question.strip(), LETTERS[right], tuple(text.strip() for text in texts))
