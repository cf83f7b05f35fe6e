"""Conditions of asserts on values that a candidate returned, and what they may cost; no sandbox is needed."""

from decimal import Decimal
from fractions import Fraction

import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers.asserts import split_assert
from reward_memory.verifiers.expressions import equal
from reward_memory.verifiers.functions import Limits, Unbounded, template, weight
from reward_memory.verifiers.sandbox.inside.values import encode


def holds(condition: str, *values: object) -> bool:
    """Whether an assert holds of what the calls in it returned."""
    (assertion,) = split_assert(f"assert {condition}")
    return assertion.holds([encode(value) for value in values])


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        # arithmetic
        ("f(1) + 2 == 9", 7),
        ("f(1) - 2 == 5", 7),
        ("f(1) * 2 == 14", 7),
        ("f(1) / 2 == 3.5", 7),
        ("f(1) // 2 == 3", 7),
        ("f(1) % 4 == 3", 7),
        ("f(1) ** 2 == 49", 7),
        ("f(1) & 3 == 3", 7),
        ("f(1) | 8 == 15", 7),
        ("f(1) ^ 1 == 6", 7),
        ("-f(1) == -7", 7),
        ("+f(1) == 7", 7),
        ("~f(1) == -8", 7),
        ("f(1) + [3] == [1, 2, 3]", [1, 2]),
        ("f(1) * 2 == 'abab'", "ab"),
        ("2 * f(1) == (1, 1)", (1,)),
        ("f(1) * -1 == []", [1]),
        # comparisons
        ("1 < f(1) < 8", 7),
        ("7 <= f(1) <= 7", 7),
        ("f(1) > 6 and f(1) >= 7", 7),
        ("f(1) != 8", 7),
        ("f(1) is not None", 7),
        ("(f(1) is None) == False", 7),
        ("f(1) in (6, 7)", 7),
        ("f(1) not in (6, 8)", 7),
        ("f(1) in range(8)", 7),
        ("'b' in f(1)", "abc"),
        ("not f(1)", 0),
        ("(f(1) or 5) == 5", 0),
        ("(f(1) and 5) == 0", 0),
        ("(1 if f(1) else 2) == 2", 0),
        # functions
        ("sum(f(1)) == 6", [1, 2, 3]),
        ("sum(f(1), 10) == 16", [1, 2, 3]),
        ("sum(f(1), []) == [1, 2, 3]", [[1], [2, 3]]),
        ("sum(f(1)) == Fraction(5, 6)", [Fraction(1, 2), Fraction(1, 3)]),
        ("sum(f(1), 2) == Decimal('3.5')", [1, Decimal("0.5")]),
        ("any(f(1))", [0, 1]),
        ("not all(f(1))", [0, 1]),
        ("any(x > 2 for x in f(1))", [1, 3]),
        ("min(f(1)) == 1 and max(f(1)) == 3", [2, 1, 3]),
        ("min(f(1), 2) == 2 and max(f(1), 2) == 3", 3),
        ("min(f(1), key=lambda x: -x) == 3", [2, 1, 3]),
        ("sorted(f(1), reverse=True) == [3, 2, 1]", [2, 1, 3]),
        ("sorted(f(1), key=abs) == [1, -2, 3]", [3, -2, 1]),
        ("list(reversed(f(1))) == [3, 1, 2]", [2, 1, 3]),
        ("list(zip(f(1), 'ab')) == [(2, 'a'), (1, 'b')]", [2, 1]),
        ("list(enumerate(f(1))) == [(0, 'a'), (1, 'b')]", ["a", "b"]),
        ("list(enumerate(f(1), 1)) == [(1, 'a'), (2, 'b')]", ["a", "b"]),
        ("[0, *f(1)] == [0, 1, 2] and max(*f(1)) == 2", [1, 2]),
        ("any([*f(1)]) and not all([1, *f(1)])", [0, 2]),
        ("list(map(str, f(1))) == ['1', '2']", [1, 2]),
        ("list(filter(None, f(1))) == [1]", [0, 1]),
        ("list(filter(lambda x: x > 1, f(1))) == [2]", [1, 2]),
        ("list(range(f(1), 5)) == [3, 4]", 3),
        ("pow(f(1), 2) == 9 and pow(f(1), 2, 5) == 4", 3),
        ("math.pow(f(1), 2) == 9.0", 3),
        ("divmod(f(1), 2) == (3, 1)", 7),
        ("math.gcd(f(1), 9) == 3", 6),
        ("math.factorial(f(1)) == 24", 4),
        ("math.comb(f(1), 2) == 6 and math.perm(f(1), 2) == 12", 4),
        ("round(f(1), 2) == 3.14 and round(f(1)) == 3", 3.14159),
        ("set(f(1)) == {1, 2}", [1, 2, 2]),
        ("frozenset(f(1)) == {1, 2}", [1, 2, 2]),
        ("{x % 2 for x in f(1)} == {0, 1}", [1, 2, 3]),
        ("{x: x + 1 for x in f(1)} == {1: 2}", [1]),
        ("dict(f(1)) == {1: 2}", [(1, 2)]),
        ("Counter(f(1)) == {'a': 2, 'b': 1}", "aba"),
        ("Fraction(f(1), 4) == Fraction(1, 2)", 2),
        ("Decimal(f(1)) == Decimal('1.5')", "1.5"),
        ("bytes(f(1)) == b'ab'", [97, 98]),
        ("isinstance(f(1), bool) and isinstance(f(1), int)", True),
        ("[isinstance(x, bool) for x in f(1)] == [True, False]", [True, 1]),
        # texts
        ("'-'.join(f(1)) == 'a-b'", ["a", "b"]),
        ("'ab'.upper() == 'AB' and 'ab'.count(f(1)) == 1", "a"),
        ("'{}{:>3}'.format(f(1), 'b') == 'a  b'", "a"),
        ("'%s-%03d' % (f(1), 5) == 'a-005'", "a"),
        ("f'{f(1)!r} {f(1)!s} {f(1)!a}' == repr('ä') + ' ä ' + ascii('ä')", "ä"),
        ("f'{f(1):>4}|' == '   a|'", "a"),
        ("format(f(1), '.2f') == '0.50'", 0.5),
        ("'abc'[f(1)] == 'b' and 'abc'[f(1):] == 'bc' and 'abc'[:f(1)] == 'a' and 'abc'[::f(1)] == 'abc'", 1),
        # methods of collections
        ("{1, 2}.issubset(f(1)) and not {1, 2}.isdisjoint(f(1))", [1, 2, 3]),
        ("{1, 2}.union(f(1)) == {1, 2, 3}", [3]),
        ("list({f(1): 1}.keys()) == ['a'] and list({f(1): 1}.values()) == [1]", "a"),
        ("list({f(1): 1}.items()) == [('a', 1)] and {f(1): 1}.get('b', 2) == 2", "a"),
        ("(2.0).is_integer() and [1, 2].index(f(1)) == 1", 2),
        ("[a + b for a, b in f(1) if a > 1] == [5]", [(1, 2), (2, 3)]),
        ("[a * b for a in f(1) for b in (1, 10)] == [1, 10, 2, 20]", [1, 2]),
        # one call for each round
        ("[f(x) for x in (1, 2)] == [7, 7]", 7),
        ("{f(x) for x in (1, 2)} == {7}", 7),
    ],
)
def test_an_assert_says_what_python_says(condition, value):
    count = len(split_assert(f"assert {condition}")[0].expressions)
    assert holds(condition, *[value] * count)
    assert not holds(f"not ({condition})", *[value] * count)


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("math.factorial(f(1)) > 0", 1000, True),
        ("math.factorial(f(1)) > 0", 1001, False),
        ("pow(f(1), 2) > 0", 1000, True),
        ("pow(f(1), 2) > 0", 1001, False),
        ("pow(2, f(1)) > 0", 1001, False),
        ("f(1) ** 2 > 0", 1000, True),
        ("f(1) ** 2 > 0", 1001, False),
        ("round(0.5, f(1)) == 0.5", 400, True),
        ("round(0.5, f(1)) == 0.5", 401, False),
        ("len('%999d' % f(1)) == 999", 1, True),
        ("len('%1000d' % f(1)) == 1000", 1, False),
        ("len('%.*f' % (f(1), 0.5)) == 3", 1, False),
        ("len('{:999}'.format(f(1))) == 999", 1, True),
        ("len('{:1000}'.format(f(1))) == 1000", 1, False),
        ("'{0[0]}'.format(f(1)) == '1'", [1], False),
        ("'{0.real}'.format(f(1)) == '1'", 1, False),
        ("len(f'{f(1):1000}') == 1000", 1, False),
        ("Fraction(f(1)) > 0", "1" * 100, True),
        ("Fraction(f(1)) > 0", "1" * 101, False),
        ("Fraction(f(1), 3) > 0", 2**4095, True),
        ("Fraction(f(1), 3) > 0", 2**4096, False),
        ("Fraction(1, f(1)) > 0", 2**4096, False),
        ("sum(f(1)) > 0", [2**65_535, 1], True),
        ("sum(f(1)) > 0", [2**65_536, 1], False),
        ("sum(f(1), 'a') == 'a1'", [Fraction(1)], False),
        ("Decimal(f(1)) > 0", "1e1000", True),
        ("Decimal(f(1)) > 0", "1e1001", False),
        ("Decimal(f(1)) != 0", "NaN", False),
        ("bytes(f(1)) == bytes(2)", 2, False),
        ("sum(f(1)) == 'ab'", ["a", "b"], False),
        ("f(1) * 'a' == 'aa'", 2.0, False),
        ("len(f(1) * 2000000) == 2000000", "a", True),
        ("len(f(1) * 2000001) == 2000001", "a", False),
        ("f(1) in 5", 5, False),
        ("f(1) + 1 == 2", "1", False),
        ("len(b'%5d' % f(1)) == 5", 1, False),  # the width of a template of bytes has no bound
    ],
)
def test_what_would_cost_too_much_or_has_no_value_does_not_hold(condition, value, expected):
    assert holds(condition, value) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not all([f(1) == 8, f(1) + 'a'])", True),
        ("any([f(1) == 7, f(1) + 'a'])", True),
        ("any([f(1) == 8, f(1) + 'a'])", False),
        ("any([f(1) == 8, f(1) == 7])", True),
    ],
)
def test_the_parts_of_a_list_are_read_in_turn_up_to_the_one_that_decides(condition, expected):
    assert holds(condition, 7, 7) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 1),
        (7, 1),
        (2**510, 1),
        (2**511, 2),
        (0.5, 1),
        ("a" * 15, 1),
        ("a" * 16, 2),
        (b"a" * 32, 3),
        ([], 1),
        ([1, 2], 3),
        ((1, [2]), 4),
        ({1, 2, 3}, 4),
        ({"a": [1]}, 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_weighs_what_it_holds(value, expected):
    assert weight(value) == expected


ALLOWANCE = 6_000_000  # values read and made for one assert


def spent(limits: Limits) -> int:
    return ALLOWANCE - limits.left


def test_an_allowance_can_be_spent_to_the_end_and_no_further():
    limits = Limits()
    limits.spend(ALLOWANCE)
    with pytest.raises(Unbounded):
        limits.spend(1)


@pytest.mark.parametrize(
    ("left", "right", "price"),
    [
        (1, 1, 1),
        (2**62, 2**62, 1),
        # 65 words each: 4,225 products, 64 for one
        (2**4095, 2**4095, 67),
        # a fraction counts 16 times its longer part: 1,600 bits, 26 words
        (Fraction(1, 2**99), Fraction(2**99), 11),
        (0.5, Decimal(2), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arithmetic_costs_the_product_of_the_lengths(left, right, price):
    limits = Limits()
    limits.arithmetic(left, right)
    assert spent(limits) == price


@pytest.mark.parametrize(("bits", "holding"), [(65_536, True), (65_537, False)])
def test_arithmetic_takes_integers_of_65_536_bits(bits, holding):
    assert holds("f(1) + 1 > 0", 2 ** (bits - 1)) is holding


@pytest.mark.parametrize(("left", "right", "price"), [([1, 2], 5, 15), (5, "a" * 16, 10), ("a", -3, 0)])
def test_a_repetition_costs_what_it_makes(left, right, price):
    limits = Limits()
    limits.repeat(left, right)
    assert spent(limits) == price


def test_items_are_paid_for_once_each():
    limits = Limits()
    assert limits.items({"a": 1, "b": 2}) == ["a", "b"]
    limits.read([1, 2, 3])
    assert spent(limits) == 2 + 4
    with pytest.raises(TypeError, match="int is not iterable"):
        limits.items(5)


def test_a_place_in_a_template_costs_128():
    assert [template(text) for text in ("", "%d", "%s %5.2f%%")] == [0, 128, 4 * 128]
    assert template("x" * 10_000) == 0
    with pytest.raises(Unbounded):
        template("x" * 10_001)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(1, 1.0, True), ([1, 2], (1, 2), False), ("a", "b", False), ({1: 2}, {1: 2}, True), (True, 1, True)],
)
def test_values_are_equal_as_in_python(left, right, expected):
    assert equal(left, right) is expected


def test_a_large_value_is_equal_to_its_own_digest_alone():
    # 40,000 numbers of six digits: 320,000 characters, more than are compared one by one
    large = list(range(100_000, 140_000))
    assert holds("f(1) == list(range(100000, 140000))", large)
    assert not holds("f(1) == list(range(100000, 140000))", [*large[:-1], 7])


@pytest.mark.parametrize(("rounds", "accepted"), [(1000, True), (1001, False)])
def test_a_comprehension_calls_the_candidate_a_thousand_times_at_most(rounds, accepted):
    line = f"assert all(f(x) == x for x in range({rounds}))"
    if accepted:
        assert len(split_assert(line)[0].expressions) == rounds
    else:
        with pytest.raises(InputError, match="cannot be judged"):
            split_assert(line)


def test_lines_that_prepare_are_left_as_they_are_and_mixed_ones_refused():
    assert split_assert("import math") == "import math"
    with pytest.raises(InputError, match="mixes asserts with other statements"):
        split_assert("x = 1; assert f(x) == 1")
    with pytest.raises(InputError, match="is not Python"):
        split_assert("assert f(")
    with pytest.raises(InputError, match="cannot be judged"):
        split_assert("assert 1 == 1")
