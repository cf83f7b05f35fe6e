"""Expressions of asserts, part by part: what has a value, what has none, and what each step costs."""

import ast
import json
from fractions import Fraction

import pytest

from reward_memory.verifiers.asserts import split_assert
from reward_memory.verifiers.expressions import Evaluation, Reduced, equal
from reward_memory.verifiers.functions import Limits
from reward_memory.verifiers.sandbox.inside.values import Digest, Other, compact, encode


def holds(condition: str, *values: object) -> bool:
    (assertion,) = split_assert(f"assert {condition}")
    return assertion.holds([encode(value) for value in values])


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        # a condition that is decided needs no further part
        ("f(1) == 7 or f(1) + 'a'", 7, True),
        ("not (f(1) == 8 and f(1) + 'a')", 7, True),
        ("f(1) == 8 or f(1) + 'a'", 7, False),
        # identity is equality of one type
        ("f(1) is 1000", 1000, True),
        ("f(1) is not 8", 7, True),
        ("f(1) is True", 1, False),
        ("type(f(1)) is int", 7, True),
        ("type(f(1)) is bool", 7, False),
        # a part of a text, an item of a list
        ("'bc' in f(1)", "abc", True),
        ("'bc' in f(1)", ["a", "bc"], True),
        ("'b' in f(1)", ["a", "bc"], False),
        ("'d' not in f(1)", "abc", True),
        ("2.0 in f(1)", [1, 2], True),
        # powers of fractions have no bound
        ("f(1) ** 2 == Fraction(1, 4)", Fraction(1, 2), False),
        # comprehensions
        ("[x for x in f(1) if x > 1 if x < 3] == [2]", [1, 2, 3], True),
        ("[x for x in f(1) if x > 1 if x < 3] == [2, 3]", [1, 2, 3], False),
        ("[a + b for a, b in f(1)] == [3]", [{1, 2}], False),
        ("[a for a, b in f(1)] == [1]", [(1, 2, 3)], False),
        ("[a for a, (b, c) in f(1)] == [1]", [(1, (2, 3))], True),
        ("[b for a, b in f(1)] == ['y']", ["xy"], True),
        # a key of two arguments gets one
        ("sorted(f(1), key=lambda x, y: x) == [1, 2]", [2, 1], False),
        # a text is put to the left, a number to the right
        ("f'{f(1)!s:3}|{f(1):3}|' == '7  |  7|'", 7, True),
        ("f'{f(1)!r}' == repr('a')", "a", True),
        ("f'{f(1)!a}' == ascii('\u00e4')", "\u00e4", True),
    ],
)
def test_a_condition_holds_as_in_python_or_not_at_all(condition, value, expected):
    assert holds(condition, *[value] * 4) is expected


def test_each_call_has_a_value_of_its_own():
    calls = ", ".join(f"f({number})" for number in range(12))
    assert holds(f"[{calls}] == list(range(50, 62))", *range(50, 62))
    assert not holds(f"[{calls}] == list(range(50, 62))", *range(50, 61), 50)


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("assert len(f(2)) == 3", {"$through": [1, 3]}, True),
        ("assert len(f(2)) == 3", {"$through": [1, 4]}, False),
        ("assert len(f(2)) == 3", [1, 2, 3], True),
        ("assert sum(list(f(2))) == 3", {"$through": [1, [1, 2]]}, True),
        ("assert sum(list(f(2))) == 3", {"$through": [2, 3]}, True),
        ("assert sum(list(f(2))) == 3", {"$through": [3, 3]}, False),
        ("assert sum(list(f(2))) == [1, 2]", {"$through": [1, [1, 2]]}, False),
    ],
)
def test_functions_that_the_sandbox_applied_are_not_applied_again(line, value, expected):
    (assertion,) = split_assert(line)
    assert assertion.holds([value]) is expected


def test_a_reduced_value_comes_out_after_its_functions_in_their_order():
    value = Reduced(-5, ("len", "abs", "str"))
    assert value.through("len").through("abs").through("str") == -5
    for name in ("abs", "str", ""):
        with pytest.raises(ValueError, match=r"^the reply went through other functions$"):
            value.through(name)
    with pytest.raises(ValueError, match="other functions"):
        value.through("len").through("str")


@pytest.mark.parametrize("done", [0, 2, True])
def test_a_reply_tells_how_many_functions_it_went_through(done):
    with pytest.raises(ValueError, match=r"^the reply went through functions that were not requested$"):
        Evaluation([{"$through": [done, 5]}], [("len",)]).of(ast.Name("#0"))


def test_an_expression_that_nothing_evaluates_is_named():
    with pytest.raises(TypeError, match=r"^Await in an assert$"):
        Evaluation().of(ast.Await(ast.Constant(1)))


def price(text: str, *values: object) -> int:
    """What an expression with #0, #1, ... costs."""
    evaluation = Evaluation([encode(value) for value in values])
    names = {f"_{place}": ast.Name(f"#{place}") for place in range(len(values))}

    class Places(ast.NodeTransformer):
        def visit_Name(self, node):
            return names.get(node.id, node)

    evaluation.of(Places().visit(ast.parse(text, mode="eval").body))
    return Limits().left - evaluation.limits.left


SIXTEEN, THIRTY_TWO = "a" * 16, "b" * 32  # weigh 2 and 3


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        # a node costs 25
        ("5", [], 25),
        ("(1, 2)", [], 75),
        # to decode a value costs 8 times its weight
        ("_0", [7], 25 + 8),
        ("_0", [[1, 2]], 25 + 24),
        # both sides of an operation are read, and arithmetic or a repetition paid for
        ("_0 + _1", [7, 8], 75 + 16 + 2 + 1),
        ("_0 + _1", [SIXTEEN, THIRTY_TWO], 75 + 40 + 5),
        ("_0 + _1", [THIRTY_TWO, THIRTY_TWO], 75 + 48 + 6),
        ("_0 * _1", [SIXTEEN, 5], 75 + 24 + 3 + 10),
        # a comparison costs 25 more and reads both sides twice
        ("_0 == _1", [SIXTEEN, THIRTY_TWO], 75 + 40 + 25 + 10),
        ("_0 < _1", [THIRTY_TWO, SIXTEEN], 75 + 40 + 25 + 10),
        # a search reads its list, and encodes what it looks for each time
        ("_0 in _1", [SIXTEEN, [1, 2]], 75 + 40 + 25 + 10 + 2 + 2 * (25 + 16)),
        ("_0 in _1", [1, [1, 2]], 75 + 32 + 25 + 8 + 2 + 25 + 8),
        # a part of a value costs reading it
        ("_0[0]", [[1, 2]], 75 + 24 + 3),
        # what a function or method gets is read, and what the method is of
        ("len(_0)", [SIXTEEN], 75 + 16 + 2),
        ("int(_0, base=_1)", ["1" * 16, 2], 100 + 24 + 3),
        ("_0.count(_1)", [THIRTY_TWO, SIXTEEN], 75 + 40 + 5),
        # items are paid for by one
        ("[*_0]", [[1, 2, 3]], 50 + 32 + 3),
        ("'%d' % 5", [], 75 + 2 + 128),
    ],
)
def test_what_an_expression_costs(text, values, expected):
    assert price(text, *values) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Other("set"), Other("set"), False),
        (Other("set"), 1, False),
        (Reduced(1, ("len",)), 1, False),
        (1, Reduced(1, ("len",)), False),
        (Digest("ab"), Digest("ab"), True),
        (Digest("ab"), Digest("cd"), False),
        (Digest("7"), 7, False),
        (7, Digest("7"), False),
        (True, 1, True),
    ],
)
def test_what_is_no_plain_value_equals_nothing_but_a_digest_its_like(left, right, expected):
    assert equal(left, right) is expected


def test_a_digest_equals_the_large_value_that_it_is_of():
    large = list(range(100_000, 140_000))
    digest = json.loads(compact(encode(large)))
    for line, expected in (
        ("assert f(1) == list(range(100000, 140000))", True),
        ("assert list(range(100000, 140000)) == f(1)", True),
        ("assert f(1) == list(range(100001, 140001))", False),
        ("assert f(1) == f(2)", True),
        ("assert f(1) != f(2)", False),
    ):
        (assertion,) = split_assert(line)
        assert assertion.holds([digest] * 2) is expected
