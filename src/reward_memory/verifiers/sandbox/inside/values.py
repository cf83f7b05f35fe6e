"""Plain data as JSON, both ways: what may cross the wall of the sandbox, and how the tests are stored.

None, bool, str, finite floats, integers below 2**63, lists, and dicts with string keys are themselves. Every other
value is an object of one key:

    {"$tuple": [...]}   {"$set": [...]}   {"$dict": [[key, value], ...]}   {"$int": "0x..."}
    {"$float": "nan" | "inf" | "-inf"}    {"$complex": [re, im]}           {"$bytes": "hex"}
    {"$digest": "hex"}          SHA-256 of the form of a value that is larger than 256 KiB, see `compact`
    {"$other": "type name"}     not plain data; equal to nothing

A frozenset is a set, a named tuple a tuple, a Counter a dict, as `==` has it. No pickle, no code, no class names that
are looked up.
"""

import hashlib
import json
import math
import sys

LARGE = 1 << 18  # characters of JSON; beyond, a digest says all that a comparison needs
DEPTH = 200  # of nesting; deeper values count as not plain


class Digest(str):
    """The digest of a large value; equal to the same digest only."""

    __slots__ = ()


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


def decode(encoded):
    """The value of a JSON form. ValueError, TypeError or RecursionError if it is not one."""
    kind, content = tag(encoded)
    if not kind:
        if type(encoded) is list:
            return [decode(item) for item in encoded]
        if type(encoded) is dict:
            return {key: decode(item) for key, item in encoded.items()}
        return encoded
    if kind == "$tuple":
        return tuple(decode(item) for item in content)
    if kind == "$set":
        return {_hashable(decode(item)) for item in content}
    if kind == "$dict":
        return {_hashable(decode(key)): decode(item) for key, item in content}
    if kind == "$digest":
        return Digest(content)
    if kind == "$other":
        return Other(content)
    if kind == "$int":
        return int(content, 16)
    if kind == "$float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "$complex":
        real, imaginary = map(decode, content)
        return complex(real, imaginary)
    if kind == "$bytes":
        return bytes.fromhex(content)
    raise ValueError(f"{kind} is not a known kind of value")


def _hashable(value):
    return frozenset(value) if type(value) is set else value
