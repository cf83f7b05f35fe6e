"""Split a benchmark's assert lines: the candidate's calls run inside the sandbox, the comparison outside."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from reward_memory.errors import InputError

from .expressions import BINARY, ERRORS, Evaluation
from .functions import FUNCTIONS, METHODS
from .sandbox.inside.values import REDUCTIONS

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LITERALS = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.JoinedStr, ast.FormattedValue)
KNOWN = (*LITERALS, *COMPREHENSIONS, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.IfExp, ast.Lambda)
KNOWN += (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred)
METHOD_NAMES = {name for _, name in METHODS}
#: functions that iterate over their arguments, and the first of these
ITERATING = {"zip": 0, "enumerate": 0, "sum": 0, "map": 1, "filter": 1}
ORDERING = ("sorted", "min", "max")  # iterate over their argument if it is the only one
OUR_NAMES = {name.partition(".")[0] for name in FUNCTIONS}  # a candidate has one of these names only by chance
ROUNDS = 1000  # at most, of a comprehension that calls the candidate


@dataclass
class Assertion:
    """One assert: expressions for the sandbox, the candidate's names in them, and the condition on their values.

    chains  for each expression, the functions that the sandbox may apply to its value if that is large or not plain.
            They only reduce what the candidate computed; the expected values stay outside.
    """

    line: str
    condition: ast.expr
    expressions: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    chains: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def calls(self) -> list[dict]:
        """The expressions as calls of a sandbox job."""
        pairs = zip(self.expressions, self.chains, strict=True)
        return [{"expression": text} | ({"through": chain} if chain else {}) for text, chain in pairs]

    def holds(self, values: list) -> bool:
        """Whether the condition is true of the encoded values; any error or unbounded cost makes it false."""
        try:
            return bool(Evaluation(values, self.chains).of(self.condition))
        except ERRORS:
            return False


def split_assert(line: str) -> list[Assertion] | str:
    """Return the assertions of a line, or the line itself if it only prepares (an import, setup code).

    InputError if an assert cannot be judged outside the sandbox.
    """
    try:
        statements = ast.parse(line).body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"tests: {line!r} is not Python ({error}).") from error
    if not any(isinstance(statement, ast.Assert) for statement in statements):
        return line
    if not all(isinstance(statement, ast.Assert) for statement in statements):
        raise InputError(f"tests: {line!r} mixes asserts with other statements; write one statement per line.")
    return [_assertion(line, statement.test) for statement in statements]


def _assertion(line: str, test: ast.expr) -> Assertion:
    fault = InputError(f"tests: {line!r} cannot be judged; write it as `assert function(arguments) == value`.")
    assertion = Assertion(line, test)
    splitter = _Splitter(assertion)
    try:
        assertion.condition = splitter.visit(test)
        if not assertion.expressions:  # the candidate has a builtin's name
            splitter.shadowed = _first_called(test)
            assertion.condition = splitter.visit(test)
    except ERRORS as error:
        raise fault from error
    if not assertion.expressions or not _is_known(assertion.condition, frozenset()):
        raise fault
    return assertion


class _Splitter(ast.NodeTransformer):
    """Transformer that replaces what the candidate must compute with numbered placeholders."""

    def __init__(self, assertion: Assertion):
        self.assertion, self.shadowed, self.bound = assertion, None, frozenset()

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node)
        if isinstance(node, ast.Lambda):
            return self._within({argument.arg for argument in node.args.args}, node)
        if isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
            root = _root(node)
            if root is not None and self._is_theirs(node, root):
                if _mentions(node, self.bound):
                    raise ValueError("a call of the candidate within a function or over its own values")
                return self._place(node, root)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Starred):
            node.value = self._consumed(node.value)
        return self.generic_visit(node)

    def _place(self, node: ast.expr, root: str) -> ast.Name:
        place = len(self.assertion.expressions)
        self.assertion.expressions.append(ast.unparse(node))
        self.assertion.names.append(root if root == self.shadowed else _first_unknown(node) or root)
        self.assertion.chains.append(())
        return ast.copy_location(ast.Name(id=f"#{place}", ctx=ast.Load()), node)

    def _call(self, node: ast.Call) -> ast.AST:
        """Handle a call of our functions; the sandbox may apply those that only reduce a candidate's value."""
        name = ast.unparse(node.func)
        if name == "isinstance" and len(node.args) == 2 and self._calls_theirs(node.args[0]):
            kind = ast.Call(ast.Name("type", ast.Load()), node.args[:1], [])
            node = ast.copy_location(ast.Call(ast.Name("issubclass", ast.Load()), [kind, node.args[1]], []), node)
        if name.endswith(".join") and len(node.args) == 1 and self._calls_theirs(node.args[0]):
            listed = ast.Call(ast.Name("list", ast.Load()), node.args, [])  # an iterator must be consumed inside
            node = ast.copy_location(ast.Call(node.func, [listed], node.keywords), node)
        first = 0 if name in ORDERING and len(node.args) == 1 and node.keywords else ITERATING.get(name)
        if first is not None and not (len(node.args) == 1 and name in REDUCTIONS and not node.keywords):
            node.args[first:] = map(self._consumed, node.args[first:])
        node = self.generic_visit(node)
        if name in REDUCTIONS and len(node.args) == 1 and not node.keywords:
            (inner,) = node.args
            place = getattr(inner, "place", None)
            if isinstance(inner, ast.Name) and inner.id.startswith("#"):
                place = int(inner.id[1:])
            if place is not None:
                self.assertion.chains[place] += (name,)
                node.place = place
        return node

    def _consumed(self, node: ast.AST) -> ast.AST:
        """Wrap an iterable of the candidate's in list(): an iterator must be consumed inside the sandbox."""
        root = _root(node)
        if isinstance(node, ast.Name) or root is None or not self._is_theirs(node, root):
            return node
        return ast.copy_location(ast.Call(ast.Name("list", ast.Load()), [node], []), node)

    def _comprehension(self, node: ast.AST) -> ast.AST:
        """Unroll a comprehension that calls the candidate with its loop variables, whose values are known here."""
        bound = {part.id for generator in node.generators for part in ast.walk(generator.target) if _is_name(part)}
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        if not any(self._calls_theirs(result, bound) for result in results):
            for generator in node.generators:
                generator.iter = self._consumed(generator.iter)
            return self._within(bound, node)
        if isinstance(node, ast.DictComp):
            raise ValueError("a dict of calls")
        rounds = []
        for names in Evaluation().scopes(node.generators, {}):
            rounds.append(self.visit(_Filled(names).visit(ast.parse(ast.unparse(node.elt), mode="eval").body)))
            if len(rounds) > ROUNDS:
                raise ValueError("too many calls in one assert")
        kind = ast.Set if isinstance(node, ast.SetComp) else ast.List
        return kind(rounds) if kind is ast.Set else kind(rounds, ast.Load())

    def _within(self, names: set[str], node: ast.AST) -> ast.AST:
        outer, self.bound = self.bound, self.bound | names
        try:
            return self.generic_visit(node)
        finally:
            self.bound = outer

    def _calls_theirs(self, node: ast.AST, names: set[str] | None = None) -> bool:
        """Whether part of an expression is the candidate's and, if `names` is given, mentions one of them."""
        calls = (part for part in ast.walk(node) if isinstance(part, (ast.Call, ast.Attribute, ast.Subscript)))
        theirs = [call for call in calls if (root := _root(call)) is not None and self._is_theirs(call, root, names)]
        return bool(theirs) if names is None else any(_mentions(call, names) for call in theirs)

    def _is_theirs(self, node: ast.AST, root: str, bound: Iterable[str] | None = None) -> bool:
        if root in self.bound or root in (bound or ()):
            return False
        return root == self.shadowed or ast.unparse(node.func if isinstance(node, ast.Call) else node) not in FUNCTIONS


class _Filled(ast.NodeTransformer):
    """Transformer that replaces names with their values."""

    def __init__(self, names: dict):
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(repr(self.names[node.id]), mode="eval").body if node.id in self.names else node


def _mentions(node: ast.AST, names: Iterable[str]) -> bool:
    return any(_is_name(part) and part.id in names for part in ast.walk(node))


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _root(node: ast.AST) -> str | None:
    """The name that a chain of calls, attributes and subscripts starts from."""
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _first_called(node: ast.AST) -> str | None:
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in FUNCTIONS:
            return part.func.id
    return None


def _first_unknown(node: ast.AST) -> str | None:
    """The candidate in `sorted(f(1))[0]`: the first name that begins a chain and is neither ours nor bound in it."""
    parts = list(ast.walk(node))
    bound = {part.id for part in parts if _is_name(part) and isinstance(part.ctx, ast.Store)}
    bound |= {part.arg for part in parts if isinstance(part, ast.arg)} | OUR_NAMES
    roots = [_root(part) for part in parts if isinstance(part, (ast.Call, ast.Attribute, ast.Subscript))]
    return next((root for root in roots if root is not None and root not in bound), None)


def _is_known(node: ast.AST, bound: frozenset[str]) -> bool:
    """Whether `Evaluation` supports every part of an expression."""
    if isinstance(node, ast.Name):
        return node.id.startswith("#") or node.id in FUNCTIONS or node.id in bound
    if isinstance(node, ast.expr) and not isinstance(node, KNOWN):
        return False
    if isinstance(node, ast.Dict) and None in node.keys:  # {**more}
        return False
    if isinstance(node, ast.BinOp) and type(node.op) not in BINARY and not isinstance(node.op, ast.Pow):
        return False
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in FUNCTIONS or (node.attr in METHOD_NAMES and _is_known(node.value, bound))
    if isinstance(node, ast.Lambda):
        bound |= {argument.arg for argument in node.args.args}
        return _is_known(node.body, bound)
    if isinstance(node, COMPREHENSIONS):
        targets = [part for generator in node.generators for part in ast.walk(generator.target)]
        bound |= {part.id for part in targets if _is_name(part)}
    return all(_is_known(part, bound) for part in ast.iter_child_nodes(node))
