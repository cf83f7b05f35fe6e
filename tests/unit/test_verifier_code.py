"""Code answers: values across the wall, comparison outside, asserts, evalplus tasks."""

import gzip
import json
import math
import shutil
from collections import Counter, namedtuple
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth, evalplus
from reward_memory.verifiers.asserts import split_assert
from reward_memory.verifiers.oracles import ORACLES, matches
from reward_memory.verifiers.programs import find_program
from reward_memory.verifiers.sandbox import bubblewrap_fault
from reward_memory.verifiers.sandbox.inside.values import compact, decode, encode

SHARED = Path(__file__).parents[2].parent / "shared"
needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None or bool(bubblewrap_fault()), reason="the system package bubblewrap is missing"
)
needs_shared = pytest.mark.skipif(not (SHARED / "benchmarks").is_dir(), reason="no benchmarks beside the project")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.complex_numbers(allow_nan=False),
)
KEYS = st.one_of(st.integers(), st.text(), st.tuples(st.integers(), st.text()))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(KEYS, max_size=4),
    ),
    max_leaves=12,
)


def through_the_wall(value):
    return json.loads(compact(encode(value)))


@given(VALUES)
@settings(max_examples=200)
def test_plain_values_come_back_as_they_were(value):
    back = decode(through_the_wall(value))
    assert repr(back) == repr(value) or back == value
    assert type(back) is type(value)


@given(VALUES)
@settings(max_examples=200)
def test_a_value_matches_itself(value):
    assert matches(through_the_wall(value), value)


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (True, 1), (1, True), (0, False), ("1", 1), (1, "1"), ([1], (1,)), ((1,), [1]), ({1}, [1]), ([True], [1]),
        ({1: True}, {1: 1}), ({True}, {1}), ({True: 2}, {1: 2}), (None, False), ([], ()), ({}, set()), ("", None),
        (b"a", "a"), (1.1, 1), ([1, 2], [1]), ({1, 2}, {1}), (float("nan"), 1.0), (1, float("nan")), ((), None),
    ],
)  # fmt: skip
def test_unequal_values_do_not_match(returned, expected):
    assert not matches(through_the_wall(returned), expected)


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (1, 1.0), (2.0, 2), (float("nan"), float("nan")), (float("inf"), float("inf")), (0.1 + 0.2, 0.3),
        ([0.1 + 0.2], [0.3]), (frozenset({1}), {1}), (Counter("aab"), {"a": 2, "b": 1}), (2**70, 2**70), (-0.0, 0.0),
        (namedtuple("P", "x y")(1, 2), (1, 2)), ({"$tuple": 1}, {"$tuple": 1}), ({(1, 2): {3}}, {(1, 2): {3}}),
    ],
)  # fmt: skip
def test_equal_values_match(returned, expected):
    assert matches(through_the_wall(returned), expected)


def test_a_tolerance_is_for_numbers_only():
    assert matches(1.05, 1, atol=0.1)
    assert not matches(1.2, 1, atol=0.1)
    assert not matches(True, 1, atol=0.1)
    assert not matches([1.0], (1.0,), atol=0.1)


def test_python_equality_holds_true_for_one_and_no_text_for_a_number():
    assert matches(1, True, loose=True)
    assert matches([0], [False], loose=True)
    assert not matches("1", 1, loose=True)


@pytest.mark.parametrize(
    "forged",
    [{"$set": [[1]]}, {"$tuple": 1}, {"$dict": [1]}, {"$int": "x"}, {"$float": "1"}, {"$nothing": 1}, {"$bytes": "zz"},
     {"$complex": [1]}, {"$set": 5}, {"$dict": [[[], 1]]}, {"$other": "list"}, {"$digest": "0"}],
)  # fmt: skip
@pytest.mark.parametrize("expected", [1, "x", [1], (1,), {1}, {1: 1}, 1.0, None])
def test_a_forged_form_matches_nothing(forged, expected):
    assert not matches(forged, expected)


@pytest.mark.slow
def test_large_values_match_by_digest_whatever_the_order_of_their_sets():
    large = {str(n): {n, -n} for n in range(40_000)}
    other = {str(n): {-n, n} for n in reversed(range(40_000))}
    stored = through_the_wall(large)
    assert set(stored) == {"$digest"}
    assert matches(through_the_wall(other), decode(stored))
    assert not matches(through_the_wall(other | {"0": {1}}), decode(stored))


def test_colliding_keys_cost_nothing():
    prime = 2**61 - 1
    assert not matches({"$set": [n * prime for n in range(1, 50_000)]}, set(range(49_999)))


@pytest.mark.parametrize(
    ("oracle", "returned", "expected", "arguments", "right"),
    [
        ("set", [2, 1, 1], (1, 2), [], True),
        ("set", (1,), (1, 2), [], False),
        ("set", None, (1, 2), [], False),
        ("not_none", "match", True, [], True),
        ("not_none", None, False, [], True),
        ("not_none", False, True, [], False),
        ("polynomial_zero", -0.5, None, [[1, 2]], True),
        ("polynomial_zero", 0.5, None, [[1, 2]], False),
        ("polynomial_zero", True, None, [[-1, 1]], False),
    ],
)
def test_oracles(oracle, returned, expected, arguments, right):
    assert ORACLES[oracle](through_the_wall(returned), expected, arguments, 0) is right


@pytest.mark.parametrize(
    ("line", "expressions", "values", "holds"),
    [
        ("assert f(1) == 2", ["f(1)"], [2], True),
        ("assert f(1) == 2", ["f(1)"], [3], False),
        ("assert not f(1)", ["f(1)"], [False], True),
        ("assert set(f((1, 2))) == set((1, 2))", ["f((1, 2))"], [[2, 1]], True),
        ("assert abs(f(2) - 0.3) < 1e-6", ["f(2)"], [0.3], True),
        ("assert math.isclose(f(2), 0.3, rel_tol=0.1)", ["f(2)"], [0.31], True),
        ("assert f(g(1)) is None", ["f(g(1))"], [None], True),
        ("assert f(1) == f(2)", ["f(1)", "f(2)"], [5, 5], True),
        ("assert sum(1, 2) == 3", ["sum(1, 2)"], [3], True),
        ("assert C().m(1).n[0] == 3", ["C().m(1).n[0]"], [3], True),
        ("assert f(1) in (1, 2)", ["f(1)"], [2], True),
        ("assert 0 < f(1) <= 2 and len(f(2)) == 1", ["f(1)", "f(2)"], [1, "x"], True),
        ("assert f(1) == {'a': [1]}, 'message'", ["f(1)"], [{"a": [1]}], True),
        ("assert f(1) ** f(2) > 0", ["f(1)", "f(2)"], [10**9, 10**9], False),
        ("assert f(1) * f(2) != 0", ["f(1)", "f(2)"], ["x", 10**9], False),
    ],
)
def test_an_assert_is_judged_outside(line, expressions, values, holds):
    (assertion,) = split_assert(line)
    assert assertion.expressions == expressions
    assert assertion.holds([through_the_wall(value) for value in values]) is holds


@pytest.mark.parametrize(
    "line", ["assert True", "assert 1 == 1", "assert all(f(x) for x in y)", "assert (", "x = 1; assert f(1)"]
)
def test_an_assert_that_cannot_be_judged_outside_is_refused(line):
    with pytest.raises(InputError):
        split_assert(line)


def test_lines_that_prepare_are_kept():
    assert split_assert("import math") == "import math"


@pytest.mark.parametrize(
    ("response", "program"),
    [
        ("```python\nA\n```\n```python\nB\n```", "B\n"),
        ("```python\ndef f(): A\n```\n```python\nf()\n```", "def f(): A\n"),
        ("```bash\npip\n```\n```\nB\n```", "B\n"),
        ("```\nout\n```\n```py\nB\n```\n```\nout\n```", "B\n"),
        ("  ```python\n  def f(): B\n  ```", "def f(): B\n"),
        ("text #### \ndef f():\n    B", "def f():\n    B"),
        ("~~~python\nB\n~~~", "B\n"),
        ("```python\nB", "B"),
        ("", ""),
    ],
)
def test_the_program_is_found(response, program):
    assert find_program(response, ("f",)).text == program


@given(st.one_of(st.text(), st.lists(st.sampled_from(["```", "python", "\n", "def f", "####", "~~~"])).map("".join)))
@settings(max_examples=200, deadline=1000)
def test_no_response_raises_in_the_search_for_a_program(response):
    find_program(response, ("f",))


@pytest.mark.parametrize(
    "row",
    [
        {"id": "gsm8k/test/1", "domain": "math", "ground_truth": None},
        {"id": "gsm8k/test/1", "domain": "qa", "ground_truth": math.nan},
        {"id": "gsm8k/test/1", "domain": "code", "tests": None},
        {"id": "gsm8k/test/1", "domain": "code", "tests": "{"},
    ],
)
def test_a_query_without_its_truth_is_named(row):
    with pytest.raises(InputError, match="gsm8k/test/1"):
        GroundTruth.from_query(row)


@pytest.mark.parametrize(
    "tests",
    [{}, {"entry_point": "f", "calls": [[1]], "expected": []}, {"assert": []}, {"entry_point": "f", "calls": []}],
)
def test_tests_without_a_test_are_refused(tests):
    with Grader() as grader, pytest.raises(InputError):
        grader.grade(["def f(x): return x"], [GroundTruth("code", tests=tests)])


@needs_bubblewrap
def test_base_and_plus_tests_are_counted_apart():
    tests = {"entry_point": "f", "calls": [[1], [2], [3]], "expected": [1, 2, 9], "base": 2}
    with Grader() as grader:
        (verdict,) = grader.grade(["```python\ndef f(x): return x\n```"], [GroundTruth("code", tests=tests)])
    assert (verdict.correct, verdict.path) == (False, "code:failed base 2/2 plus 0/1")


@needs_bubblewrap
def test_a_numpy_number_is_a_number():
    tests = {"entry_point": "f", "calls": [[3]], "expected": [6], "base": 1}
    code = "```python\nimport numpy as np\ndef f(x): return np.arange(x + 1).sum()\n```"
    with Grader() as grader:
        assert grader.grade([code], [GroundTruth("code", tests=tests)])[0].correct


def read(path):
    with gzip.open(SHARED / "benchmarks" / path, "rt") as stream:
        return [json.loads(line) for line in stream]


@pytest.mark.long
@needs_shared
@needs_bubblewrap
@pytest.mark.parametrize("path", ["humaneval_plus/HumanEvalPlus.jsonl.gz", "mbpp_plus/MbppPlus.jsonl.gz"])
def test_canonical_solutions_pass_and_mutated_ones_fail(path):
    tasks = [task for task in read(path) if task["entry_point"] not in evalplus.SLOW][::4]
    truths = [GroundTruth("code", tests=tests) for tests in evalplus.build_tests(tasks, workers=2)]
    with Grader(workers=2) as grader:
        verdicts = grader.grade([f"```python\n{evalplus.solution(task)}\n```" for task in tasks], truths)
        assert [task["task_id"] for task, v in zip(tasks, verdicts, strict=True) if not v.correct] == []
        wrapped = "\n_f = {0}\ndef {0}(*a):\n    value = _f(*a)\n    return [value]\n"
        mutated = [evalplus.solution(task) + wrapped.format(task["entry_point"]) for task in tasks]
        verdicts = grader.grade([f"```python\n{code}\n```" for code in mutated], truths)
        assert [task["task_id"] for task, v in zip(tasks, verdicts, strict=True) if v.correct] == []


@pytest.mark.long
@needs_shared
@needs_bubblewrap
def test_verdicts_equal_the_recorded_ones_of_evalplus():
    with gzip.open(SHARED / "benchmarks" / "responses" / "qwen25coder_1.5b_humaneval.json.gz", "rt") as stream:
        recorded = json.load(stream)["eval"]
    tasks = [task for task in read("humaneval_plus/HumanEvalPlus.jsonl.gz") if task["entry_point"] not in evalplus.SLOW]
    truths = [GroundTruth("code", tests=tests) for tests in evalplus.build_tests(tasks, workers=2)]
    records = [recorded[task["task_id"]][0] for task in tasks]
    with Grader(workers=2) as grader:
        verdicts = grader.grade([record["solution"] for record in records], truths, [True] * len(records))
    for verdict, record in zip(verdicts, records, strict=True):
        assert verdict.correct == (record["base_status"] == record["plus_status"] == "pass"), record["task_id"]
