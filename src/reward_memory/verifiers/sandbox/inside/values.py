"""Plain data as JSON, both ways: what may cross the wall of the sandbox, and how the tests are stored.

None, bool, str, finite floats, integers below 2**63, lists, and dicts with string keys are themselves. Every other
value is an object of one key:

    {"$tuple": [...]}   {"$set": [...]}   {"$dict": [[key, value], ...]}   {"$int": "0x..."}
    {"$float": "nan" | "inf" | "-inf"}    {"$complex": [re, im]}           {"$bytes": "hex"}
    {"$fraction": [n, d]}       {"$decimal": "1.50"}    {"$range": [start, stop, step]}    {"$type": "int"}
    {"$digest": "hex"}          SHA-256 of the form of a value that is larger than 256 KiB, see `compact`
    {"$other": "type name"}     not plain data; equal to nothing

A frozenset is a set, a named tuple a tuple, a Counter a dict, the keys and items of a dict are sets, as `==` has it. No
pickle, no code, no class names that are looked up.
"""

import hashlib
import json
import math
import sys
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction

LARGE = 1 << 18  # characters of JSON; beyond, a digest says all that a comparison needs
DEPTH = 200  # of nesting; deeper values count as not plain
FRACTION_BITS = 1 << 12  # of numerator and denominator; beyond, the greatest common divisor takes its time
DECIMAL_SIZE = 1000  # characters and exponent of a decimal number
COLLISIONS = 32  # different items of one hash in a set; honest ones have a few
PLAIN = (bool, int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range)
PLAIN += (type(None), Fraction, Decimal)
TYPES = {kind.__name__: kind for kind in (*PLAIN, type, object, Counter, OrderedDict, defaultdict)}
# what may be made of a value that is large or not plain, before it crosses
REDUCTIONS = {function.__name__: function for function in (len, sum, min, max, any, all, sorted, abs, type, repr)}
REDUCTIONS |= {kind.__name__: kind for kind in (list, tuple, set, frozenset, dict, bool, int, float, str)}

FRACTION_PARTS = (Fraction._numerator, Fraction._denominator)  # the slots, which a subclass cannot answer for
VIEWS = (type({}.keys()), type({}.items()))


class Digest:
    """The digest of a large value; equal to nothing, compared by its text."""

    __slots__ = ("text",)
    __hash__ = None

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return False


class Other:
    """A value that is not plain data; equal to nothing, itself included."""

    __slots__ = ("name",)
    __hash__ = None

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return False


def encode(value, depth=0):
    """The JSON form of a value; base-class methods only, so that a subclass cannot answer for itself."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if depth > DEPTH:
        return {"$other": "too deep"}
    if issubclass(kind, int):
        return _integer(int.__add__(value, 0))
    if issubclass(kind, float):
        return _float(float.__add__(value, 0.0) if kind is not float else value)
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, list):
        return _items(list.__iter__(value), depth)
    return _tagged(value, kind, depth)


def _items(iterator, depth):
    # strings are themselves: some tasks return millions of them
    return [item if type(item) is str else encode(item, depth + 1) for item in iterator]


def _tagged(value, kind, depth):
    if issubclass(kind, tuple):
        return {"$tuple": _items(tuple.__iter__(value), depth)}
    if issubclass(kind, dict):
        pairs = [(key, encode(item, depth + 1)) for key, item in dict.items(value)]
        if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
            return dict(pairs)
        return {"$dict": [[encode(key, depth + 1), item] for key, item in pairs]}
    for base in (set, frozenset):
        if issubclass(kind, base):
            return {"$set": _items(base.__iter__(value), depth)}
    if issubclass(kind, complex):
        return {"$complex": [_float(complex.real.__get__(value)), _float(complex.imag.__get__(value))]}
    if issubclass(kind, (bytes, bytearray)):
        return {"$bytes": bytes(value).hex()}
    if kind is range:
        return {"$range": [_integer(part) for part in (value.start, value.stop, value.step)]}
    if issubclass(kind, Fraction):
        return {"$fraction": [encode(part.__get__(value), depth + 1) for part in FRACTION_PARTS]}
    if issubclass(kind, Decimal) and Decimal.is_finite(value):
        return {"$decimal": Decimal.__str__(value)}
    if kind in VIEWS:
        return {"$set": _items(iter(value), depth)}
    if issubclass(kind, type):
        return next(({"$type": name} for name, known in TYPES.items() if known is value), {"$other": "type"})
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, numpy.generic):
        plain = value.item()
        if type(plain) in (bool, int, float, complex, str, bytes):
            return encode(plain, depth + 1)
    return {"$other": kind.__name__[:100]}


def _integer(value):
    return value if -(2**63) <= value < 2**63 else {"$int": hex(value)}


def _float(value):
    if math.isfinite(value):
        return value
    return {"$float": "nan" if value != value else "inf" if value > 0 else "-inf"}


def cross(value, through=()):
    """JSON text of a value. Where it is large or not plain, of what the first functions of `through` make of it:
    {"$through": [how many, encoded value]}. The caller applies the others.
    """
    done = 0
    while True:
        last = done == len(through)
        if last or type(value) in PLAIN:
            text = compact(encode(value))
            if last or not text.startswith('{"$digest": '):
                return f'{{"$through": [{done}, {text}]}}' if done else text
        value = REDUCTIONS[through[done]](value)
        done += 1


def compact(encoded):
    """JSON text of an encoded value, of its digest if it is large: then equality is all that can be asked of it.

    Only one who has the value has its digest, so a candidate gains nothing by writing one itself.
    """
    text = json.dumps(encoded)
    if len(text) <= LARGE:
        return text
    if text.count("{") != text.count('{"$tuple"'):  # there are sets or dicts
        text = json.dumps(_ordered(encoded))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({"$digest": digest})


def _ordered(encoded):
    """The same form for equal values: sets and dicts in the order of their items' JSON."""
    kind, content = tag(encoded)
    if kind in ("$set", "$dict"):
        return {kind: sorted(map(_ordered, content), key=json.dumps)}
    if kind == "$tuple":
        return {kind: [_ordered(item) for item in content]}
    if isinstance(content, list) and not kind:
        return [_ordered(item) for item in content]
    if isinstance(content, dict) and not kind:
        return {key: _ordered(content[key]) for key in sorted(content)}
    return encoded


def tag(encoded):
    """(tag, content) of an encoded value; the tag of plain JSON is ""."""
    if type(encoded) is dict and len(encoded) == 1:
        ((key, content),) = encoded.items()
        if key.startswith("$"):
            return key, content
    return "", encoded


def decode(encoded, depth=0):
    """The value of a JSON form, in time and memory that grow with its length only, even if it is forged. ValueError,
    TypeError or RecursionError if it is not one.
    """
    if depth > 2 * DEPTH:
        raise ValueError("nested too deeply")
    kind, content = tag(encoded)
    if not kind:
        if type(encoded) is list:
            return [decode(item, depth + 1) for item in encoded]
        if type(encoded) is dict:
            return {key: decode(item, depth + 1) for key, item in encoded.items()}
        return encoded
    if kind == "$tuple":
        return tuple([decode(item, depth + 1) for item in content])
    if kind == "$set":
        return set(distinct([_hashable(decode(item, depth + 1)) for item in content]))
    if kind == "$dict":
        keys = distinct([_hashable(decode(key, depth + 1)) for key, _ in content])
        return dict(zip(keys, [decode(item, depth + 1) for _, item in content], strict=True))
    if kind in ("$fraction", "$decimal", "$range", "$complex"):
        return _number(kind, content)
    if kind == "$digest":
        return Digest(content)
    if kind == "$other":
        return Other(content)
    if kind == "$int":
        return int(content, 16)
    if kind == "$float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "$bytes":
        return bytes.fromhex(content)
    if kind == "$type" and content in TYPES:
        return TYPES[content]
    raise ValueError(f"{kind} is not a known kind of value")


def _number(kind, content):
    if kind == "$decimal":
        value = Decimal(content) if isinstance(content, str) and len(content) <= DECIMAL_SIZE else None
        if value is None or not value.is_finite() or abs(value.adjusted()) > DECIMAL_SIZE:
            raise ValueError("not a decimal number of common size")
        return value
    parts = [decode(part) for part in content]
    if kind == "$complex":
        real, imaginary = parts
        return complex(real, imaginary)
    if any(type(part) is not int or (part.bit_length() > FRACTION_BITS) for part in parts):
        raise ValueError(f"{kind} holds integers of common size")
    return range(*parts) if kind == "$range" else Fraction(*parts)


def distinct(keys):
    """The keys of a set or dict. ValueError where many different ones share a hash: each would be compared with all."""
    hashes = sorted(map(hash, keys))
    if any(first == last for first, last in zip(hashes, hashes[COLLISIONS:], strict=False)):
        by_hash = {}
        for key in keys:
            same = by_hash.setdefault(hash(key), [])
            if key not in same:
                same.append(key)
            if len(same) > COLLISIONS:
                raise ValueError("keys made to collide")
    return keys


def _hashable(value):
    return frozenset(value) if type(value) is set else value
