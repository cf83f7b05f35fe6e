"""The truth that a response is judged against, and the verdict."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from reward_memory.errors import InputError

KINDS = {"math": "math", "qa": "choice", "code": "code"}  # domain of a query -> kind of truth


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """The truth of one query.

    kind      "math" | "choice" | "code"
    answer    math: the answer's text; choice: the letter
    options   choice: the options' texts in order A, B, ...
    tests     code: {"entry_point", "calls", "expected", "atol", "base"}, with every argument and expected value in
              the JSON form of sandbox/inside/values.py, `calls` a list of argument lists, and the first `base` calls
              the base tests; optional "oracle" (a name in oracles.ORACLES), "timeout" (seconds, if the task
              needs more than the grader's), "python_equality" (True is 1, as in evalplus) and "prompt" (the
              code that the program completes: imports, helpers, the function's head). Or {"assert": [line, ...]},
              with "prompt" if there is one; lines that are not asserts (imports, setup) run first.
    alternatives  math: other texts that are also right
    tolerance     math: largest absolute error of a number, if the benchmark names one; else 0
    """

    kind: str
    answer: str | None = None
    options: tuple[str, ...] = ()
    tests: dict | None = None
    alternatives: tuple[str, ...] = ()
    tolerance: float = 0.0

    @classmethod
    def from_query(cls, row: Mapping) -> "GroundTruth":
        """The truth of a row of parquet.QUERIES. InputError naming the id if the row has none."""
        kind = KINDS.get(row["domain"])
        if kind is None:
            raise InputError(f"{row['id']}: domain {row['domain']!r} is not one of {', '.join(KINDS)}.")
        column = "tests" if kind == "code" else "ground_truth"
        value = row.get(column)
        # pandas reads a null string as None or as nan
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{row['id']}: column {column} is empty; a response to this query cannot be graded.")
        if kind == "code":
            try:
                return cls(kind, tests=json.loads(value))
            except ValueError as error:
                raise InputError(f"{row['id']}: column tests is not JSON ({error}).") from error
        if kind == "math":
            return cls(kind, answer=value, tolerance=_tolerance(row))
        options = row.get("options") if kind == "choice" else None
        return cls(kind, answer=value, options=tuple(options) if options is not None else ())


def _tolerance(row: Mapping) -> float:
    """The tolerance in a math row's `tests`, {"tolerance": 0.1}; 0 without."""
    tests = row.get("tests")
    if not isinstance(tests, str) or not tests.strip():
        return 0.0
    try:
        tolerance = float(json.loads(tests).get("tolerance", 0))
    except (ValueError, AttributeError, TypeError):
        tolerance = -1.0
    if not 0 <= tolerance < float("inf"):
        raise InputError(f'{row["id"]}: column tests of a math query is not {{"tolerance": NUMBER}}: {tests[:80]}.')
    return tolerance


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgment and its reason.

    extracted  the answer that was found in the response; None if there was none
    path       how the judgment was reached, such as "math:numeric" or "code:timeout base 7/7 plus 3/12"
    seconds    spent on it; for symbolic answers and code, those of the worker
    """

    correct: bool
    extracted: str | None
    path: str
    seconds: float
