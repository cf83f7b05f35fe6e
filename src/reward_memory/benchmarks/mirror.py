"""Benchmarks in a local folder, in the formats of their original releases.

Layout, every file plain or with `.gz` appended:

    gsm8k/{train,test}.jsonl                              question, answer (ends in `#### 72`)
    arc_challenge/ARC-Challenge-{Train,Dev,Test}.jsonl    question {stem, choices [{label, text}]}, answerKey
    arc_challenge/train_1056_hub_shape.jsonl              instead of -Train: question, choices {label, text}, answerKey
    commonsenseqa/{train,dev}_rand_split.jsonl            as ARC (its test split has no answers and is not read)
"""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from .items import LETTERS, Item, option_lines
from .prompts import system_prompt
from .registry import DOMAINS


class Row(NamedTuple):
    """What a release format says about one item."""

    question: str
    ground_truth: str
    options: tuple[str, ...] | None = None


class MissingAnswerError(ValueError):
    """A row without an answer."""


def word_problem(row: dict[str, Any]) -> Row:
    """GSM8K: the truth stands after the last `####` of the worked answer, thousands with commas."""
    _, mark, truth = (row.get("answer") or "").rpartition("####")
    truth = truth.strip().replace(",", "")
    if not mark or not truth:
        raise MissingAnswerError
    return Row(row["question"].strip(), truth)


def multiple_choice(row: dict[str, Any]) -> Row:
    """ARC and CommonsenseQA: labels may be A-E or 1-5; the truth becomes the letter of its position."""
    question = row["question"]
    if isinstance(question, str):
        stem, labels, texts = question, row["choices"]["label"], row["choices"]["text"]
    else:
        stem = question["stem"]
        labels = [choice["label"] for choice in question["choices"]]
        texts = [choice["text"] for choice in question["choices"]]
    if row.get("answerKey") not in labels:
        raise MissingAnswerError
    options = tuple(text.strip() for text in texts)
    return Row(stem.strip(), LETTERS[labels.index(row["answerKey"])], options)


class Release(NamedTuple):
    """Where a benchmark lies below the mirror: source split -> file names, of which the first present is read."""

    folder: str
    files: dict[str, tuple[str, ...]]
    parse: Callable[[dict[str, Any]], Row]


RELEASES = {
    "gsm8k": Release("gsm8k", {"train": ("train.jsonl",), "test": ("test.jsonl",)}, word_problem),
    "arc_c": Release(
        "arc_challenge",
        {
            "train": ("ARC-Challenge-Train.jsonl", "train_1056_hub_shape.jsonl"),
            "valid": ("ARC-Challenge-Dev.jsonl",),
            "test": ("ARC-Challenge-Test.jsonl",),
        },
        multiple_choice,
    ),
    "commonsenseqa": Release(
        "commonsenseqa",
        {"train": ("train_rand_split.jsonl",), "valid": ("dev_rand_split.jsonl",)},
        multiple_choice,
    ),
}


def files(name: str, mirror: Path) -> dict[str, Path]:
    """Source split -> file of a benchmark. InputError names the benchmark that no mirror holds, or the missing file."""
    if name not in RELEASES:
        raise InputError(
            f"benchmarks: {name}: source 'mirror' holds {', '.join(RELEASES)} only; choose source 'generated'."
        )
    release = RELEASES[name]
    return {split: _find(Path(mirror) / release.folder, names) for split, names in release.files.items()}


def load(name: str, mirror: Path, answer_format: str = "hash") -> list[Item]:
    """Every item of a benchmark, all source splits pooled in order.

    InputError names the file, and the row where there is one, for a benchmark that no mirror holds, a missing or
    truncated file, a row of another shape and a row without an answer.
    """
    paths, domain = files(name, mirror), DOMAINS[name]
    parse = RELEASES[name].parse
    system = ("system", system_prompt(domain, answer_format))
    items = []
    for split, path in paths.items():
        for number, record in _records(path):
            row = _parse(parse, record, path, number)
            user = row.question if row.options is None else f"{row.question}\n{option_lines(row.options)}"
            items.append(Item(split, number - 1, (system, ("user", user)), row.ground_truth, row.options))
    return items


def _find(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise InputError(f"{folder / names[0]}: no such file (nor .gz); put the benchmark's release there.")


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    """(row number from 1, decoded JSON) of every line that is not blank."""
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        # Lines end at \n alone: U+2028 and U+0085 occur inside JSON strings.
        with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: row {number} is not a whole JSON line; the file is damaged or cut short.") from error
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: cannot be read beyond row {number}; fetch the file again.") from error


def _parse(parse: Callable[[dict[str, Any]], Row], record: Any, path: Path, number: int) -> Row:
    try:
        return parse(record)
    except MissingAnswerError as error:
        raise InputError(f"{path}: row {number} has no answer; complete or remove the row.") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{path}: row {number} is not of the released format ({error!r}); fetch it again.") from error
