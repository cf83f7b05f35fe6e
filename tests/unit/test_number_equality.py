"""When two values are equal: numbers to their bounds, and the kinds of values that may stand for one another."""

import pytest
from sympy import Eq, FiniteSet, Float, I, Integer, Interval, Matrix, Rational, Tuple, cos, oo, sin, symbols

from reward_memory.verifiers.equality import _contradicted, _evaluated, equal, parse_formula, rounded_places
from reward_memory.verifiers.spelling import read_formula

TINY = Rational(1, 10**20)
X, Y, Z = symbols("x y z")


def same(truth: str, answer: str) -> bool:
    gold, found = (parse_formula(read_formula(text)) for text in (truth, answer))
    assert gold is not None
    assert found is not None
    return equal(gold, found, None, False, 0)


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        # i is the imaginary unit where it is the only letter, but not where something is said of it
        ("\\{i, -i\\}", "\\{\\sqrt{-1}, -\\sqrt{-1}\\}", True),
        ("x=2i", "x=2\\sqrt{-1}", True),
        ("x=2i", "x=3i", False),
        ("i=3", "i=3", True),
        ("i=3", "i=4", False),
        # infinite values, and values that are none
        ("\\infty", "5", False),
        ("5", "\\infty", False),
        ("\\frac{1}{0}", "\\frac{1}{0}", False),
        ("5", "\\frac{1}{0}", False),
        ("\\frac{1}{0}", "5", False),
        # a whole number is no fraction
        ("\\frac12", "0", False),
        ("0", "\\frac12", False),
        # integers are compared digit by digit up to 2,000 digits
        ("5 \\cdot 10^{1998}", "5 \\cdot 10^{1998}+1", False),
        ("9 \\cdot 10^{1999}", "9 \\cdot 10^{1999}+1", False),
        # roots that differ a little beside what is large
        ("10^{14}+\\sqrt{2}", "10^{14}+\\sqrt{3}", False),
        ("\\sqrt{3+2\\sqrt{2}}", "1+\\sqrt{2}", True),
        ("\\sqrt{3+2\\sqrt{2}}-1-\\sqrt{2}", "0", True),
        # spellings that are put right before they are read, and words that are not cut off
        ("10\\sqrt{3}+2", "10\\sqrt3+\\sqrt4", True),
        ("12345", "12'345", True),
        ("3\\text{ thousand}", "3", False),
        # a set of one point
        ("\\{(2,3)\\}", "(2,3)", True),
        ("(2,3)", "\\{(2,3)\\}", True),
        ("\\{(2,3)\\}", "(2,4)", False),
        ("\\{(2,3)\\}", "(3,2)", False),
        ("\\{(2,3)\\}", "\\{(2,3)\\}", True),
        ("\\{(2,3),(4,5)\\}", "(2,3)", False),
        ("\\{(1,2,3)\\}", "(1,2,3)", True),
        ("\\{5\\}", "(5,6)", False),
        # values of a function
        ("f(n)=1", "f(x)=1", True),
        ("f(n)=1", "f(x)=2", False),
        ("f(n)=1", "g(n)=1", False),
        ("f(n)=n", "f(x)=x", False),
        ("f(n)=1, f(n)=2", "f(x)=1", False),
        ("f(n)=1, x=2", "f(n)=2, x=1", False),
        # a point by its coordinates
        ("(2,-1)", "x=2, y=-1", True),
        ("x=2, y=-1", "(2,-1)", True),
        ("x=2, y=-1", "(-1,2)", False),
        ("(-1,2)", "y=2, x=-1", True),
        ("(-1,2]", "x=-1, y=2", False),
        ("[-1,2)", "x=-1, y=2", False),
        ("(3,1,2)", "x=3, y=1, z=2", True),
        ("x=3, y=1, z=2", "(3,1,2)", True),
        ("(3,1,2)", "x=3, y=2, z=1", False),
        ("(2,1)", "m=2, n=1", True),
        ("(2,1)", "x=2, z=1", False),
        ("(3,1,2)", "x=3, y=1", False),
        ("x=1, y=2", "y=2, x=1", True),
        ("(1,2)", "x=1, y>2", False),
        ("(1,2)", "1, 2", True),
        # two inequalities for the union of two intervals
        ("(-\\infty,-2)\\cup(3,\\infty)", "x<-2, x>3", True),
        ("x<-2, x>3", "(-\\infty,-2)\\cup(3,\\infty)", True),
        ("(-\\infty,-2]\\cup[3,\\infty)", "x\\le -2, x\\ge 3", True),
        ("(-\\infty,-2)\\cup(3,\\infty)", "x\\le -2, x\\ge 3", False),
        ("(-\\infty,-2)\\cup(3,\\infty)", "x<-2, x>4", False),
        ("(-\\infty,-2)\\cup(3,\\infty)", "x<-2, x=3", False),
        ("(3,\\infty)", "x>3", True),
        ("(1,2)", "1<x<2", True),
        ("(1,3)", "1<x<2", False),
        ("[1,2]", "\\emptyset", False),
        # a vector by its components
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)", True),
        ("(1,2)", "\\begin{pmatrix}1\\\\2\\end{pmatrix}", True),
        ("\\begin{pmatrix}1&2\\end{pmatrix}", "(1,2)", True),
        ("\\begin{pmatrix}3\\\\1\\\\2\\end{pmatrix}", "(3,1,2)", True),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(2,1)", False),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "[1,2)", False),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2]", False),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2,3)", False),
        ("\\begin{pmatrix}1\\\\2\\\\3\\end{pmatrix}", "(1,2)", False),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "(1,2,3,4)", False),
        # relations that are about the same
        ("0 < x < 1", "0 < x < 2", False),
        ("x > 2", "x > 3", False),
        ("x > 2", "x \\ge 2", False),
    ],
)
def test_what_stands_for_a_value(truth, answer, expected):
    assert same(truth, answer) is expected


@pytest.mark.parametrize(
    ("gold", "found", "expected"),
    [
        # below a thousandth to six digits, from there on to six places
        (Float("0.0010004"), Rational("0.0009996"), True),
        (Float("0.1"), Float("0.0999996"), True),
        (Float("0.1"), Float("0.0999994"), False),
        (Float("0.0100004"), Rational("0.0099996"), True),
        (Float("0.0015"), Rational("0.0015004"), True),
        (Float("0.0015"), Rational("0.0015006"), False),
        (Float("0.0005"), Rational("0.0005000005"), True),
        (Float("0.0005"), Rational("0.0005000015"), False),
        (Float("0.5"), Rational("-0.5"), False),
        (Rational("-0.5"), Float("0.5"), False),
        # what is large relatively, as two ways of computing one number differ
        (Float("100000000.00001"), Float("100000000.00002"), True),
        (Float("100000000.00001"), Float("100000000.001"), False),
        # complex numbers to half of the sixth place
        (Rational(1, 3) + I, Float("0.333333") + I, True),
        (Rational(1, 3) + I, Float("0.3333325") + I, False),
        (Rational(1, 3) + I, Float("0.333332") + I, False),
        (Float("0.5"), Float("0.5") + I, False),
    ],
)
def test_decimals_are_equal_up_to_a_bound(gold, found, expected):
    assert equal(gold, found, None, False, 0) is expected


@pytest.mark.parametrize(
    ("gold", "found", "expected"),
    [(1, Rational(1, 100), True), (Rational(1, 100), 1, True), (1, Rational(1, 10), False), (X, 100 * X, True)],
)
def test_a_percentage_is_a_hundredth(gold, found, expected):
    gold, found = Integer(1) * gold, Integer(1) * found
    assert equal(gold, found, None, True, 0) is expected


def test_a_set_is_no_percentage():
    assert not equal(FiniteSet(1), FiniteSet(Rational(1, 100)), None, True, 0)


@pytest.mark.parametrize(("gold", "found"), [(None, Integer(1)), (Integer(1), None), (None, None)])
def test_what_was_not_read_equals_nothing(gold, found):
    assert equal(gold, found, None, True, 1) is False


@pytest.mark.parametrize(
    ("gold", "found", "expected"),
    [
        # what is tiny is taken for zero by math-verify, in whatever it stands
        (TINY, 2 * TINY, True),
        (TINY, TINY, False),
        (Matrix([TINY, 1]), Matrix([2 * TINY, 1]), True),
        (Matrix([TINY, 1]), Matrix([TINY, 1]), False),
        (Matrix([TINY, 1]), Matrix([TINY, 1, 1]), False),
        (Interval(TINY, 1), Interval(2 * TINY, 1), True),
        (Interval(-1, TINY), Interval(-1, 2 * TINY), True),
        (Interval(TINY, 1), Interval(TINY, 1), False),
        (Tuple(1, TINY, 2), Tuple(1, 3 * TINY, 2), True),
        (Tuple(1, TINY, 2), Tuple(1, TINY, 2), False),
        (FiniteSet(TINY, 2 * TINY), FiniteSet(2 * TINY, TINY), False),
        (FiniteSet(TINY, 2 * TINY), FiniteSet(3 * TINY, TINY), True),
        (FiniteSet(TINY, 2 * TINY), FiniteSet(TINY), True),
        (FiniteSet(TINY), FiniteSet(TINY, 2 * TINY), True),
        # equations of one name
        (Eq(X, TINY), Eq(X, 2 * TINY), True),
        (Eq(X, TINY), Eq(X, TINY), False),
        (Eq(X, TINY), Eq(Y, 2 * TINY), False),
        (Eq(X, TINY), 2 * TINY, True),
        (2 * TINY, Eq(X, TINY), True),
        (Eq(X, TINY), TINY, False),
        # several equations: the one of the same name, if there is one alone
        (FiniteSet(Eq(X, TINY), Eq(Y, 1)), FiniteSet(Eq(X, 2 * TINY), Eq(Y, 1)), True),
        (FiniteSet(Eq(X, TINY), Eq(Y, 1)), FiniteSet(Eq(X, TINY), Eq(Y, 1)), False),
        (FiniteSet(Eq(X, TINY), Eq(X, 1)), FiniteSet(Eq(X, 1), Eq(X, TINY)), False),
        # inequalities
        (X > TINY, X > 2 * TINY, True),
        (X > TINY, X > TINY, False),
        (X > TINY, X < 2 * TINY, False),
        ((X > TINY) & (X < 1), (X > 2 * TINY) & (X < 1), True),
        ((X > TINY) & (X < 1), (X > TINY) & (X < 1), False),
        # functions of one to three names
        (TINY * X * Y * Z, 2 * TINY * X * Y * Z, True),
        (TINY * X * Y, TINY * Y * X, False),
        (TINY * X, 2 * TINY * Y, False),
        (TINY * sin(X) ** 2, TINY - TINY * cos(X) ** 2, False),
        (TINY * sin(X), TINY * cos(X), True),
        # equations of several names
        (Eq(X + Y, 2), Eq(X - Y, 2), True),
        (Eq(X + Y, 2), Eq(2 * X + 2 * Y, 4), False),
        (Eq(X + Y, 2), Eq(X + Z, 3), False),
        (Eq(X * Y, 2), Eq(Y, 2 / X), False),
        (Eq(X**2, 4), Eq(X**2, 4 * X), False),
        (Eq(X**2 + Y, 1), Eq(X**2 + Y, 1 + X - X), False),
        (Eq(X * (X - Y), 0), Eq(X - Y, 0), True),
        # nothing can be said of two kinds
        (Matrix([TINY, 1]), Tuple(2 * TINY, 1), False),
        (FiniteSet(TINY), Tuple(2 * TINY, 1), False),
    ],
    ids=str,
)
def test_numbers_contradict_that_two_values_are_equal(gold, found, expected):
    assert _contradicted(gold, found) is expected


@pytest.mark.parametrize("value", [oo, -oo, X, Integer(10) ** 400])
def test_what_is_not_finite_has_no_value(value):
    assert _evaluated(value) is None


@pytest.mark.parametrize(
    ("source", "truth", "places"),
    [
        ("0.1234", "x", 4),
        ("0.0123", "x", None),
        ("123.4", "x", 1),
        ("12.34 or 1.23456", "x", 5),
        ("1.23456 or 12.34", "x", 5),
        ("1.2 or 12.345", "x", 3),
        ("12.345", "0.5", None),
    ],
)
def test_a_rounded_answer_has_four_digits_before_and_behind_its_point(source, truth, places):
    assert rounded_places(source, truth) == places
