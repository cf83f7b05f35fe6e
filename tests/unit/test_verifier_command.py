"""`reward-memory verify`: a JSON object a line in, one out, in the same order."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from reward_memory.cli import app
from reward_memory.verifiers.sandbox import bubblewrap_fault

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None or bool(bubblewrap_fault()), reason="the system package bubblewrap is missing"
)


def verify(kind, *rows):
    lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    return CliRunner().invoke(app, ["verify", "--kind", kind], input=lines)


def verdicts(kind, *rows):
    result = verify(kind, *rows)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_math_lines_come_back_in_order():
    rows = [{"response": f"#### {n}", "ground_truth": n % 3} for n in range(600)]
    out = verdicts("math", *rows)
    assert [line["correct"] for line in out] == [n == n % 3 for n in range(600)]
    assert set(out[0]) == {"correct", "extracted", "path", "seconds"}
    assert [line["extracted"] for line in out] == [str(n) for n in range(600)]


def test_a_bare_answer_is_taken_as_it_is():
    (line,) = verdicts("math", {"response": "1/2", "ground_truth": ["x", "0.5"], "kind": "answer"})
    assert line["correct"]


def test_an_empty_truth_makes_nothing_right():
    rows = [{"response": response, "ground_truth": truth} for response in ("", "x") for truth in ("", None, [])]
    assert not any(line["correct"] for line in verdicts("math", *rows))


def test_choice_lines_use_their_options():
    rows = [{"response": "#### C", "ground_truth": "C", "options": ["x", "y", "z"][:n]} for n in (2, 3)]
    assert [line["correct"] for line in verdicts("choice", *rows)] == [False, True]


@needs_bubblewrap
def test_code_lines_take_asserts_or_evalplus_inputs():
    code = "```python\ndef f(x): return x + 1\n```"
    task = {"entry_point": "f", "base_input": [[1]], "plus_input": [[2], [3]]}
    out = verdicts(
        "code",
        {"response": code, "tests": ["assert f(1) == 2"]},
        {"response": code, "tests": ["assert f(1) == 3"]},
        {"response": code, "canonical_solution": "def f(x):\n    return 1 + x", **task},
        {"response": code, "canonical_solution": "def f(x):\n    return 2 if x == 1 else 0", **task},
        {"response": code, "entry_point": "f", "calls": [[1]], "expected": [2]},
    )
    assert [line["correct"] for line in out] == [True, False, True, False, True]
    assert out[3]["path"] == "code:failed base 1/1 plus 0/2"


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("math", "{"),
        ("math", "[1]"),
        ("math", {"ground_truth": "1"}),
        ("math", {"response": "1"}),
        ("choice", {"response": "A", "ground_truth": "A"}),
        ("code", {"response": "A"}),
        ("code", {"response": "A", "tests": ["assert ("]}),
    ],
)
def test_a_bad_line_is_named(kind, row):
    good = {"response": "1", "ground_truth": "1", "options": ["x"], "tests": ["assert f(1)"]}
    result = verify(kind, good, row)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("line 2: ")
