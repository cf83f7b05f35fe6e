"""What a program that took over its process may write in place of values costs the judge little, and scores nothing."""

import json
import time
import tracemalloc

import pytest

from reward_memory.verifiers.code import tests_of as read_tests
from reward_memory.verifiers.pool import Reply
from reward_memory.verifiers.sandbox.inside.values import LARGE
from reward_memory.verifiers.sandbox.replies import read
from reward_memory.verifiers.verdicts import GroundTruth

pytestmark = pytest.mark.slow

SECONDS, MEGABYTES = 10.0, 150  # of the processor and of memory for a reply; the longest take about 3 s
PRIME = 2**61 - 1  # integers that differ by it have the same hash


def filled(start, item, end, size=LARGE):
    """A text of as many items as a reply may hold."""
    count = (size - len(start) - len(end)) // (len(item(0)) + 12)
    return start + ", ".join(item(number) for number in range(1, count)) + end


def big(number):
    return json.dumps({"$int": hex(number * PRIME)})


VALUES = {
    "colliding integers in a set": filled('{"$set": [', big, "]}"),
    "colliding integers in a list": filled("[", big, "]"),
    "colliding keys in a dict": filled('{"$dict": [', lambda n: f"[{big(n)}, 0]", "]}"),
    "colliding tuples in a set": filled('{"$set": [', lambda n: f'{{"$tuple": [{big(n)}]}}', "]}"),
    "colliding integers in a set of sets": '{"$set": [' + filled('{"$set": [', big, "]}", LARGE - 20) + "]}",
    "empty lists": "[" + "[]," * (LARGE // 3 - 2) + "[]]",
    "empty dicts": "[" + "{}," * (LARGE // 3 - 2) + "{}]",
    "nested lists": "[" * (LARGE // 2) + "]" * (LARGE // 2),
    "nested lists that JSON allows": "[" * 900 + "]" * 900,
    "nested tuples": '{"$tuple": [' * 150 + "1" + "]}" * 150,
    "a million bits": json.dumps({"$int": "0x" + "f" * (LARGE - 100)}),
    "integers of a thousand bits": filled("[", lambda n: json.dumps({"$int": "0x" + "f" * 250}), "]"),
    "fractions without common divisor": filled(
        "[", lambda n: json.dumps({"$fraction": [1, {"$int": hex(3**2000 + n)}]}), "]"
    ),
    "a fraction of two long integers": json.dumps({"$fraction": [{"$int": "0x" + "f" * 130_000}] * 2}),
    "a decimal of a huge exponent": json.dumps({"$decimal": "1E+999999999"}),
    "a long decimal": json.dumps({"$decimal": "9" * (LARGE - 100)}),
    "many digits": "9" * LARGE,
    "a long fraction in decimals": "0." + "1" * (LARGE - 10),
    "a range without end": json.dumps({"$range": [0, 10**18, 1]}),
    "a text": json.dumps("%999d" * (LARGE // 5 - 10)),
    "a text of brackets": json.dumps("%(" * (LARGE // 2 - 10)),
    "a short list for repetition": "[" + "0," * (LARGE // 3) + "0]",
    "a number for repetition": "2000000000",
    "a huge float": "1e308",
    "no number": "NaN",
    "an infinity": json.dumps({"$float": "inf"}),
    "half a character": '"\\ud800"',
    "a digest": json.dumps({"$digest": "0" * 64}),
    "an unknown form": json.dumps({"$through": [1, 5]}),
    "through no function": json.dumps({"$through": [10**9, []]}),
    "a negative width": "-1000000000",
}
SLOW = ("empty lists", "empty dicts", "a short list for repetition", "a text", "a text of brackets")
ASSERTS = [
    "assert f(1) == [1, 2]",
    "assert f(1) == {1, 2, 3} or f(1) == {1: 2}",
    "assert set(f(1)) == {1} or frozenset(f(1)) == {1}",
    "assert dict(f(1)) == {1: 2}",
    "assert f(1) * f(2) == 77",
    "assert [0] * f(1) == 77",
    "assert f(1) * 2000000000 == 77",
    "assert f(1) ** f(2) == 77",
    "assert f(1) % 1000 == 77",
    "assert f(1) % f(2) == 77",
    "assert '%*d' % (f(1), 1) == 77",
    "assert '%2000000000d' % f(1) == 77",
    "assert '{:{}}'.format(1, f(1)) == 77",
    "assert '{:2000000000}'.format(f(1)) == 77",
    "assert f'{1:{f(1)}}' == 77",
    "assert f'{f(1):2000000000}' == 77",
    "assert ''.join(f(1)) == 77",
    "assert sum(f(1)) == 77",
    "assert sum(f(1), []) == 77",
    "assert round(5, f(1)) == 6",
    "assert round(f(1), -1000000000) == 6",
    "assert sorted(f(1)) == 77 or sorted(f(1), key=lambda x: x) == 77",
    "assert len(f(1)) == 77 or len(set(f(1))) == 77 or max(f(1)) == 77",
    "assert list(f(1)) == 77 or tuple(f(1)) == 77 or list(range(f(1))) == 77",
    "assert [x * x for x in f(1)] == 77",
    "assert 5.5 in f(1)",
    "assert str(f(1)) == 77 or repr(f(1)) == 77",
    "assert abs(f(1) - 0.5) < 1e-6",
    "assert f(1) // f(2) == 77 or divmod(f(1), f(2)) == 77",
    "assert math.factorial(f(1)) == 77 or math.gcd(f(1), f(2)) == 77",
    "assert Counter(f(1)) == 77 or Counter(f(1)) == Counter(f(2)) == 77",
    "assert bytes(f(1)) == 77",
    "assert int(f(1)) == 77 or float(f(1)) == 77 or Decimal(f(1)) == 77 or Fraction(f(1)) == 77",
    "assert type(f(1)) == 77 or isinstance(f(1), f(2))",
]
CALLS = [
    {"entry_point": "f", "calls": [[1], [2]], "expected": [expected, expected], "base": 2, **more}
    for expected, more in [
        ([1, 2], {}),
        ({"$set": [1, 2]}, {}),
        ({"$set": list(range(5000))}, {}),
        ({"$set": [{"$set": [1]}]}, {}),
        ({"$dict": [[1, 2]]}, {}),
        ({"$set": [1, 2]}, {"oracle": "set"}),
        (0.5, {"atol": 1e-6}),
        ([0.5], {"atol": 1e-6}),
        (None, {"oracle": "polynomial_zero", "calls": [[[1, 2, 3]], [[1, 2, 3]]]}),
        (0, {"oracle": "zero_too"}),
        ("x", {}),
    ]
]
TESTS = [*CALLS, *({"assert": [line]} for line in ASSERTS)]


def forged(*values):
    lines = ['["load", ""]'] + [f'[{number}, "value", {value}]' for number, value in enumerate(values)]
    return Reply("ended", 0.1, "".join(line + "\n" for line in lines).encode())


def judged(tests, *values):
    known = read_tests(GroundTruth("code", tests=tests))
    return known.judge(read(forged(*values), len(known.calls)))


@pytest.mark.parametrize("name", VALUES)
def test_a_forged_value_costs_the_judge_little(name):
    value, worst = VALUES[name], (0.0, None)
    for tests in TESTS[:: 5 if name in SLOW else 1]:
        start = time.process_time()
        correct, path = judged(tests, value, value, value)
        worst = max(worst, (time.process_time() - start, str(tests)[:90]))
        assert not correct, (tests, path)
        path.encode()
    assert worst[0] < SECONDS, worst


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("assert f(1) * f(2) == 5", ("a short list for repetition", "a number for repetition")),
        ("assert f(1) % f(2) == 5", ("a text", "empty lists")),
        ("assert round(f(1), f(2)) == 5", ("a million bits", "a negative width")),
        ("assert f(1) == 5 or f(2).join(f(1)) == 5", ("a text", "a text")),
        ("assert f(1)[f(2)] == 5", ("empty lists", "a million bits")),
        ("assert f(1) in f(2)", ("empty lists", "empty lists")),
        (
            "assert all(x == y for x in f(1) for y in f(1)) and f(2) == 5",
            ("fractions without common divisor", "fractions without common divisor", "NaN"),
        ),
        ("assert any(x in f(1) for x in f(1)) and f(2) == 5", ("empty dicts", "empty dicts", "NaN")),
    ],
)
def test_two_forged_values_cost_the_judge_little(line, values):
    start = time.process_time()
    assert not judged({"assert": [line]}, *(VALUES.get(value, value) for value in values))[0]
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    "name", ["empty lists", "empty dicts", "colliding integers in a set", "integers of a thousand bits"]
)
def test_a_forged_value_takes_the_judge_little_memory(name):
    tests = [{"assert": [line]} for line in ("assert f(1) + f(1) == 5", "assert sorted(f(1)) == 5")]
    tracemalloc.start()
    for test in [*tests, CALLS[1]]:
        judged(test, *[VALUES[name]] * 3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MEGABYTES << 20, most >> 20


def test_a_thousand_forged_values_are_judged_one_by_one():
    """No more of them are taken apart than one at a time: the first that is wrong ends the assert."""
    tests = {"entry_point": "f", "calls": [[1]] * 30, "expected": [5] * 30, "base": 1}
    for test in (tests, {"assert": ["assert all(f(x) == x for x in range(30))"]}):
        tracemalloc.start()
        assert not judged(test, *[VALUES["empty lists"]] * 30)[0]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 60 << 20, most >> 20


@pytest.mark.parametrize(
    "payload",
    [
        b'["load", ["x"]]\n',
        b'["wall", 5]\n[0, "value", 2]\n',
        b'["load", "\\ud800"]\n',
        b'["load", ""]\n[0, "raised", "' + b"x" * LARGE + b'"]\n',
        b'["load", ""]\n[0, "raised", ["' + b"[" * 5000 + b'"]]\n',
        b'["load", ""]\n[0, "value", 2\n',
        b'["load", ""]\n[0, "value", 3] [0, "value", 2]\n',
        b'["load", ""]\n[1, "value", 2]\n',
        b'["load", ""]\n[0, "value", ' + b" " * LARGE * 2 + b"2]\n",
        b"\xff\xfe\n" * 1000,
        b"[" * 10**6 + b"\n",
        b"",
    ],
)
def test_lines_of_another_form_score_nothing_and_print_as_text(payload):
    known = read_tests(GroundTruth("code", tests={"entry_point": "f", "calls": [[1]], "expected": [2], "base": 1}))
    correct, path = known.judge(read(Reply("ended", 0.1, payload), 1))
    assert not correct
    assert len(path.encode()) < 1000


def test_an_error_of_half_a_character_can_be_written_to_a_file():
    run = read(Reply("ended", 0.1, b'["load", ""]\n[0, "raised", "E: \\ud800"]\n'), 1)
    assert run.calls[0].error.encode() == b"E: ?"


def test_more_lines_than_calls_are_not_read():
    reply = forged(*["1"] * 1000)
    assert len(read(reply, 3).calls) == 3
