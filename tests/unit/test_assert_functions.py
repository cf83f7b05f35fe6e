"""The functions and methods of asserts: what they give, what they cost, and what they do not do at all."""

import math
from collections import Counter, OrderedDict
from decimal import Decimal
from fractions import Fraction

import pytest
from test_assert_values import holds, spent

from reward_memory.verifiers.functions import METHODS, SAFE, Limits, Unbounded

#: 33 different numbers of one hash, one more than a set of honest ones ever holds.
COLLIDING = [number * (2**61 - 1) for number in range(1, 34)]


def named(value: object) -> str:
    """Of a number the type alone: some are too long to be shown."""
    return value if isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize(
    ("function", "arguments", "options", "result", "price"),
    [
        (list, ("ab",), {}, ["a", "b"], 2),
        (list, (), {}, [], 0),
        (tuple, ([1, 2],), {}, (1, 2), 2),
        (set, ([1, 2, 2],), {}, {1, 2}, 3),
        (set, ([{1}, {1}],), {}, {frozenset({1})}, 2),
        (frozenset, ((),), {}, frozenset(), 0),
        (dict, ([(1, 2), [3, 4]],), {}, {1: 2, 3: 4}, 2),
        (dict, ({"a": 1},), {"b": 2}, {"a": 1, "b": 2}, 0),
        (OrderedDict, ([("b", 1), ("a", 2)],), {}, OrderedDict(b=1, a=2), 2),
        (Counter, ("aba",), {}, Counter(a=2, b=1), 3),
        (Counter, ({"a": 5},), {}, Counter(a=5), 0),
        (sum, ([1, 2.5],), {}, 3.5, 2),
        (sum, ([2**65_535],), {}, 2**65_535, 1),
        # two items, a third and one operation each, of 1 + 26 * 1 // 64 or one word
        (sum, ([Fraction(1, 2), 1],), {}, Fraction(3, 2), 4),
        # the items of two lists and the lists themselves
        (sum, ([[1, 2], [3]], [0]), {}, [0, 1, 2, 3], 5),
        (any, ([0, 1],), {}, True, 2),
        (all, ([0, 1, 1],), {}, False, 3),
        (sorted, ([3, 1, 2],), {"reverse": True}, [3, 2, 1], 3),
        (sorted, ([[1, 2], [0]],), {"key": sum}, [[0], [1, 2]], 5),
        (min, (3, 1), {}, 1, 2),
        (max, ([3, 1, 2],), {}, 3, 3),
        (max, ([1, 2], [9]), {"key": sum}, [9], 5),
        (range, (1, 9, 2), {}, range(1, 9, 2), 4),
        (map, (str, [1, 2]), {}, ["1", "2"], 2),
        (map, (sum, [[1, 2], [3]]), {}, [3, 3], 5),
        (map, (lambda a, b: a - b, [5, 6], [1, 2]), {}, [4, 4], 4),
        (filter, (None, [0, 2]), {}, [2], 2),
        (filter, (sum, [[1, 2], [0]]), {}, [[1, 2]], 5),
        (zip, ("ab", [1]), {}, [("a", 1)], 3),
        (reversed, ([1, 2],), {}, [2, 1], 2),
        (enumerate, ("ab", 5), {}, [(5, "a"), (6, "b")], 2),
        (divmod, (2**4095, 2**4095), {}, (1, 0), 67),
        (math.gcd, (12, 18), {}, 6, 1),
        (bytes, ("é", "utf8"), {}, b"\xc3\xa9", 0),
        (Decimal, (), {}, Decimal(0), 0),
        (format, (5,), {}, "5", 0),
    ],
    ids=named,
)
def test_a_function_gives_what_pythons_gives_and_is_paid_for_by_what_it_reads(
    function, arguments, options, result, price
):
    limits = Limits()
    given = SAFE[function](limits, *arguments, **options)
    assert (type(given), given, spent(limits)) == (type(result), result, price)


@pytest.mark.parametrize(
    ("owner", "name", "arguments", "result", "price"),
    [
        (", ", "join", (["a", "b", "c"],), "a, b, c", 12),  # three items, and one and the separator for each
        ("", "join", ("ab",), "ab", 4),
        ("{} and {!r:>4}", "format", (1, "x"), "1 and  'x'", 256),
        ("none", "format", (), "none", 0),
        ({1, 2}, "union", ([2, 3], (4,)), {1, 2, 3, 4}, 3),
        ({1, 2}, "difference", ([2],), {1}, 1),
        ({1, 2}, "intersection", ([2, 5],), {2}, 2),
        ({1, 2}, "symmetric_difference", ([2, 5],), {1, 5}, 2),
        ({1, 2}, "issuperset", ([2],), True, 1),
        ([1, 2, 2], "count", (2,), 2, 0),
        ((1, 2, 2), "index", (2,), 1, 0),
        ("abab", "rfind", ("b",), 3, 0),
        (" ", "isspace", (), True, 0),
        ("one two", "title", (), "One Two", 0),
        ({"a": 1}, "get", ("b", 2), 2, 0),
        ({"a": 1}, "items", (), [("a", 1)], 0),
        (2.5, "is_integer", (), False, 0),
    ],
)
def test_a_method_gives_what_pythons_gives_and_is_paid_for_by_what_it_makes(owner, name, arguments, result, price):
    limits = Limits()
    assert METHODS[type(owner), name](limits, owner, *arguments) == result
    assert spent(limits) == price


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("isinstance(f(1), object)", 5),
        ("isclose(f(1), 5)", 5),
        ("fractions.Fraction(f(1)) == Fraction(f(1)) == 0.5", "1/2"),
        ("decimal.Decimal(f(1)) == 0.5", "0.5"),
        ("collections.Counter(f(1)) == {'a': 2}", "aa"),
        ("isinstance(collections.defaultdict(list), dict) and f(1)", 5),
        ("f(1) == collections.OrderedDict([('a', 1)])", {"a": 1}),
        ("math.hypot(f(1), 4) == 5", 3),
        ("math.copysign(f(1), -1) == -3", 3),
        ("math.isclose(f(1), 2 * math.pi)", 2 * math.pi),
        ("'{a}'.format(a=f(1)) == '5'", 5),
        ("list(zip(f(1), [3], strict=True)) == [(2, 3)]", [2]),
        ("max(f(1), default=3) == 3", []),
    ],
)
def test_an_assert_knows_the_usual_names(condition, value):
    count = condition.count("f(1)")
    assert holds(condition, *[value] * count)
    assert not holds(f"not ({condition})", *[value] * count)


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        # numbers of a size that takes its time
        ("divmod(f(1), 3) > (0, 0)", 2**65_535, True),
        ("divmod(f(1), 3) > (0, 0)", 2**65_536, False),
        ("math.gcd(f(1), 3) == 1", 2**65_536, False),
        ("math.comb(f(1), 2) > 0", 1000, True),
        ("math.comb(f(1), 2) > 0", 1001, False),
        ("sum(f(1)) > 0", [1, Fraction(2**4095, 3), Fraction(2**4095, 5)], True),
        ("sum(f(1)) > 0", [1, Fraction(2**4095, 3), Fraction(2**4095, 5), 1], False),
        ("len(range(f(1))) == 5000000", 5_000_000, True),
        ("len(range(f(1))) == 7000000", 7_000_000, False),
        # widths that are a value, in a width of their own
        ("len('{:{}}'.format(1, f(1))) == 3", 3, False),
        ("format(1, f(1)) == ' 1'", "2", True),
        ("len(format(1, f(1))) == 1000", "1000", False),
        # only lists are put together by sum
        ("sum(f(1), []) == [1, 2]", [[1], [2]], True),
        ("sum(f(1), ()) == (1, 2)", [(1,), (2,)], False),
        # keys made to collide
        ("len(set(f(1))) == 32", COLLIDING[:32], True),
        ("len(set(f(1))) == 33", COLLIDING, False),
        ("len(Counter(f(1))) == 33", COLLIDING, False),
        ("len(dict(f(1))) == 32", [(key, 0) for key in COLLIDING[:32]], True),
        ("len(dict(f(1))) == 33", [(key, 0) for key in COLLIDING], False),
        ("len({1}.union(f(1))) == 34", COLLIDING, False),
    ],
    ids=named,
)
def test_where_functions_end(condition, value, expected):
    assert holds(condition, value) is expected


@pytest.mark.parametrize(("left", "right"), [(2.0, "a"), ("a", "a"), (2, 3.5), ([1], None), ({1}, 2)], ids=repr)
def test_only_a_sequence_can_be_repeated(left, right):
    with pytest.raises(TypeError, match="only a sequence can be repeated"):
        Limits().repeat(left, right)


def test_a_repetition_is_measured_by_its_longest_side():
    nested = [[0] * 998]  # one item, a thousand values
    Limits().repeat(nested, 2000)
    with pytest.raises(Unbounded, match="repetition"):
        Limits().repeat(nested, 2001)
    limits = Limits()
    limits.repeat("a" * 2_000_001, -1)
    assert spent(limits) == 0


def test_arithmetic_takes_fractions_of_4096_bits():
    for place in (Fraction(2**4095), Fraction(1, 2**4095)):
        Limits().arithmetic(place, 1)
        with pytest.raises(Unbounded, match="large integers in arithmetic"):
            Limits().arithmetic(1, place**2)
        with pytest.raises(Unbounded, match="large integers in arithmetic"):
            Limits().arithmetic(place * 2 if place > 1 else place / 2, 1)
