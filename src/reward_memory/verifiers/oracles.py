"""Compare returned with expected values, outside the sandbox, on plain data, without trusting what was returned."""

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from .sandbox.inside.values import Digest, decode, tag

RELATIVE = 1e-7  # evalplus compares with numpy.allclose(rtol=1e-07)
ENFORCED = 1e-6  # its absolute tolerance where floats are expected and the task names none
CONTAINERS = ("$tuple", "$set", "$dict", "$digest", "$other")
_MISSING = object()  # equal to no value that can be returned


def matches(returned: object, expected: object, atol: float = 0.0, loose: bool = False) -> bool:
    """Whether an encoded return value equals a decoded expected one, with the tolerances of evalplus.

    Equal values of equal types match. 1 is also 1.0, but True is 1 only if `loose`, and a list is not a tuple. If the
    task has a tolerance or expects floats, numbers also match within `atol` + 1e-7 * |expected|. Unlike in evalplus,
    nan matches nan, as a task that expects it could not be solved otherwise.
    """
    try:
        if same(returned, expected, loose):
            return True
        if not atol and _floats(expected):
            atol = ENFORCED
        return bool(atol) and _close(returned, expected, atol)
    except (ValueError, TypeError, RecursionError, ArithmeticError, AttributeError):
        return False  # not a well-formed value


def same(returned: object, expected: object, loose: bool = False) -> bool:
    """Typed equality of an encoded and a plain value; if `loose`, True is 1, as in Python. Returned items of sets and
    dicts are looked up in the expected ones: no set or dict is built from what a candidate may have forged, except for
    items that are sets themselves, and `decode` refuses those whose items collide.
    """
    kind, content = tag(returned)
    if isinstance(expected, Digest):
        return kind == "$digest" and content == expected.text
    if isinstance(expected, (set, frozenset)):
        return kind == "$set" and len(content) == len(expected) and _same_set(content, expected, loose)
    if isinstance(expected, dict):
        pairs = content if kind == "$dict" else list(content.items()) if type(content) is dict and not kind else []
        return type(returned) is dict and len(pairs) == len(expected) and _same_pairs(pairs, expected, loose)
    if isinstance(expected, (list, tuple)):
        items = _items(returned, expected)
        return items is not None and all(same(*pair, loose) for pair in zip(items, expected, strict=True))
    return _same_scalar(returned, expected, loose)


def _same_scalar(returned: object, expected: object, loose: bool) -> bool:
    kind, content = tag(returned)
    if kind in CONTAINERS or (not kind and isinstance(content, (list, dict))):
        return False
    value = decode(returned)
    if not loose and (isinstance(value, bool) or isinstance(expected, bool)):
        return value is expected
    if isinstance(value, float) and isinstance(expected, float) and math.isnan(value):
        return math.isnan(expected)
    return value == expected


def _items(returned: object, expected: list | tuple) -> list | None:
    """The returned items if they are as many as expected, in the same kind of sequence; else None."""
    kind, content = tag(returned)
    wanted = "$tuple" if isinstance(expected, tuple) else ""
    return content if kind == wanted and isinstance(content, list) and len(content) == len(expected) else None


def _same_set(items: list, expected: set | frozenset, loose: bool) -> bool:
    left = {item: item for item in expected}
    return all(same(item, left.pop(_key(item), _MISSING), loose) for item in items)


def _same_pairs(pairs: list, expected: dict, loose: bool) -> bool:
    left = {key: (key, value) for key, value in expected.items()}
    for key, value in pairs:
        found = left.pop(_key(key), None)
        if found is None or not same(key, found[0], loose) or not same(value, found[1], loose):
            return False
    return True


def _key(encoded: object) -> object:
    value = decode(encoded)
    return frozenset(value) if isinstance(value, set) else value


def _floats(expected: object) -> bool:
    if isinstance(expected, (list, tuple)):
        return all(isinstance(item, float) for item in expected)
    return isinstance(expected, float)


def _close(returned: object, expected: object, atol: float) -> bool:
    if isinstance(expected, (list, tuple)):
        items = _items(returned, expected)
        return items is not None and all(_close(*pair, atol) for pair in zip(items, expected, strict=True))
    kind, content = tag(returned)
    if kind in CONTAINERS or (not kind and isinstance(content, (list, dict))):
        return False
    value = decode(returned)
    if isinstance(value, (Fraction, Decimal)):
        value = float(value)
    numbers = (int, float, complex)
    if isinstance(value, bool) or not isinstance(value, numbers) or not isinstance(expected, numbers):
        return False
    return _same_scalar(returned, expected, False) or abs(value - expected) <= atol + RELATIVE * abs(expected)


def _as_set(returned: object, expected: object, arguments: list, atol: float) -> bool:
    kind, content = tag(returned)
    if kind not in ("", "$tuple", "$set") or not isinstance(content, list):
        return False
    wanted, seen = {item: item for item in expected}, set()
    for item in content:
        key = _key(item)
        if not same(item, wanted.get(key, _MISSING)):
            return False
        seen.add(key)
    return len(seen) == len(wanted)


def _not_none(returned: object, expected: object, arguments: list, atol: float) -> bool:
    wanted = expected if isinstance(expected, bool) else expected is not None
    return (returned if isinstance(returned, bool) else returned is not None) is wanted


def _polynomial_zero(returned: object, expected: object, arguments: list, atol: float) -> bool:
    """HumanEval 32: any zero of the polynomial whose coefficients are the argument."""
    point = decode(returned)
    if isinstance(point, bool) or not isinstance(point, (int, float)):
        return False
    return abs(sum(factor * math.pow(point, power) for power, factor in enumerate(arguments[0]))) <= (atol or 1e-4)


#: Judges of tasks with more than one right answer, by the name in tests["oracle"]; as in evalplus.
ORACLES: dict[str, Callable[[object, object, list, float], bool]] = {
    "set": _as_set,
    "not_none": _not_none,
    "polynomial_zero": _polynomial_zero,
    "zero_too": lambda returned, expected, arguments, atol: same(returned, 0) or matches(returned, expected, atol),
    "any": lambda returned, expected, arguments, atol: True,
}
