"""The tests of a code answer: how they are read, what the sandbox is told, and the verdict on what comes back."""

import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers import GroundTruth
from reward_memory.verifiers.code import tests_of as read_tests
from reward_memory.verifiers.programs import Program
from reward_memory.verifiers.sandbox import Call, Run

CALLS = {"entry_point": "f", "calls": [[1], [2], [3]], "expected": [1, 2, 3]}
ASSERTS = {"assert": ["import math", "assert f(1) == f(2) == 5", "x = 1", "assert g(3) > 6"]}
PROMPT = "import math\n\n\ndef g(x):\n    return x\n\n\n@cached\ndef f(x):\n    '''More than x.'''\n"


def read(tests: object):
    return read_tests(GroundTruth("code", tests=tests))


def verdict(tests: dict, *values: bytes | None, end: str = "ended", error: str = "") -> tuple[bool, str]:
    """What is said of these returned values; None for a call that raised."""
    calls = tuple(Call(b"", "ValueError: x") if value is None else Call(value, None) for value in values)
    return read(tests).judge(Run(end, 0.1, error, calls))


@pytest.mark.parametrize(
    ("tests", "sentence"),
    [
        (None, "tests: a code answer needs an object of tests."),
        (CALLS | {"prompt": 5}, "tests: `prompt` must be the text of the code that the program completes."),
        ({}, 'tests: neither "assert" nor "entry_point" with "calls" and "expected" was found.'),
        (CALLS | {"entry_point": 5}, "tests: neither "),
        (CALLS | {"calls": {}}, "tests: neither "),
        (CALLS | {"expected": [1, 2]}, "tests of f: give at least one call, and one expected value per call."),
        (CALLS | {"expected": "123"}, "tests of f: give at least one call, and one expected value per call"),
        (CALLS | {"calls": [], "expected": []}, "tests of f: .* at least one call"),
        (CALLS | {"oracle": "sets"}, "tests of f: oracle 'sets' is not one of set, not_none, "),
        ({"assert": ["x = 1"]}, "tests: there is no assert line."),
    ],
)
def test_what_is_no_test_is_refused_by_what_is_wrong_with_it(tests, sentence):
    with pytest.raises(InputError, match=sentence):
        read(tests)


def test_the_sandbox_is_told_the_calls_and_no_expected_value():
    program = Program("def f(x): return 2 * x", ("def h(): pass",), True)
    assert read(CALLS | {"prompt": PROMPT, "timeout": 3}).job(program) == {
        "code": {
            "text": "def f(x): return 2 * x",
            "head": "@cached\ndef f(x):\n    '''More than x.'''\n",
            "name": "f",
            "prose": True,
        },
        "earlier": ["import math\n\n\ndef g(x):\n    return x", "def h(): pass"],
        "setup": "",
        "calls": [{"name": "f", "args": [1]}, {"name": "f", "args": [2]}, {"name": "f", "args": [3]}],
        "timeout": 3.0,
    }
    job = read(CALLS).job(program)
    assert (job["code"]["head"], job["earlier"], job["timeout"]) == ("", ["def h(): pass"], 0.0)


def test_of_asserts_the_sandbox_is_told_their_calls_and_the_lines_that_prepare():
    job = read(ASSERTS).job(Program("def f(x): return 5"))
    assert job["setup"] == "import math\nx = 1"
    assert [call["expression"] for call in job["calls"]] == ["f(1)", "f(2)", "g(3)"]
    assert (job["earlier"], job["timeout"]) == ([], 0.0)
    assert job["code"] == {"text": "def f(x): return 5", "head": "", "name": "f", "prose": False}
    # the program completes the function that is called first
    job = read(ASSERTS | {"prompt": PROMPT}).job(Program("return 5"))
    assert job["code"]["head"].startswith("@cached\ndef f(x):")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((b"5", b"5", b"7"), (True, "code:passed base 2/2")),
        ((b"5", b"6", b"7"), (False, "code:failed base 1/2")),
        ((b"5", b"5", b"6"), (False, "code:failed base 1/2")),
        ((b"5", b"5"), (False, "code:failed base 1/2")),  # the last call never ended
        ((b"5", None, b"7"), (False, "code:failed base 1/2: ValueError: x")),
    ],
)
def test_each_assert_is_judged_by_the_values_of_its_own_calls(values, said):
    assert verdict(ASSERTS, *values) == said


@pytest.mark.parametrize(
    ("given", "values", "said"),
    [
        ({}, (b"1", b"2", b"3"), (True, "code:passed base 3/3")),
        ({"base": 1}, (b"1", b"2", b"3"), (True, "code:passed base 1/1 plus 2/2")),
        ({"base": 1}, (b"7", b"2", b"7"), (False, "code:failed base 0/1 plus 1/2")),
        ({"base": 1}, (b"1", None, b"3"), (False, "code:failed base 1/1 plus 1/2: ValueError: x")),
        ({}, (b"1.05", b"2", b"3"), (False, "code:failed base 2/3")),
        ({"atol": 0.1}, (b"1.05", b"2", b"3"), (True, "code:passed base 3/3")),
        ({}, (b"true", b"2", b"3"), (False, "code:failed base 2/3")),
        ({"python_equality": True}, (b"true", b"2", b"3"), (True, "code:passed base 3/3")),
        ({"oracle": "zero_too"}, (b"0", b"2", b"4"), (False, "code:failed base 2/3")),
        ({"oracle": "zero_too", "atol": 1}, (b"0", b"2", b"4"), (True, "code:passed base 3/3")),
        # -0.5 is a zero of 1 + 2x, 0.5 is none, and 5 is no list of coefficients
        (
            {"oracle": "polynomial_zero", "calls": [[[1, 2]], [[1, 2]], [5]]},
            (b"-0.5", b"0.5", b"1"),
            (False, "code:failed base 1/3"),
        ),
    ],
)
def test_calls_are_judged_by_the_rule_of_their_tests(given, values, said):
    assert verdict(CALLS | given, *values) == said


@pytest.mark.parametrize("values", [(b"5", None), (None, b"5")])
def test_a_call_that_raised_fails_its_assert_though_the_condition_might_not_read_it(values):
    tests = {"assert": ["assert f(1) == 5 or f(2) == 5"]}
    assert verdict(tests, *values) == (False, "code:failed base 0/1: ValueError: x")
    assert verdict(tests, b"5", b"6") == verdict(tests, b"6", b"5") == (True, "code:passed base 1/1")


def test_why_a_program_did_not_end_is_said_before_what_it_raised():
    assert verdict(CALLS, b"1", None, end="timeout") == (False, "code:timeout base 1/3")
    assert verdict(CALLS, error="SyntaxError") == (False, "code:not loaded base 0/3: SyntaxError")
    # what passed before the end counts
    assert verdict(CALLS, b"1", b"2", b"3", end="output", error="late") == (True, "code:passed base 3/3")
