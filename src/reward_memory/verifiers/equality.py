"""Equality of two formulas: math-verify's rules, except where numeric values contradict them.

math-verify 0.9 treats all numbers below 1e-15 as zero, and `\\cos(x)=a` as `\\sin(x)=a`. What it calls equal is checked
here on numbers; numbers themselves are only compared here.
"""

import re
from collections.abc import Sequence

import sympy
from latex2sympy2_extended.latex2sympy2 import NormalizationConfig, normalize_latex
from math_verify import verify
from math_verify.parser import parse_latex_cached
from sympy import And, Eq, Expr, Interval, MatrixBase, Ne, Tuple
from sympy import FiniteSet as Set
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

EXACT = 1e-12  # relative: two ways of computing the same number
ROUNDED = 6  # decimals that are compared, unless the answer sets another number
SMALL, SMALL_ROUNDED = 1e-3, 2e-6  # numbers below SMALL are compared relatively
TINY = 1e-9
LARGE = 10**2_000  # integers below it are compared digit by digit
LARGEST = 10_000  # exponent up to which powers are multiplied out
POINTS = ((0.37, 1.71, 2.23), (1.93, 0.59, 3.01), (2.71, 3.37, 0.83))  # values for symbols, in the order of their names
FOLLOWING = "abcd mn pqr uvw xyz"  # consecutive names
DECIMAL = re.compile(r"(\d*)\.(\d+)")


def parse_formula(latex: str) -> object | None:
    """The sympy object of a formula that `spelling.read_formula` wrote; None if any part cannot be read."""
    # units are off: they cut a formula at its first \text
    config = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none")
    try:
        return _with_unit(parse_latex_cached(normalize_latex(latex, config)))
    except Exception:  # the parser raises errors of any kind on what it cannot read
        return None


def _with_unit(value: object) -> object:
    """Read i as the imaginary unit if it is the only letter, also on the right of `x = 2i`."""
    if isinstance(value, Set):
        return Set(*map(_with_unit, value.args))
    if isinstance(value, Eq):  # in `i = 3` it is a name
        return value if str(value.lhs) == "i" else Eq(value.lhs, _with_unit(value.rhs), evaluate=False)
    symbols = [*getattr(value, "free_symbols", ())]
    return value.subs(symbols[0], sympy.I) if [str(symbol) for symbol in symbols] == ["i"] else value


def equal(gold: object, found: object, places: int | None, percent: bool, tolerance: float) -> bool:
    """Whether an answer equals the truth.

    places     decimals of a rounded answer; None if it must be equal
    percent    exactly one of the two is written as a percentage: 10 % is 10 and 0.1
    tolerance  absolute, if the benchmark names one; else 0
    """
    if _equal(gold, found, places, tolerance):
        return True
    return percent and (
        _equal(gold, _hundredth(found), places, tolerance) or _equal(_hundredth(gold), found, places, tolerance)
    )


def _hundredth(value: object) -> object:
    return value / 100 if isinstance(value, Expr) else None


def _equal(gold: object, found: object, places: int | None, tolerance: float) -> bool:
    if gold is None or found is None:
        return False
    if _is_number(gold) and _is_number(found):
        return _equal_numbers(gold, found, places, tolerance)
    gold, found = _only_point(gold, found), _only_point(found, gold)
    gold, found = _as_matrix(gold, found), _as_matrix(found, gold)
    gold, found = _function_values(gold, found)
    gold, found = _assigned(gold, found)
    gold, found = _inequalities_as_set(gold, found), _inequalities_as_set(found, gold)
    if verify(gold, found, allow_set_relation_comp=True, timeout_seconds=None):
        return not _contradicted(gold, found)
    if places is None or not verify(gold, found, float_rounding=places, timeout_seconds=None):
        return False
    return not _contradicted(gold, found, places)


def _only_point(value: object, other: object) -> object:
    """Unwrap `{(2, 3)}` to its point if the other side is a point."""
    alone = isinstance(value, Set) and len(value.args) == 1 and isinstance(value.args[0], Interval | Tuple)
    return value.args[0] if alone and isinstance(other, Interval | Tuple) else value


def _function_values(gold: object, found: object) -> tuple[object, object]:
    """The values of `f(n) = 1, f(n) = -1`, if both sides are such lists; the argument's name does not matter."""

    def values(value):
        parts = value.args if isinstance(value, Set) else (value,)
        if not all(
            isinstance(part, Eq) and isinstance(part.lhs, AppliedUndef) and _is_number(part.rhs) for part in parts
        ):
            return None
        return Set(*(part.rhs for part in parts)), {part.lhs.func for part in parts}

    one, other = values(gold), values(found)
    return (one[0], other[0]) if one and other and one[1] == other[1] else (gold, found)


def _assigned(gold: object, found: object) -> tuple[object, object]:
    """Read `x = 2, y = -1` as a tuple if the other side is one and the names are consecutive."""

    def values(value):
        if not isinstance(value, Set) or not all(isinstance(part, Eq) and part.lhs.is_Symbol for part in value.args):
            return None
        named = {str(part.lhs): part.rhs for part in value.args}
        names = "".join(sorted(named))
        return Tuple(*map(named.get, names)) if len(names) == len(value.args) and names in FOLLOWING else None

    if (one := values(found)) is not None and (other := _tuple(gold)) is not None:
        return other, one
    if (one := values(gold)) is not None and (other := _tuple(found)) is not None:
        return one, other
    return gold, found


def _inequalities_as_set(value: object, other: object) -> object:
    """`x < -2 or x > 3` as the union of its intervals, if the other side is such a set; `x \\ne 3` removes 3."""
    if not isinstance(other, Interval | sympy.Union) or not isinstance(value, Set) or not value.args:
        return value
    if not all(isinstance(part, Relational | And) and len(part.free_symbols) == 1 for part in value.args) or value.has(
        Eq
    ):
        return value
    without = [part.as_set() for part in value.args if isinstance(part, Ne)]
    union = [part.as_set() for part in value.args if not isinstance(part, Ne)]
    return sympy.Intersection(*([sympy.Union(*union)] if union else []), *without)


def _as_matrix(value: object, other: object) -> object:
    """`(1, 2)` as a row or column vector, if the other side is such a vector."""
    if not isinstance(other, MatrixBase) or 1 not in other.shape:
        return value
    row = _tuple(value)
    return value if row is None or len(row) != len(other) else type(other)(*other.shape, list(row))


def _tuple(value: object) -> object | None:
    """A tuple, also from a pair, which math-verify reads as an open interval; None for anything else."""
    if isinstance(value, Interval) and value.left_open and value.right_open:
        return Tuple(value.start, value.end)
    return value if isinstance(value, Tuple) else None


def _is_number(value: object) -> bool:
    return isinstance(value, Expr) and not value.free_symbols and value.is_commutative


def _evaluated(value) -> complex | None:
    """A number's value; None without a finite one."""
    try:
        result = complex(value.evalf(30))
    except Exception:
        return None
    return result if abs(result) < float("inf") else None


def _equal_numbers(gold, found, places: int | None, tolerance: float) -> bool:
    if gold.has(sympy.nan, sympy.zoo):  # 12:00 and 1:00 as ratios
        return False
    if gold == found:
        return True
    decimal = gold.has(sympy.Float) or found.has(sympy.Float)
    a, b = gold.evalf(30), found.evalf(30)
    if not (a.is_finite and b.is_finite):
        return a == b
    size, distance = max(abs(a), abs(b)), abs(a - b)
    exact = not decimal and not tolerance and gold.is_integer and found.is_integer
    if exact and size < LARGE:
        return int(gold) == int(found)
    if distance <= size * EXACT and (decimal or _same_value(gold, found, distance <= size * 1e-25)):
        return True
    if tolerance and distance <= tolerance * (1 + 1e-9):
        return True
    if not decimal:
        return False
    if size < SMALL:
        return bool(distance <= size * SMALL_ROUNDED)
    if not (a.is_real and b.is_real):
        return bool(distance < 0.5 * 10**-ROUNDED)
    digits = ROUNDED if places is None else places
    # sympy's round(digits) keeps different digits of 0.0999999 and 0.1, which then differ
    return (a * 10**digits).round() == (b * 10**digits).round()


def _same_value(gold, found, near: bool) -> bool:
    """Whether two exact numbers are equal; `near` if 25 digits show no difference, as for 1 and 1 - 2^{-100}."""
    difference = gold - found
    large = [abs(part.args[-1]) for part in difference.atoms(sympy.Pow, sympy.factorial)]
    if all(bool(size <= LARGEST) for size in large):
        difference = difference.doit()
    if difference.is_Rational:
        return difference == 0
    if not near:
        return gold.equals(found)
    return abs(difference.evalf(15, maxn=400)) <= abs(gold.evalf(30)) * 1e-300


def _contradicted(gold, found, places: int | None = None) -> bool:
    """Whether numbers show that two formulas judged equal are not. False if they show nothing."""
    if _is_number(gold) and _is_number(found):
        return not _equal_numbers(gold, found, places, 0)
    if isinstance(gold, MatrixBase) and isinstance(found, MatrixBase):
        return _pairs_contradicted(gold.flat(), found.flat(), places)
    if isinstance(gold, Interval) and isinstance(found, Interval):
        return _pairs_contradicted((gold.start, gold.end), (found.start, found.end), places)
    if isinstance(gold, Tuple) and isinstance(found, Tuple):
        return _pairs_contradicted(gold.args, found.args, places)
    if isinstance(gold, Set) and isinstance(found, Set) and all(map(_is_number, (*gold.args, *found.args))):
        return not _same_members(gold.args, found.args, places)
    if isinstance(gold, Set) and isinstance(found, Set):  # x = 1, y = 2
        return any(_other_bound(one, other, places) for one in gold.args for other in found.args if _alone(one, gold))
    if isinstance(gold, Relational | And) and isinstance(found, Relational | And):
        if _other_bound(gold, found, places):
            return True
        return isinstance(gold, Eq) and isinstance(found, Eq) and _other_equation(gold, found)
    if isinstance(gold, Eq) != isinstance(found, Eq):  # x = 5 and 5
        return _contradicted(*(side.rhs if isinstance(side, Eq) else side for side in (gold, found)), places)
    if isinstance(gold, Expr) and isinstance(found, Expr):
        return _other_function(gold, found)
    return False


def _other_bound(gold, found, places: int | None) -> bool:
    """Whether two relations give different numbers for one thing: `x = 2` and `x = 3`, `0 < x < 1` and `0 < x < 2`."""
    if type(gold) is not type(found) or not isinstance(gold, Relational | And) or len(gold.args) != len(found.args):
        return False
    pairs = list(zip(gold.args, found.args, strict=True))
    if isinstance(gold, And):
        return not (gold.has(Eq) or found.has(Eq)) and any(_other_bound(*pair, places) for pair in pairs)
    numbers = [pair for pair in pairs if all(map(_is_number, pair))]
    same = [one for one, other in pairs if one == other and not _is_number(one)]
    return len(numbers) == len(same) == 1 and not _equal_numbers(*numbers[0], places, 0)


def _alone(relation, group) -> bool:
    """Whether no other relation of a group has the same left side, unlike in `x = 1, x = 2`."""
    return sum(getattr(other, "lhs", None) == getattr(relation, "lhs", 0) for other in group.args) == 1


def _pairs_contradicted(golds: Sequence, founds: Sequence, places: int | None) -> bool:
    return len(golds) == len(founds) and any(map(lambda one, other: _contradicted(one, other, places), golds, founds))


def _same_members(golds: Sequence, founds: Sequence, places: int | None) -> bool:
    """Whether two sets of numbers can be paired off as equal."""
    left = list(founds)
    for gold in golds:
        match = next((found for found in left if _equal_numbers(gold, found, places, 0)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _values(expression, symbols: Sequence) -> list[complex | None]:
    """An expression's values at POINTS."""
    return [_evaluated(expression.subs(dict(zip(symbols, point, strict=False)))) for point in POINTS]


def _other_function(gold, found) -> bool:
    """Whether two expressions of the same one to three symbols differ at a point."""
    symbols = sorted(gold.free_symbols, key=str)
    if gold.free_symbols != found.free_symbols or not 1 <= len(symbols) <= 3:
        return False
    size = _evaluated(gold.subs(dict(zip(symbols, POINTS[0], strict=False))))
    if size is not None and abs(size) > TINY:  # math-verify only confuses tiny values
        return False
    for one, other in zip(_values(gold, symbols), _values(found, symbols), strict=True):
        if one is not None and other is not None and abs(one - other) > 1e-5 * max(abs(one), abs(other)):
            return True
    return False


def _other_equation(gold, found) -> bool:
    """Whether an equation of several symbols, solved for one of them at a point, contradicts the other equation."""
    symbols = sorted(gold.free_symbols, key=str)
    sides = (gold.lhs, gold.rhs, found.lhs, found.rhs)
    if len(symbols) < 2 or found.free_symbols != gold.free_symbols or not all(isinstance(side, Expr) for side in sides):
        return False
    one, other = gold.lhs - gold.rhs, found.lhs - found.rhs
    for symbol in symbols:
        point = dict(zip([name for name in symbols if name != symbol], POINTS[0], strict=False))
        try:
            roots = sympy.solve(one.subs(point), symbol)
        except Exception:  # sympy cannot solve for this symbol: try the next
            continue
        values = [_evaluated(other.subs(point).subs(symbol, root)) for root in roots]
        if values and all(value is not None for value in values):
            return any(abs(value) > 1e-6 for value in values)
    return False


def rounded_places(source: str, truth: str) -> int | None:
    """Decimals of an answer that may be a rounded truth (2.6667 for 8/3): only if the truth is not a decimal itself
    and the answer has at least four significant digits; else None.
    """
    decimals = [digits for digits in DECIMAL.findall(source) if len((digits[0] + digits[1]).lstrip("0")) >= 4]
    return max(len(digits[1]) for digits in decimals) if decimals and "." not in truth else None
