"""Assert lines of a benchmark, taken apart: the candidate's calls run inside the sandbox, the comparison outside."""

import ast
import builtins
import math
import operator
from dataclasses import dataclass, field

from ..errors import InputError
from .oracles import same
from .sandbox.inside.values import Digest, Other, decode, encode

BUILTINS = (
    set,
    frozenset,
    list,
    tuple,
    dict,
    sorted,
    len,
    abs,
    round,
    sum,
    min,
    max,
    any,
    all,
    int,
    float,
    bool,
    str,
    complex,
)
FUNCTIONS = {function.__name__: function for function in BUILTINS}
FUNCTIONS |= {"isclose": math.isclose}
MATHS = ("isclose", "isnan", "isinf", "floor", "ceil", "sqrt", "pi", "e", "inf", "nan", "fabs")
FUNCTIONS |= {f"math.{name}": getattr(math, name) for name in MATHS}
BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
ORDER = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
LARGEST = 10**6  # of a factor or exponent: results come from the candidate


@dataclass
class Assertion:
    """One assert: expressions for the sandbox, the candidate's names in them, and the condition on their values."""

    line: str
    condition: ast.expr
    expressions: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def holds(self, values: list) -> bool:
        """Whether the condition is true of the encoded values; any error makes it false."""
        try:
            return bool(_evaluate(self.condition, [decode(value) for value in values]))
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, AttributeError, MemoryError):
            return False


def split_assert(line: str) -> list[Assertion] | str:
    """The assertions of a line, or the line itself if it only prepares (an import, a set-up).

    InputError if an assert cannot be judged outside the sandbox.
    """
    try:
        statements = ast.parse(line).body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"tests: {line!r} is not Python ({error}).") from error
    if not any(isinstance(statement, ast.Assert) for statement in statements):
        return line
    if not all(isinstance(statement, ast.Assert) for statement in statements):
        raise InputError(f"tests: {line!r} mixes asserts with other statements; give one a line.")
    assertions = []
    for statement in statements:
        assertion = Assertion(line, statement.test)
        splitter = _Splitter(assertion)
        assertion.condition = splitter.visit(statement.test)
        if not assertion.expressions:  # the candidate bears a builtin's name
            splitter.shadowed = _first_called(statement.test)
            assertion.condition = splitter.visit(statement.test)
        if not assertion.expressions or not _is_known(assertion.condition):
            raise InputError(f"tests: {line!r} cannot be judged; write it as `assert function(arguments) == value`.")
        assertions.append(assertion)
    return assertions


class _Splitter(ast.NodeTransformer):
    """Replaces what the candidate must compute by numbered places."""

    def __init__(self, assertion: Assertion):
        self.assertion, self.shadowed = assertion, None

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
            root = _root(node)
            if root is not None and not self._is_ours(node, root):
                self.assertion.expressions.append(ast.unparse(node))
                self.assertion.names.append(root)
                return ast.copy_location(ast.Name(id=f"#{len(self.assertion.expressions) - 1}", ctx=ast.Load()), node)
        return self.generic_visit(node)

    def _is_ours(self, node: ast.AST, root: str) -> bool:
        if root == self.shadowed:
            return False
        if isinstance(node, ast.Call):
            return ast.unparse(node.func) in FUNCTIONS
        return ast.unparse(node) in FUNCTIONS


def _root(node: ast.AST) -> str | None:
    """The name that a chain of calls, attributes and subscripts starts from."""
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _first_called(node: ast.AST) -> str | None:
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and hasattr(builtins, part.func.id):
            return part.func.id
    return None


def _is_known(node: ast.AST) -> bool:
    """Whether `_evaluate` can do all of an expression."""
    kinds = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp)
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and not (part.id.startswith("#") or part.id in FUNCTIONS or part.id == "math"):
            return False
        if isinstance(part, ast.expr) and not isinstance(part, (*kinds, ast.Name, ast.Call, ast.Attribute)):
            return False
        if isinstance(part, ast.BinOp) and type(part.op) not in BINARY and not isinstance(part.op, ast.Pow):
            return False
    return True


def _evaluate(node: ast.AST, values: list) -> object:
    def each(parts: list) -> list:
        return [_evaluate(part, values) for part in parts]

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id.startswith("#"):
        return values[int(node.id[1:])]
    if isinstance(node, (ast.Name, ast.Attribute)):
        return FUNCTIONS[ast.unparse(node)]
    if isinstance(node, ast.List):
        return each(node.elts)
    if isinstance(node, ast.Tuple):
        return tuple(each(node.elts))
    if isinstance(node, ast.Set):
        return set(each(node.elts))
    if isinstance(node, ast.Dict):
        return dict(zip(each(node.keys), each(node.values), strict=True))
    if isinstance(node, ast.BoolOp):
        results = each(node.values)
        return all(results) if isinstance(node.op, ast.And) else any(results)
    if isinstance(node, ast.UnaryOp):
        value = _evaluate(node.operand, values)
        return not value if isinstance(node.op, ast.Not) else -value if isinstance(node.op, ast.USub) else +value
    if isinstance(node, ast.BinOp):
        return _binary(node, *each([node.left, node.right]))
    if isinstance(node, ast.Compare):
        return _compare(node, each([node.left, *node.comparators]))
    if isinstance(node, ast.Call):
        options = {option.arg: _evaluate(option.value, values) for option in node.keywords}
        return _evaluate(node.func, values)(*each(node.args), **options)
    raise TypeError(f"{type(node).__name__} in an assert")


def _binary(node: ast.BinOp, left: object, right: object) -> object:
    if isinstance(node.op, ast.Pow):
        if not all(isinstance(side, (int, float)) and abs(side) <= 1000 for side in (left, right)):
            raise ValueError("power out of range")
        return left**right
    repeats = isinstance(node.op, ast.Mult) and any(
        isinstance(side, (str, list, tuple, bytes)) for side in (left, right)
    )
    if repeats and any(isinstance(side, int) and side > LARGEST for side in (left, right)):
        raise ValueError("repeat out of range")
    return BINARY[type(node.op)](left, right)


def _compare(node: ast.Compare, sides: list) -> bool:
    for operation, left, right in zip(node.ops, sides, sides[1:], strict=False):
        if isinstance(operation, (ast.Eq, ast.NotEq)):
            result = _equal(left, right) is isinstance(operation, ast.Eq)
        elif isinstance(operation, (ast.Is, ast.IsNot)):
            identical = type(left) is type(right) and (left is right or left == right)
            result = identical is isinstance(operation, ast.Is)
        elif isinstance(operation, (ast.In, ast.NotIn)):
            found = any(_equal(left, item) for item in right) if not isinstance(right, str) else left in right
            result = found is isinstance(operation, ast.In)
        else:
            result = ORDER[type(operation)](left, right)
        if not result:
            return False
    return True


def _equal(left: object, right: object) -> bool:
    """Python's equality on plain data; whatever else equals nothing."""
    if isinstance(left, (Other, Digest)) or isinstance(right, (Other, Digest)):
        return False
    return same(encode(left), right, loose=True)
