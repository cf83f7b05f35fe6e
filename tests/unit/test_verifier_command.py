"""`reward-memory verify`: a JSON object a line in, one out, in the same order."""

import json
import math
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from reward_memory.cli import app
from reward_memory.verifiers import command
from reward_memory.verifiers.sandbox import bubblewrap_fault

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None or bool(bubblewrap_fault()), reason="the system package bubblewrap is missing"
)


def verify(kind, *rows, isolation="bubblewrap"):
    lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    return CliRunner().invoke(app, ["verify", "--kind", kind, "--isolation", isolation], input=lines)


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


def test_a_line_may_name_a_tolerance():
    line = {"response": "\\boxed{3.15}", "ground_truth": "3.14"}
    assert [v["correct"] for v in verdicts("math", line, line | {"tolerance": 0.01})] == [False, True]


def test_an_empty_truth_makes_nothing_right():
    rows = [{"response": response, "ground_truth": truth} for response in ("", "x") for truth in ("", [])]
    assert not any(line["correct"] for line in verdicts("math", *rows))


def test_choice_lines_use_their_options():
    rows = [{"response": "#### C", "ground_truth": truth, "options": ["x", "y", "z"]} for truth in "BC"]
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
    ("kind", "row", "reason"),
    [
        ("math", "{", "not a JSON object"),
        ("math", "", "empty"),
        ("math", "[1]", "not a JSON object but list"),
        ("math", "[" * 100_000, "not a JSON object"),
        ("math", {"ground_truth": "1"}, "`response` is missing"),
        ("math", {"response": "1"}, "`ground_truth` is missing"),
        ("math", {"response": None, "ground_truth": "1"}, "`response` must be a text or a finite number, not null"),
        ("math", {"response": True, "ground_truth": "1"}, "`response` must be a text or a finite number, not true"),
        (
            "math",
            {"response": "1", "ground_truth": math.nan},
            "`ground_truth` must be a text or a finite number, not NaN",
        ),
        ("math", {"response": -math.inf, "ground_truth": 1}, "`response` must be a text or a finite number, not -Inf"),
        ("math", {"response": "1", "ground_truth": ["1", None]}, "`ground_truth` must be"),
        ("math", {"response": ["1"], "ground_truth": "1"}, "`response` must be"),
        ("math", {"response": "1", "ground_truth": "1", "tolerance": -1}, "`tolerance` must be a number from 0 to"),
        (
            "math",
            {"response": "1", "ground_truth": "1", "tolerance": 10**400},
            "`tolerance` must be a number from 0",
        ),
        ("choice", {"response": "A", "ground_truth": "A"}, "`options`"),
        ("choice", {"response": "A", "ground_truth": "C", "options": ["x", "y"]}, "`ground_truth` must be a letter"),
        ("choice", {"response": "A", "ground_truth": 0, "options": ["x", "y"]}, "`ground_truth` must be a letter"),
        (
            "choice",
            {"response": "A", "ground_truth": ["A", ""], "options": ["x", "y"]},
            "`ground_truth` must be a letter",
        ),
        ("code", {"response": "A"}, "tests: neither"),
        ("code", {"response": "A", "tests": ["assert ("]}, "tests"),
        ("code", {"response": "A", "tests": [1]}, "the tests cannot be read"),
        (
            "code",
            {"response": "A", "entry_point": "f", "calls": [1], "expected": [1], "base": "x"},
            "the tests cannot be",
        ),
    ],
)
def test_a_bad_line_gets_its_reason_and_the_next_ones_are_graded(kind, row, reason):
    good = {"response": "A", "ground_truth": "A", "options": ["x"], "entry_point": "f", "calls": [[]], "expected": [1]}
    result = verify(kind, good, row, good, isolation="reduced")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in line for line in lines] == [False, True, False]
    assert lines[1]["error"].startswith(f"line 2: {reason}")
    assert {name: lines[1][name] for name in ("correct", "extracted", "path")} == {
        "correct": False, "extracted": None, "path": None
    }  # fmt: skip
    assert lines[0]["correct"] is lines[2]["correct"] is (kind != "code")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "1 of 3 lines could not be graded; their `error` says why."


def test_broken_text_and_a_byte_order_mark_cost_one_line_at_most():
    good = b'{"response": "#### 1", "ground_truth": 1}'
    half = b'{"response": "\\ud800 #### 1", "ground_truth": 1}'
    result = CliRunner().invoke(
        app, ["verify", "--kind", "math"], input=b"\xef\xbb\xbf" + b"\n".join([good, b"\xff", half, good])
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["correct"] for line in lines] == [True, False, True, True]
    assert lines[1]["error"] == "line 2: not UTF-8 (byte 0)."


@pytest.mark.parametrize(
    ("response", "truth"), [(2, "2"), (0.5, "1/2"), ("3", 3), ("2.50", 2.5), (1e22, 10**22), (-4, -4.0)]
)
def test_numbers_are_read_as_texts(response, truth):
    (line,) = verdicts("math", {"response": response, "ground_truth": truth, "kind": "answer"})
    assert line["correct"]


def test_an_integer_beyond_all_floats_is_read():
    row = {"response": 10**400, "ground_truth": 10**400}
    assert [line["correct"] for line in verdicts("math", row, row | {"ground_truth": 5}, row)] == [True, False, True]


def test_a_line_that_is_too_long_is_one_bad_line(monkeypatch):
    monkeypatch.setattr(command, "LONGEST_LINE", 1_000)
    monkeypatch.setattr(command, "READ_BYTES", 300)
    good = {"response": "1", "ground_truth": "1"}
    result = verify("math", good, {"response": "1" * 5_000, "ground_truth": "1"}, good)
    assert [json.loads(line)["correct"] for line in result.stdout.splitlines()] == [True, False, True]


def test_a_verdict_comes_before_the_next_line_is_written():
    line = b'{"response": "#### 1", "ground_truth": "1"}\n'
    asked = [sys.executable, "-m", "reward_memory.cli", "verify", "--kind", "math"]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for _ in range(2):
            process.stdin.write(line)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["correct"]
        process.stdin.close()
        assert process.wait() == 0


def test_a_missing_bubblewrap_ends_the_command_and_names_its_option(monkeypatch):
    monkeypatch.setattr(command, "bubblewrap_fault", lambda: "is not installed")
    result = verify("code", {"response": "x", "tests": ["assert f(1)"]})
    assert (result.exit_code, result.stdout) == (1, "")
    assert "--isolation reduced" in result.stderr
    assert "config" not in result.stderr
