"""The functions and methods that asserts may use, each bounded by an allowance."""

import builtins
import itertools
import math
import re
import string
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction

from .sandbox.inside.values import FRACTION_BITS, distinct

ALLOWANCE = 6_000_000  # values read and created for one assert; two to three seconds
LENGTH = 2_000_000  # of a value created by repetition
TEMPLATE = 10_000  # characters of a template of % formatting
BITS = 1 << 16  # of an integer in arithmetic
WIDTH = re.compile(r"\d{4,}|\*")  # rejected for formatted numbers: more than three digits, or taken from a value
NUMBERS = (int, float, complex, Fraction, Decimal)


class Unbounded(ValueError):
    """An assert would take too much time or memory; it then does not hold."""


class Limits:
    """The allowance of one assert."""

    def __init__(self):
        self.left = ALLOWANCE

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise Unbounded("too many steps")

    def read(self, value: object) -> None:
        """Pay for one pass over a value and all that it holds."""
        self.spend(weight(value))

    def items(self, value: object) -> list:
        """Return the items of an iterable, and pay for reading them once."""
        if not isinstance(value, (list, tuple, str, bytes, set, frozenset, dict, range)):
            raise TypeError(f"{type(value).__name__} is not iterable")
        self.spend(len(value))
        return list(value)

    def arithmetic(self, left: object, right: object) -> None:
        """Pay for an operation on two numbers; for large ones, the product of their lengths."""
        words = 1
        for side in (left, right):
            size = 1
            if isinstance(side, int):
                size = side.bit_length()
            elif isinstance(side, Fraction):
                size = 16 * max(side.numerator.bit_length(), side.denominator.bit_length())
            if size > BITS:
                raise Unbounded("large integers in arithmetic")
            words *= 1 + size // 64
        self.spend(1 + words // 64)

    def repeat(self, left: object, right: object) -> None:
        times, value = (left, right) if isinstance(left, int) else (right, left)
        if not isinstance(times, int) or not isinstance(value, (str, bytes, list, tuple)):
            raise TypeError("only a sequence can be repeated")
        if max(len(value), weight(value)) * max(times, 0) > LENGTH:
            raise Unbounded("repetition")
        self.spend(weight(value) * max(times, 0))


def weight(value: object) -> int:
    """How many plain values a value contains; long texts and integers count more."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return 1 + sum(map(weight, value))
    if isinstance(value, dict):
        return 1 + sum(map(weight, value)) + sum(map(weight, value.values()))
    if isinstance(value, (str, bytes)):
        return 1 + len(value) // 16
    if isinstance(value, int):
        return 1 + value.bit_length() // 512
    return 1


def template(text: str) -> int:
    """The cost of filling a template of % formatting. Unbounded if a width is large or comes from a value."""
    widths = re.findall(r"%(?:\([^)]*\))?[#0\- +]*([\d*]*)(?:\.([\d*]*))?", text[:TEMPLATE])
    if len(text) > TEMPLATE or any(WIDTH.search(number) for pair in widths for number in pair):
        raise Unbounded("width of a format")
    return text.count("%") * 128


def _specification(text: str) -> str:
    if WIDTH.search(text) or "{" in text:
        raise Unbounded("width of a format")
    return text


def _format(limits: Limits, text: str, *values: object, **named: object) -> str:
    for _, field, specification, _ in string.Formatter().parse(text):
        if field is not None:
            limits.spend(128)
            _specification(specification or "")
            if "." in field or "[" in field:
                raise TypeError("attributes in a format")
    return text.format(*values, **named)


def _set_of(kind: type) -> Callable:
    return lambda limits, items=(): kind(distinct([_key(item) for item in limits.items(items)]))


def _key(item: object) -> object:
    return frozenset(item) if isinstance(item, set) else item


def _dict_of(kind: type) -> Callable:
    def make(limits: Limits, items: object = (), **named: object) -> dict:
        pairs = list(items.items()) if isinstance(items, dict) else [tuple(pair) for pair in limits.items(items)]
        distinct([key for key, _ in pairs])
        return kind(pairs, **named)

    return make


def _counter(limits: Limits, items: object = ()) -> Counter:
    return Counter(items if isinstance(items, dict) else distinct(limits.items(items)))


def _sum(limits: Limits, items: object, start: object = 0) -> object:
    items = limits.items(items)
    if isinstance(start, list):
        return start + list(itertools.chain.from_iterable(map(limits.items, items)))
    if all(isinstance(item, float) or (isinstance(item, int) and item.bit_length() <= BITS) for item in items):
        return sum(items, start)
    for item in items:
        if not isinstance(item, NUMBERS) or not isinstance(start, NUMBERS):
            raise TypeError("only numbers can be summed")
        limits.arithmetic(start, item)
        start = start + item
    return start


def _on_numbers(function: Callable) -> Callable:
    def apply(limits: Limits, left: object, right: object) -> object:
        limits.arithmetic(left, right)
        return function(left, right)

    return apply


def _bytes(limits: Limits, value: object = b"", *rest: object) -> bytes:
    if isinstance(value, int):
        raise TypeError("bytes of a length")
    return bytes(value, *rest)


def _round(limits: Limits, number: object, digits: int | None = None) -> object:
    if digits is not None and abs(digits) > 400:
        raise Unbounded("digits")
    return round(number, digits)


def _range(limits: Limits, *bounds: int) -> range:
    limits.spend(len(range(*bounds)))
    return range(*bounds)


def _safe(function: Callable, limits: Limits) -> Callable:
    safe = SAFE.get(function)
    return (lambda *values: safe(limits, *values)) if safe else function


def _map(limits: Limits, function: Callable, *items: object) -> list:
    return list(map(_safe(function, limits), *map(limits.items, items)))


def _filter(limits: Limits, function: Callable | None, items: object) -> list:
    return list(filter(function and _safe(function, limits), limits.items(items)))


def _ordered(function: Callable) -> Callable:
    def order(limits: Limits, *values: object, key: Callable | None = None, **options: object) -> object:
        values = values[0] if len(values) == 1 else values
        return function(limits.items(values), key=key and _safe(key, limits), **options)

    return order


def _small(function: Callable) -> Callable:
    """Bound a function of integers whose result is much longer than they are."""

    def apply(limits: Limits, *numbers: object) -> object:
        if any(abs(number) > 1000 for number in numbers):
            raise Unbounded("large numbers")
        return function(*numbers)

    return apply


def _pow(limits: Limits, base: object, exponent: object, modulus: int | None = None) -> object:
    if any(not isinstance(number, (int, float)) or abs(number) > 1000 for number in (base, exponent)):
        raise Unbounded("power")
    return pow(base, exponent, modulus)


def _instance(limits: Limits, value: object, kinds: object) -> bool:
    return issubclass(type(value), kinds)


def _fraction(limits: Limits, *parts: object) -> Fraction:
    if any(isinstance(part, str) and len(part) > 100 for part in parts):
        raise Unbounded("long fraction")
    value = Fraction(*parts)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > FRACTION_BITS:
        raise Unbounded("long fraction")
    return value


def _decimal(limits: Limits, value: object = "0") -> Decimal:
    made = Decimal(value)
    if not made.is_finite() or abs(made.adjusted()) > 1000:
        raise Unbounded("decimal number")
    return made


def _listed(function: Callable) -> Callable:
    return lambda limits, *items, **options: list(function(*map(limits.items, items), **options))


def _enumerate(limits: Limits, items: object, start: int = 0) -> list:
    return list(enumerate(limits.items(items), start))


#: The bounded form of each function that costs more than reading its arguments once.
SAFE: dict[Callable, Callable] = {
    set: _set_of(set),
    frozenset: _set_of(frozenset),
    list: lambda limits, items=(): limits.items(items),
    tuple: lambda limits, items=(): tuple(limits.items(items)),
    dict: _dict_of(dict),
    OrderedDict: _dict_of(OrderedDict),
    Counter: _counter,
    sum: _sum,
    any: lambda limits, items: any(limits.items(items)),
    all: lambda limits, items: all(limits.items(items)),
    sorted: _ordered(sorted),
    min: _ordered(min),
    max: _ordered(max),
    round: _round,
    range: _range,
    map: _map,
    filter: _filter,
    zip: _listed(zip),
    reversed: _listed(reversed),
    enumerate: _enumerate,
    pow: _pow,
    math.pow: lambda limits, *numbers: math.pow(*numbers),
    bytes: _bytes,
    divmod: _on_numbers(divmod),
    math.gcd: _on_numbers(math.gcd),
    math.factorial: _small(math.factorial),
    math.comb: _small(math.comb),
    math.perm: _small(math.perm),
    isinstance: _instance,
    Fraction: _fraction,
    Decimal: _decimal,
    format: lambda limits, value, text="": format(value, _specification(text)),
}
NAMES = "abs ascii bin bool chr complex float hex int issubclass len oct ord repr str type"
FUNCTIONS: dict[str, object] = {name: getattr(builtins, name) for name in NAMES.split()}
FUNCTIONS |= {safe.__name__: safe for safe in SAFE if getattr(builtins, safe.__name__, None) is safe}
FUNCTIONS |= {"object": object, "isclose": math.isclose, "Fraction": Fraction, "fractions.Fraction": Fraction}
FUNCTIONS |= {"Decimal": Decimal, "decimal.Decimal": Decimal}
for _kind in (Counter, OrderedDict, defaultdict):
    FUNCTIONS |= {_kind.__name__: _kind, f"collections.{_kind.__name__}": _kind}
MATHS = "isclose isnan isinf isfinite floor ceil trunc sqrt pi e inf nan tau fabs exp log log2 log10 sin cos tan"
MATHS += " asin acos atan atan2 hypot degrees radians pow factorial comb perm gcd copysign"
FUNCTIONS |= {f"math.{name}": getattr(math, name) for name in MATHS.split()}

_TEXT = "lower upper strip lstrip rstrip split splitlines startswith endswith isdigit isalpha isalnum isupper islower"
_TEXT += " isspace isnumeric count find rfind index title capitalize swapcase casefold"

SET_METHODS = "issubset issuperset isdisjoint union intersection difference symmetric_difference"


def _plain(kind: type, names: str) -> dict[tuple[type, str], Callable]:
    """Methods that cost about as much as reading the value once."""

    def method(name: str) -> Callable:
        return lambda limits, value, *rest, **options: getattr(kind, name)(value, *rest, **options)

    return {(kind, name): method(name) for name in names.split()}


def _with_sets(name: str) -> Callable:
    def apply(limits: Limits, value: set, *others: object) -> object:
        return getattr(value, name)(*(SAFE[set](limits, other) for other in others))

    return apply


def _join(limits: Limits, separator: str, items: Iterable) -> str:
    parts = limits.items(items)
    limits.spend(len(parts) * (1 + len(separator)))
    return separator.join(parts)


#: Methods of values, by type and name; methods of the program's own objects run in the sandbox.
METHODS: dict[tuple[type, str], Callable] = {
    **_plain(str, _TEXT),
    **_plain(list, "count index"),
    **_plain(tuple, "count index"),
    **_plain(dict, "get"),
    **{(set, name): _with_sets(name) for name in SET_METHODS.split()},
    (dict, "items"): lambda limits, value: [tuple(pair) for pair in value.items()],
    (dict, "keys"): lambda limits, value: list(value),
    (dict, "values"): lambda limits, value: list(value.values()),
    (str, "join"): _join,
    (str, "format"): _format,
    (float, "is_integer"): lambda limits, value: value.is_integer(),
}
