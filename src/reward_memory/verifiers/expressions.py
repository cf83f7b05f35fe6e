"""Evaluate expressions of asserts on values that a candidate may have forged, in bounded time and memory.

Every step pays from one allowance for the values that it reads, and for a large result before it is created.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Sequence

from .functions import FUNCTIONS, METHODS, NUMBERS, SAFE, Limits, Unbounded, template, weight
from .oracles import same
from .sandbox.inside.values import Digest, Other, compact, decode, encode, tag

BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
ORDER = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
UNARY = {ast.Not: operator.not_, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.inv}
STEP = 25  # the cost of a node and of a comparison, in values read
ERRORS = (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, AttributeError, MemoryError)


class Reduced:
    """A value to which the sandbox applied functions of a chain; `names` are those that the assert has yet to call."""

    __slots__ = ("names", "value")

    def __init__(self, value: object, names: tuple[str, ...]):
        self.value, self.names = value, names

    def through(self, name: str) -> object:
        if self.names[:1] != (name,):
            raise ValueError("the reply went through other functions")
        rest = self.names[1:]
        return Reduced(self.value, rest) if rest else self.value


class Evaluation:
    """Evaluator of expressions in which `#0`, `#1`, ... stand for encoded values, decoded on use.

    chains  for each value, the functions that the sandbox may have applied to it, innermost first
    """

    def __init__(self, values: Sequence = (), chains: list[tuple[str, ...]] = ()):
        self.values, self.chains, self.limits = values, chains, Limits()

    def of(self, node: ast.AST, names: dict | None = None) -> object:
        """The value of a node. One of ERRORS if there is none, Unbounded (a ValueError) if it would cost too much."""
        self.limits.spend(STEP)
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise TypeError(f"{type(node).__name__} in an assert")
        return method(node, names or {})

    def _each(self, parts: list, names: dict) -> list:
        values = []
        for part in parts:
            if isinstance(part, ast.Starred):
                values.extend(self.limits.items(self.of(part.value, names)))
            else:
                values.append(self.of(part, names))
        return values

    def _constant(self, node: ast.Constant, names: dict) -> object:
        return node.value

    def _name(self, node: ast.Name, names: dict) -> object:
        if node.id in names:
            return names[node.id]
        return self._place(int(node.id[1:])) if node.id.startswith("#") else FUNCTIONS[node.id]

    def _place(self, number: int) -> object:
        returned = self.values[number]
        kind, content = tag(returned)
        if kind != "$through":
            return self._paid(decode(returned))
        done, encoded = content
        names = self.chains[number][:done]
        if type(done) is not int or not 1 <= done == len(names):
            raise ValueError("the reply went through functions that were not requested")
        return Reduced(self._paid(decode(encoded)), names)

    def _paid(self, value: object) -> object:
        self.limits.spend(8 * weight(value))  # decoding takes longer than reading
        return value

    def _attribute(self, node: ast.Attribute, names: dict) -> object:
        return FUNCTIONS[_spelled(node)]

    def _list(self, node: ast.List, names: dict) -> list:
        return self._each(node.elts, names)

    def _tuple(self, node: ast.Tuple, names: dict) -> tuple:
        return tuple(self._each(node.elts, names))

    def _set(self, node: ast.Set, names: dict) -> set:
        return SAFE[set](self.limits, self._each(node.elts, names))

    def _dict(self, node: ast.Dict, names: dict) -> dict:
        return SAFE[dict](
            self.limits, list(zip(self._each(node.keys, names), self._each(node.values, names), strict=True))
        )

    def _boolop(self, node: ast.BoolOp, names: dict) -> object:
        value, stop = None, isinstance(node.op, ast.Or)
        for part in node.values:
            value = self.of(part, names)
            if bool(value) is stop:
                break
        return value

    def _ifexp(self, node: ast.IfExp, names: dict) -> object:
        return self.of(node.body if self.of(node.test, names) else node.orelse, names)

    def _unaryop(self, node: ast.UnaryOp, names: dict) -> object:
        return UNARY[type(node.op)](self.of(node.operand, names))

    def _binop(self, node: ast.BinOp, names: dict) -> object:
        left, right = self._each([node.left, node.right], names)
        self.limits.read(left)
        self.limits.read(right)
        if isinstance(node.op, ast.Pow):
            if not all(isinstance(side, (int, float)) and abs(side) <= 1000 for side in (left, right)):
                raise Unbounded("power")
            return left**right
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            self.limits.spend(template(left))
        elif isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
            self.limits.arithmetic(left, right)
        elif isinstance(node.op, ast.Mult):
            self.limits.repeat(left, right)
        elif not (type(left) is type(right) and isinstance(left, (str, bytes, list, tuple, set, frozenset, dict))):
            raise TypeError("no arithmetic on these values")
        return BINARY[type(node.op)](left, right)

    def _compare(self, node: ast.Compare, names: dict) -> bool:
        left = self.of(node.left, names)
        for operation, part in zip(node.ops, node.comparators, strict=True):
            right = self.of(part, names)
            if not self._holds(operation, left, right):
                return False
            left = right
        return True

    def _holds(self, operation: ast.cmpop, left: object, right: object) -> bool:
        self.limits.spend(STEP)
        for _ in range(2):  # encoding and comparing takes longer than reading
            self.limits.read(left)
            self.limits.read(right)
        if isinstance(operation, (ast.Eq, ast.NotEq)):
            return equal(left, right) is isinstance(operation, ast.Eq)
        if isinstance(operation, (ast.Is, ast.IsNot)):
            identical = left is right or (type(left) is type(right) and not isinstance(left, type) and left == right)
            return identical is isinstance(operation, ast.Is)
        if isinstance(operation, (ast.In, ast.NotIn)):
            at_once = isinstance(right, str) or (isinstance(right, range) and isinstance(left, int))
            found = left in right if at_once else self._is_among(left, self.limits.items(right))
            return found is isinstance(operation, ast.In)
        return ORDER[type(operation)](left, right)

    def _is_among(self, left: object, items: object) -> bool:
        price = STEP + 8 * weight(left)  # to encode it each time
        for item in items:
            self.limits.spend(price)
            if equal(left, item):
                return True
        return False

    def _subscript(self, node: ast.Subscript, names: dict) -> object:
        value = self.of(node.value, names)
        self.limits.read(value)
        return value[self.of(node.slice, names)]

    def _slice(self, node: ast.Slice, names: dict) -> slice:
        parts = [None if part is None else self.of(part, names) for part in (node.lower, node.upper, node.step)]
        return slice(*parts)

    def _lambda(self, node: ast.Lambda, names: dict) -> Callable:
        parameters = [argument.arg for argument in node.args.args]
        return lambda *values: self.of(node.body, {**names, **dict(zip(parameters, values, strict=True))})

    def _listcomp(self, node: ast.ListComp, names: dict) -> list:
        return [self.of(node.elt, inner) for inner in self.scopes(node.generators, names)]

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp, names: dict) -> set:
        return SAFE[set](self.limits, self._listcomp(node, names))

    def _dictcomp(self, node: ast.DictComp, names: dict) -> dict:
        inner = self.scopes(node.generators, names)
        return SAFE[dict](self.limits, [(self.of(node.key, scope), self.of(node.value, scope)) for scope in inner])

    def scopes(self, generators: list[ast.comprehension], names: dict) -> Iterator[dict]:
        """Yield the variables of each iteration of a comprehension."""
        if not generators:
            yield names
            return
        first, *rest = generators
        for item in self.limits.items(self.of(first.iter, names)):
            inner = {**names, **dict(_bind(first.target, item))}
            if all(self.of(condition, inner) for condition in first.ifs):
                yield from self.scopes(rest, inner)

    def _joinedstr(self, node: ast.JoinedStr, names: dict) -> str:
        return "".join(map(str, self._each(node.values, names)))

    def _formattedvalue(self, node: ast.FormattedValue, names: dict) -> str:
        value = self.of(node.value, names)
        value = {114: repr, 115: str, 97: ascii}.get(node.conversion, lambda same: same)(value)
        return SAFE[format](self.limits, value, self.of(node.format_spec, names) if node.format_spec else "")

    def _call(self, node: ast.Call, names: dict) -> object:
        function, parts = node.func, node.args
        name = _spelled(function)
        if name in ("all", "any") and len(parts) == 1 and isinstance(parts[0], ast.List):
            # one by one, until the result is known, so that at most one value that may be forged is in memory
            values = (value for part in parts[0].elts for value in self._each([part], names))
            return (all if name == "all" else any)(map(bool, values))
        arguments = self._each(parts, names)
        options = {option.arg: self.of(option.value, names) for option in node.keywords}
        if len(arguments) == 1 and isinstance(arguments[0], Reduced):
            return arguments[0].through(name)
        for value in (*arguments, *options.values()):
            self.limits.read(value)
        if isinstance(function, ast.Attribute) and name not in FUNCTIONS:
            owner = self.of(function.value, names)
            self.limits.read(owner)
            return METHODS[type(owner), function.attr](self.limits, owner, *arguments, **options)
        called = self.of(function, names)
        safe = SAFE.get(called)
        return safe(self.limits, *arguments, **options) if safe else called(*arguments, **options)


def _spelled(node: ast.AST) -> str:
    """The source text of a node, cached: a comprehension evaluates it many times."""
    if not hasattr(node, "spelled"):
        node.spelled = ast.unparse(node)
    return node.spelled


def _bind(target: ast.AST, item: object) -> Iterator[tuple[str, object]]:
    if isinstance(target, ast.Name):
        yield target.id, item
        return
    if not isinstance(item, (list, tuple, str)):
        raise TypeError("only a sequence can be unpacked")
    for part, value in zip(target.elts, item, strict=True):
        yield from _bind(part, value)


def equal(left: object, right: object) -> bool:
    """Python's equality on plain data; large values are compared by digest; anything else equals nothing."""
    if isinstance(left, (Other, Reduced)) or isinstance(right, (Other, Reduced)):
        return False
    if isinstance(left, Digest) or isinstance(right, Digest):
        return _digest(left) == _digest(right) is not None
    return same(encode(left), right, loose=True)


def _digest(value: object) -> str | None:
    if isinstance(value, Digest):
        return value.text
    text = compact(encode(value))
    return text.removeprefix('{"$digest": "').removesuffix('"}') if text.startswith('{"$digest": ') else None
