"""`reward-memory verify`: a filter that grades lines of JSON as they arrive."""

import functools
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, TextIO

from reward_memory.answers.choices import LETTERS
from reward_memory.errors import InputError

from .code import tests_of
from .evalplus import build_tests
from .grader import Grader
from .sandbox import bubblewrap_fault
from .verdicts import GroundTruth

BATCH = 256  # lines that are graded and written together
READ_BYTES = 1 << 20
LONGEST_LINE = 64 << 20  # bytes; a longer line is rejected
MAX_TOLERANCE = 1e300  # of a tolerance; a larger integer may not fit a float
FIELDS = ("correct", "extracted", "path", "seconds")
TASK_KEYS = ("tests", "entry_point", "calls", "expected", "atol", "base", "oracle", "timeout", "task_id", "prompt")
TASK_KEYS += ("canonical_solution", "base_input", "plus_input")
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError, MemoryError)


def verify_lines(source: BinaryIO, sink: TextIO, kind: str, grader: Grader, isolation: str) -> tuple[int, int]:
    """Write a verdict to `sink` for each line of `source`, in order and without delay; return (lines, bad lines).

    A line that cannot be read gets `"correct": false` and the reason as `error`; later lines are still graded.
    """
    number = bad = 0
    for lines in _batches(source):
        records: list[dict | None] = []
        good: list[tuple[int, str, GroundTruth, bool]] = []
        for line in lines:
            number += 1
            try:
                row = _row(line)
                response, bare = _written(row["response"], "response"), row.get("kind") == "answer"
                good.append((len(records), response, _truth(row, kind, isolation), bare))
                records.append(None)
            except InputError as error:
                records.append(dict.fromkeys(FIELDS) | {"correct": False, "error": f"line {number}: {error}"})
        bad += len(records) - len(good)
        if good:
            places, responses, truths, bare = zip(*good, strict=True)
            for place, verdict in zip(places, grader.grade(responses, truths, bare), strict=True):
                records[place] = {name: getattr(verdict, name) for name in FIELDS}
        sink.writelines(json.dumps(record) + "\n" for record in records)
        sink.flush()
    return number, bad


def isolation_fault(isolation: str) -> str:
    """Why code cannot run with this isolation, in one sentence that names the command's option; "" if it can."""
    fault = bubblewrap_fault() if isolation == "bubblewrap" else ""
    advice = "install the package bubblewrap, or pass `--isolation reduced` to run code with less isolation"
    return f"bubblewrap {fault}; {advice}." if fault else ""


def _batches(source: BinaryIO) -> Iterator[list[bytes | None]]:
    """Yield the lines that have arrived, in batches of at most BATCH; None for a line that is too long to keep."""
    pending, skipping, first = bytearray(), False, True
    while block := source.read1(READ_BYTES):
        if first:
            first, block = False, block.removeprefix(b"\xef\xbb\xbf")
        *ended, rest = block.split(b"\n")
        lines: list[bytes | None] = []
        for part in ended:
            lines.append(None if skipping else bytes(pending + part))
            pending, skipping = bytearray(), False
        pending += rest
        if len(pending) > LONGEST_LINE:
            pending, skipping = bytearray(), True
        for start in range(0, len(lines), BATCH):
            yield lines[start : start + BATCH]
    if pending or skipping:
        yield [None if skipping else bytes(pending)]


def _row(line: bytes | None) -> dict:
    if line is None:
        raise InputError(f"longer than {LONGEST_LINE >> 20} MiB.")
    if not line.strip():
        raise InputError("empty; each line must be a JSON object.")
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start}).") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"not a JSON object ({error}).") from error
    if not isinstance(row, dict):
        raise InputError(f"not a JSON object but {type(row).__name__}.")
    if "response" not in row:
        raise InputError("`response` is missing.")
    return row


def _written(value: object, key: str) -> str:
    """Return a text unchanged, and a finite number in digits."""
    if isinstance(value, str):
        return value
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not finite:
        shown = json.dumps(value)[:40]
        raise InputError(f"`{key}` must be a text or a finite number, not {shown}.")
    return str(value) if isinstance(value, int) else f"{Decimal(repr(value)):f}".removesuffix(".0")


def _truth(row: dict, kind: str, isolation: str) -> GroundTruth:
    if kind == "code":
        try:
            return _code_truth(json.dumps({name: row[name] for name in TASK_KEYS if name in row}), isolation)
        except UNREADABLE as error:
            raise InputError(f"the tests cannot be read ({type(error).__name__}: {error}).") from error
    if "ground_truth" not in row:
        raise InputError("`ground_truth` is missing.")
    truth = row["ground_truth"]
    texts = [_written(text, "ground_truth") for text in (truth if isinstance(truth, list) else [truth])]
    options = row.get("options") or []
    if not isinstance(options, list) or (kind == "choice" and not options):
        raise InputError("`options` must be the list of the options' texts.")
    if kind == "choice" and len(options) > 26:
        raise InputError(f"`options` has {len(options)} texts; there are 26 letters.")
    first, *others = texts or [""]
    options = tuple(_written(option, "options") for option in options)
    letters = LETTERS[: len(options)]
    if kind == "choice" and (unknown := [text for text in texts if not text or text.strip().upper() not in [*letters]]):
        raise InputError(f"`ground_truth` must be a letter from A to {letters[-1]}, not {json.dumps(unknown[0])[:40]}.")
    tolerance = row.get("tolerance", 0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance <= MAX_TOLERANCE:
        raise InputError(f"`tolerance` must be a number from 0 to {MAX_TOLERANCE:g}, not {json.dumps(tolerance)[:40]}.")
    return GroundTruth(kind, answer=first, options=options, alternatives=tuple(others), tolerance=float(tolerance))


@functools.lru_cache(maxsize=512)
def _code_truth(task: str, isolation: str) -> GroundTruth:
    """The truth of a code line, cached: many responses share a task, whose canonical solution runs only once."""
    row = json.loads(task)
    tests = row.get("tests")
    if isinstance(tests, list):
        prompt = {"prompt": row["prompt"]} if "prompt" in row else {}
        truth = GroundTruth("code", tests={"assert": tests} | prompt)
    elif isinstance(tests, dict):
        truth = GroundTruth("code", tests=tests)
    elif "base_input" in row and "canonical_solution" in row and "entry_point" in row:
        truth = GroundTruth("code", tests=build_tests([row], isolation)[0])
    else:
        truth = GroundTruth("code", tests=row)
    tests_of(truth)
    return truth
