"""What asserts of benchmarks say: right programs pass wrong ones and pretenders fail."""

import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.asserts import split_assert

# (program, assert, whether it holds)
ROWS = [
    ("def add(a,b): return a+b", "assert type(add(1, 2)) == int", True),
    ("def add(a,b): return float(a+b)", "assert type(add(1, 2)) == int", False),
    ("class I(int): pass\ndef add(a,b): return I(3)", "assert type(add(1, 2)) == int", False),
    ("def f(n): return range(n)", "assert list(f(3)) == [0, 1, 2]", True),
    ("def f(n):\n yield from range(n)", "assert list(f(3)) == [0, 1, 2]", True),
    ("def f(n):\n yield from range(n)", "assert sum(f(3)) == 3", True),
    ("def f(n): return map(str, range(n))", "assert sorted(f(3)) == ['0','1','2']", True),
    ("def f(n):\n yield from range(n)", "assert [x for x in f(3)] == [0, 1, 2]", True),
    ("def f(n):\n yield from range(n)", "assert [x for x in f(3)] == [1, 2, 3]", False),
    ("def f(n):\n yield from range(n)", "assert all(x < 3 for x in f(3)) and sum(x * x for x in f(3)) == 5", True),
    ("def f(n):\n yield from range(n)", "assert all(x < 2 for x in f(3))", False),
    ("def f(n):\n yield from range(n)", "assert {x: x for x in f(2)} == {0: 0, 1: 1}", True),
    ("def f(n):\n yield from range(n)", "assert sorted(f(3), reverse=True) == [2, 1, 0]", True),
    ("def f(n):\n yield from range(n)", "assert max(f(3), key=lambda x: -x) == 0 and sum(f(3), 1) == 4", True),
    ("def f(n): return zip('ab', range(n))", "assert list(map(str, f(1))) == [\"('a', 0)\"]", True),
    (
        "def f(n): return zip('ab', range(n))",
        "assert list(zip(f(2), f(2))) == [(('a', 0),) * 2, (('b', 1),) * 2]",
        True,
    ),
    ("def f(n): return zip('ab', range(n))", "assert list(zip(*f(2))) == [('a', 'b'), (0, 1)]", True),
    ("def f(n): return map(str, range(n))", "assert [*f(2)] == ['0', '1'] and (*f(1), 2) == ('0', 2)", True),
    ("def f(n): return map(str, range(n))", "assert f(2) == ['0', '1']", False),
    (
        "def f(d): return d.items()",
        "assert all(v > 0 for k, v in f({'a': 1})) and [k for k, _ in f({'a': 1})] == ['a']",
        True,
    ),
    (
        "def f(n): return 'ab'",
        "assert [x for x in f(1)] == ['a', 'b'] and list(enumerate(f(1))) == [(0, 'a'), (1, 'b')]",
        True,
    ),
    ("def f(s): return reversed(s)", "assert ''.join(f('ab')) == 'ba'", True),
    ("def f(s): return reversed(s)", "assert ''.join(f('ab')) == 'ab'", False),
    ("def f(s): return ['b', 'a']", "assert '-'.join(list(f('ab'))) == 'b-a'", True),
    ("def f(s): return [1]", "assert ''.join(f('ab')) == '1'", False),
    ("def f(s): return 'ba'", "assert ''.join(f('ab')) == 'ba'", True),
    ("def f(xs): return dict.fromkeys(xs).keys()", "assert sorted(f('aab')) == ['a', 'b']", True),
    ("def f(xs): return dict.fromkeys(xs).keys()", "assert f('aab') == {'a', 'b'}", True),
    ("def f(xs): return dict.fromkeys(xs,1).values()", "assert list(f('aab')) == [1,1]", True),
    ("def f(n): return list(range(n))", "assert len(f(10**6)) == 10**6", True),
    ("def f(n): return list(range(n))", "assert f(10**6) == list(range(10**6))", True),
    ("def f(n): return list(range(n-1))+[0]", "assert f(10**6) == list(range(10**6))", False),
    ("def f(n): return list(range(n))", "assert sum(f(10**6)) == 10**6*(10**6-1)//2", True),
    ("def f(n): return list(range(n))", "assert isinstance(f(10**6), list)", True),
    ("def f(n): return list(range(n))", "assert isinstance(f(3), (list, tuple)) and max(f(3)) == 2", True),
    ("from fractions import Fraction\ndef f(n): return Fraction(1,n)", "assert f(2) == 0.5", True),
    ("from fractions import Fraction\ndef f(n): return Fraction(1,n)", "assert f(3) == Fraction(1,3)", True),
    ("from fractions import Fraction\ndef f(n): return Fraction(1,n)", "assert abs(f(3) - 0.3333333333) < 1e-6", True),
    ("from decimal import Decimal\ndef f(n): return Decimal(n)/4", "assert f(2) == 0.5", True),
    ("from decimal import Decimal\ndef f(n): return Decimal(n)/4", "assert f(2) == Decimal('0.5')", True),
    ("from decimal import Decimal\ndef f(n): return Decimal(n)/4", "assert f(2) == Decimal('0.6')", False),
    ("from collections import Counter\ndef f(s): return Counter(s)", "assert f('aab') == Counter('aab')", True),
    ("from collections import Counter\ndef f(s): return Counter(s)", "assert isinstance(f('aab'), dict)", True),
    ("def f(n): return range(n)", "assert f(3) == range(3)", True),
    ("def f(n): return range(n)", "assert f(3) == [0,1,2]", False),
    ("def f(x): return x*x", "assert all(f(x) == y for x, y in [(1,1),(2,4)])", True),
    ("def f(x): return x*x", "assert all(f(x) == x**2 for x in range(20))", True),
    ("def f(x): return x", "assert all(f(x) == x**2 for x in range(20))", False),
    ("def f(x): return x*x", "assert [f(x) for x in range(4)] == [0,1,4,9]", True),
    ("def f(x): return [3,1,2]", "assert all(x > 0 for x in f(1)) and any(x == 3 for x in f(1))", True),
    ("def f(x): return [3,1,2]", "assert [x * 2 for x in f(1)] == [6,2,4]", True),
    ("def f(x): return [3,1,2]", "assert sorted(f(1), key=lambda t: -t) == [3,2,1]", True),
    ("def f(x): return [3,1,2]", "assert sorted(f(1), reverse=True) == [3,2,1]", True),
    ("def f(x): return list('abc')", "assert ''.join(f(1)) == 'abc'", True),
    (
        "def f(x): return 0.5",
        "assert '%.2f' % f(1) == '0.50' and '{:.1f}'.format(f(1)) == '0.5' and f'{f(1):.1f}' == '0.5'",
        True,
    ),
    ("def f(x): return 0.123456", "assert round(f(1), 3) == 0.123", True),
    ("def f(x): return None", "assert f(1) is None", True),
    ("def f(x): return None", "assert type(f(1)) is type(None)", True),
    ("def f(x): return True", "assert f(1) is True", True),
    ("def f(x): return 1", "assert f(1) is True", False),
    ("import math\ndef f(x): return math.sqrt(2)", "assert math.isclose(f(1), 2**0.5, abs_tol=1e-9)", True),
    ("def f(x): return 'x'*x", "assert f(10**6) == 'x' * 10**6", True),
    ("def f(x): return [0]*x", "assert f(10**6) == [0] * 10**6", True),
    ("def f(x): return {i: i for i in range(x)}", "assert len(f(10**5)) == 10**5", True),
    ("def f(x): return {i: i for i in range(x)}", "assert f(10**5) == {i: i for i in range(10**5)}", True),
    ("import numpy as np\ndef f(x): return np.arange(x)", "assert list(f(3)) == [0,1,2]", True),
    ("import numpy as np\ndef f(x): return np.arange(x)", "assert sum(f(3)) == 3 and len(f(3)) == 3", True),
    (
        "class E:\n def __eq__(s,o): return True\n"
        " def __iter__(s): return iter([s])\n def __len__(s): return 1\ndef f(x): return E()",
        "assert f(1) == 3",
        False,
    ),
    (
        "class E:\n def __eq__(s,o): return True\n"
        " def __iter__(s): return iter([s])\n def __len__(s): return 1\ndef f(x): return E()",
        "assert list(f(1)) == [3]",
        False,
    ),
    (
        "class E:\n def __eq__(s,o): return True\n __hash__=None\ndef f(x): return [E(),E()]",
        "assert f(1) == [1,2]",
        False,
    ),
    (
        "import builtins\nbuiltins.len = lambda x: 3\nbuiltins.isinstance=lambda *a: True\ndef f(x): return object()",
        "assert len(f(1)) == 3",
        False,
    ),
    ("def f(s): return s.upper()", "assert f('a').lower() == 'a' and f('a')[0] == 'A'", True),
    ("def pow(a,b): return a**b", "assert pow(2,3) == 8", True),
    ("def f(x): return [1,2]", "assert 1 in f(1) and 3 not in f(1)", True),
    ("def f(x): return -x", "assert abs(f(3)) == 3 and -f(3) == 3", True),
    ("def f(x): return {1,2}", "assert f(1) == {2,1} and f(1) | {3} == {1,2,3} and f(1) <= {1,2,3}", True),
    ("def f(x): return (1,'a')", "assert f(1)[1] == 'a' and tuple(f(1)) == (1,'a')", True),
    ("def f(x): return 5 if x else 6", "assert (f(1) if f(0) == 6 else 0) == 5", True),
    (
        "from collections import OrderedDict\ndef f(x): return OrderedDict(a=1)",
        "assert f(1) == OrderedDict([('a',1)]) and list(f(1).items()) == [('a',1)]",
        True,
    ),
    ("def f(x): return b'ab'", "assert f(1) == b'ab'", True),
    ("def f(x): return 1+2j", "assert f(1) == complex(1,2)", True),
    ("def f(x): return x", "assert f(1) == 1; assert f(2) == 2", True),
    ("def f(x): return 'ab'", "assert str(f(1)) == 'ab' and len(str(f(1))) == 2 and set(f(1)) == set('ba')", True),
]


@pytest.mark.slow
def test_asserts_hold_as_in_python():
    # a million numbers take a busy machine longer than a program usually may
    with Grader(isolation="reduced", workers=2, program_timeout=30) as grader:
        responses = [f"```python\n{program}\n```" for program, _, _ in ROWS]
        verdicts = grader.grade(responses, [GroundTruth("code", tests={"assert": [line]}) for _, line, _ in ROWS])
    wrong = [
        (row[1], verdict.path) for row, verdict in zip(ROWS, verdicts, strict=True) if verdict.correct is not row[2]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("assert len(f(2)) == 3", [{"expression": "f(2)", "through": ("len",)}]),
        ("assert sorted(f(2), reverse=True) == [3]", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert [x for x in f(2)] == [3]", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert max(f(2), f(3)) == 3", [{"expression": "f(2)"}, {"expression": "f(3)"}]),
        ("assert sum(list(f(2))) == 3", [{"expression": "f(2)", "through": ("list", "sum")}]),
        ("assert abs(f(2) - 3) < 1", [{"expression": "f(2)"}]),
        ("assert f(2) == sorted([3])", [{"expression": "f(2)"}]),
        ("assert all(f(x) == y for x, y in [(1, 2)])", [{"expression": "f(1)"}]),
        ("assert round(f(2), 3) == 3", [{"expression": "f(2)"}]),
        ("assert isinstance(f(2), int)", [{"expression": "f(2)", "through": ("type",)}]),
        ("assert len(f(2)) == len(f(3))", [{"expression": f"f({n})", "through": ("len",)} for n in (2, 3)]),
        ("assert sum(f(2)) == 3", [{"expression": "f(2)", "through": ("sum",)}]),
        ("assert ''.join(f(2)) == 'ab'", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert ''.join(sorted(f(2))) == 'ab'", [{"expression": "f(2)", "through": ("sorted", "list")}]),
        ("assert [*f(2), *f(3)] == [1]", [{"expression": f"f({n})", "through": ("list",)} for n in (2, 3)]),
        # what a function iterates over is used up inside, and nothing else is
        ("assert list(zip(f(2), f(3))) == []", [{"expression": f"f({n})", "through": ("list",)} for n in (2, 3)]),
        ("assert list(enumerate(f(2))) == []", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert list(enumerate(f(2), 1)) == []", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert sum(f(2), 1) == 3", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert list(map(str, f(2))) == []", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert list(filter(None, f(2))) == []", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert min(f(2), f(3), key=abs) == 3", [{"expression": "f(2)"}, {"expression": "f(3)"}]),
        ("assert max(f(2), default=1) == 3", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert dict(f(2), a=1) == {}", [{"expression": "f(2)"}]),
        ("assert round(f(2)) == 3", [{"expression": "f(2)"}]),
        # parts of what a comprehension or a function goes over are no calls of the candidate
        ("assert [x[0] for x in f(2)] == [3]", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert [[x[y] for y in (0, 1)] for x in f(2)] == 3", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert ['{}'.format(x) for x in f(2)] == ['3']", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert sorted(f(2), key=lambda p: p[1]) == [3]", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert {x[0]: x[1] for x in f(2)} == {}", [{"expression": "f(2)", "through": ("list",)}]),
        ("assert [f for f in (1, 2)] == f(3)", [{"expression": "f(3)"}]),
        # one call for each round
        ("assert [f(x) for x in range(5) if x % 2] == 3", [{"expression": "f(1)"}, {"expression": "f(3)"}]),
        (
            "assert [f(x, y) for x in (1, 2) for y in 'ab'] == []",
            [{"expression": text} for text in ("f(1, 'a')", "f(1, 'b')", "f(2, 'a')", "f(2, 'b')")],
        ),
        (
            "assert [f(0) + f(x) for x in (1, 2)] == []",
            [{"expression": text} for text in ("f(0)", "f(1)", "f(0)", "f(2)")],
        ),
        ("assert all(f(x[0]) for x in [(1, 2)])", [{"expression": "f((1, 2)[0])"}]),
        # a chain belongs to who begins it
        ("assert 'a'.upper() == f(2)", [{"expression": "f(2)"}]),
        ("assert f(2)[0].x == 3", [{"expression": "f(2)[0].x"}]),
        ("assert sum(1, 2) == abs(-3)", [{"expression": "sum(1, 2)"}]),
    ],
)
def test_no_expected_value_is_told_to_the_sandbox(line, calls):
    (assertion,) = split_assert(line)
    assert assertion.calls == calls


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("assert f(g(1)) == h(2)", ["f", "h"]),
        ("assert C(1).m().n[0] == 3", ["C"]),
        ("assert sum(1, 2) == 3", ["sum"]),
        # what is made of its value there does not hide the candidate
        ("assert sorted(f(1))[0] == 1", ["f"]),
        ("assert math.floor(f(1)).real == 1", ["f"]),
        ("assert sorted([x[0] for x in f(1)])[0] == 1", ["f"]),
        ("assert sum(map(lambda p: p[0], [*f(1)])).real == 1", ["f"]),
        ("assert 'a b'.split()[0] == f(1)", ["f"]),
        ("assert sorted(x)[0] == 1", ["sorted"]),
        ("assert Counter(o.f(1)).most_common(1)[0][0] == 'a'", ["o"]),
    ],
)
def test_the_candidate_is_who_is_called_and_none_of_our_functions(line, names):
    assert split_assert(line)[0].names == names


@pytest.mark.parametrize("added", ["'b' + t", "t + 'b'"])
def test_either_side_of_an_addition_is_paid_for_in_every_round(added):
    values = ["a" * 8_000_000]  # a text is dear to read and quickly added
    for rounds, holds in ((1, True), (5, False)):
        (assertion,) = split_assert(f"assert not any(not {added} for t in [f(2)] for a in range({rounds}))")
        assert assertion.holds(values) is holds


def test_a_search_is_paid_for_by_item():
    for rounds, holds in ((1, True), (40, False)):
        (assertion,) = split_assert(f"assert not any(1 in t for t in [f(2)] for a in range({rounds}))")
        assert assertion.holds([[0] * 10_000]) is holds


@pytest.mark.parametrize("line", ["assert f(2)", "assert not f(2)", "assert f(2) != 5", "assert not len(f(2)) == 3"])
@pytest.mark.parametrize("done", [0, -1, True, 2, 10**9])
def test_a_reply_that_went_through_functions_that_were_not_asked_for_fulfills_nothing(line, done):
    (assertion,) = split_assert(line)
    assert not assertion.holds([{"$through": [done, 5]}])


@pytest.mark.parametrize(
    "line",
    [
        "assert all(f(x) for x in range(10**5))",
        "assert all(f(x) for x in f(1))",
        "assert (lambda x: f(x))(1)",
        "assert f(1).x == y",
        "assert {**f(1)} == {1: 2}",
        "assert (x := f(1)) == 1",
        "assert sorted(f(1), key=lambda x: x.__class__) == 1",
        "assert '{}'.__class__(f(1)) == 1",
        "assert f(1) == y",
        "assert f(1) == math",
        "assert f(1) @ 2 == 3",
        "assert f(1) << 2 == 4",
        "assert (f(1) << 2).count(1) == 1",
        "assert 'a'.encode() == f(1)",
        "assert {x: f(x) for x in (1, 2)} == {}",
        "assert {f(x): x for x in (1, 2)} == {}",
        "assert {f(1): 2, **{}} == {}",
        "assert 'a'.upper() == 'A'",
        "assert [y for x in f(1)] == []",
    ],
)
def test_what_cannot_be_judged_outside_is_refused(line):
    with pytest.raises(InputError, match="cannot be judged"):
        split_assert(line)
