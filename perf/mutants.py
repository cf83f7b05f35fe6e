"""Mutation check: `python perf/mutants.py [--modules PART …] [--count N] [--seed S]`.

Draws N changes at random from the modules that compute results (comparison swapped, boundary shifted, constant off by
one, statement removed, …), makes each in a copy of the library outside the checkout, and runs the unit tests that
import the module, nearest first, until one fails. A change that no test notices has survived. The last line is one
JSON object. perf/mutants.md lists the survivors and says why they are left.
"""

import argparse
import ast
import importlib
import inspect
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src/reward_memory"
TESTS = ROOT / "tests/unit"
MODULES = (
    "answers/*",
    *(f"verifiers/{name}" for name in ("math", "equality", "spelling", "grader", "asserts")),
    *(f"verifiers/{name}" for name in ("expressions", "functions", "programs", "code")),
    "error_memory/*",
    "training/objectives/*",
    "training/history",
    "evaluation/*",
    "report/tables/*",
    *("data/labels", "data/splits", "reward_models/rollouts", "reward_models/folds"),
    *(f"reward_models/features/{name}" for name in ("signals", "math_answers", "checks")),
    "reward_models/baselines/*",
    *("seeds", "config/algorithms"),
)
# imported once, before the forks that run the tests
HEAVY = (
    *("pytest", "hypothesis.strategies", "filelock", "jsonschema", "yaml", "numpy", "pandas", "pyarrow.parquet"),
    *("torch", "scipy.stats", "scipy.optimize", "sklearn.linear_model", "sklearn.metrics", "sympy", "math_verify"),
    *("hdbscan", "tokenizers", "transformers", "safetensors.torch"),
)
CLOCKS = re.compile(r"process_time|perf_counter|monotonic|time\.time")  # a test that reads them may fail by itself
NEAREST = 4  # test files of a module
BUDGET = 150  # seconds of unchanged tests that one mutant may cost; files that exceed it are left out
SLOWER, LEAST = 4, 40  # a mutant is hung after so many times the unchanged file's seconds, and at least so many
EXAMPLES = 30  # of a property
WORKERS = 2
COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
}
ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
STAMPS = itertools.count(10**9)
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one module: the bytes from `start` to `end` become `new`."""

    module: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {shorten(self.old)} -> {shorten(self.new)}"


def shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


class Sites(ast.NodeVisitor):
    """All mutants of a module; type hints, decorators, errors' messages and texts are left as they are."""

    def __init__(self, module: str, source: bytes):
        self.module, self.source, self.found = module, source, []
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.visit(ast.parse(source))

    def begin(self, node: ast.AST) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def finish(self, node: ast.AST) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        return self.source[self.begin(node) : self.finish(node)].decode()

    def add(self, start: int, end: int, new: str) -> None:
        old = self.source[start:end].decode()
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mutant(self.module, line, start, end, old, new))

    def replace(self, node: ast.AST, new: str) -> None:
        self.add(self.begin(node), self.finish(node), new)

    def between(self, left: ast.AST, right: ast.AST, pattern: str, new: str) -> None:
        """Replace the operator between two operands; comments may stand there, too."""
        start, end = self.finish(left), self.begin(right)
        match = re.search(rb"^(?:[\s)\\]|#[^\n]*\n)*(" + pattern.encode() + rb")", self.source[start:end])
        if match:
            self.add(start + match.start(1), start + match.end(1), new)

    def generic_visit(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Nothing: Python 3.11 does not tell where the parts of an f-string are."""

    def visit_Raise(self, node: ast.Raise) -> None:
        self.replace(node, "pass")

    def visit_Continue(self, node: ast.Continue | ast.Break) -> None:
        self.replace(node, "pass")

    visit_Break = visit_Continue

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.replace(node, "pass")
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self.replace(node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.replace(node, "pass")
        if type(node.op) in ARITHMETIC:
            old, new = ARITHMETIC[type(node.op)]
            self.between(node.target, node.value, re.escape(old), new)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.replace(node.value, "None")
        if isinstance(node.value, ast.Tuple):
            self.replace(node.value, self.text(node.value.elts[0]))
        self.generic_visit(node)

    def visit_If(self, node: ast.If | ast.While | ast.IfExp) -> None:
        # comparisons and `not` have mutants of their own
        if not isinstance(node.test, ast.Constant | ast.Compare | ast.NamedExpr | ast.UnaryOp):
            self.replace(node.test, f"(not ({self.text(node.test)}))")
        self.generic_visit(node)

    visit_While = visit_IfExp = visit_If

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self.between(left, right, *COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        texts = any(isinstance(side, ast.JoinedStr) or is_text(side) for side in (node.left, node.right))
        if type(node.op) in ARITHMETIC and not texts:
            old, new = ARITHMETIC[type(node.op)]
            self.between(node.left, node.right, re.escape(old), new)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(left, right, old, new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.replace(node, f"bool({self.text(node.operand)})")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in CALLS:
            self.replace(node.func, CALLS[node.func.id])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.replace(node, str(not node.value))
        elif isinstance(node.value, int | float):
            for value in (node.value + 1, node.value - 1):
                self.replace(node, f"({value})" if value < 0 else str(value))


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def modules(parts: list[str]) -> dict[str, Path]:
    """Dotted name -> file of the modules of MODULES; with `parts`, of those whose path has one of them."""
    files = sorted(file for pattern in MODULES for file in PACKAGE.glob(f"{pattern}.py"))
    chosen = {file.relative_to(PACKAGE).as_posix(): file for file in files if file.name != "__init__.py"}
    chosen = {name: file for name, file in chosen.items() if not parts or any(part in name for part in parts)}
    return {dotted(file): file for file in chosen.values()}


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(file: Path, name: str, known: set[str]) -> set[str]:
    """The known modules that a file imports anywhere in it, or names as a script next to it."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif is_text(node) and str(node.value).endswith(".py"):
            found.add(f"{package}.{str(node.value).removesuffix('.py')}")
    return found & known - {name}


def nearest_tests(names: list[str]) -> dict[str, list[Path]]:
    """The unit test files that import each module, the nearest first: fewest imports between, less words in common."""
    files = {dotted(file): file for file in PACKAGE.rglob("*.py")} | {file.stem: file for file in TESTS.glob("*.py")}
    importers: dict[str, list[str]] = {name: [] for name in files}
    for name, file in sorted(files.items()):
        for other in imported(file, name, set(files)):
            importers[other].append(name)
    return {name: [files[test] for test in _by_distance(name, importers, files)][:NEAREST] for name in names}


def _by_distance(start: str, importers: dict[str, list[str]], files: dict[str, Path]) -> list[str]:
    distance, queue = {start: 0}, deque([start])
    while queue:
        name = queue.popleft()
        for importer in importers[name]:
            # a package only hands on what it imports
            step = 0 if files[importer].name == "__init__.py" else 1
            if distance[name] + step < distance.get(importer, len(files)):
                distance[importer] = distance[name] + step
                queue.append(importer)
    near = {word[:5] for name in importers[start] for word in re.split(r"[._]", name)[2:]}
    stem, parts = (
        {word[:5] for word in re.split(r"[._]", name)} for name in (start.rpartition(".")[2], start.partition(".")[2])
    )

    def key(test: str) -> tuple:
        words = {word[:5] for word in test.split("_")}
        alike = 2 * len(stem & words) + bool(parts & words) + bool(near & words)
        return distance[test] > 1, -alike, distance[test], test

    return sorted((name for name in distance if name.startswith("test_")), key=key)


def run_file(test: Path, copy: Path, seconds: float, skipped: Sequence[str] = ()) -> tuple[str, list[str], float]:
    """(passed, failed or hung; the tests that failed; seconds) of a test file against a copy of the library."""
    child = multiprocessing.get_context("fork").Process(target=_pytest, args=(test, copy, skipped))
    start = time.monotonic()
    child.start()
    child.join(seconds)
    spent, hung = time.monotonic() - start, child.is_alive()
    if hung:
        os.killpg(child.pid, signal.SIGKILL)
        child.join()
    failed = re.findall(
        r"^(?:FAILED|ERROR) (.+?)(?: - |$)", (copy.parent / f"{copy.name}.log").read_text(), re.MULTILINE
    )
    return "hung" if hung else "passed" if child.exitcode in (0, 5) else "failed", failed, spent


class Untimed:
    """Leaves out tests that read a clock, and draws fewer examples of each property."""

    def pytest_collection_modifyitems(self, items: list) -> None:
        from hypothesis import settings

        settings.register_profile("mutants", settings.get_profile("project"), max_examples=EXAMPLES)
        settings.load_profile("mutants")
        items[:] = [item for item in items if not CLOCKS.search(inspect.getsource(item.function))]


def _pytest(test: Path, copy: Path, skipped: Sequence[str]) -> None:
    """Runs in the fork, which does not know the library yet; stops at the first failure once the baseline is known."""
    import pytest

    os.setsid()  # ended with all that the tests start
    os.environ |= {"PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(copy))
    sys.pycache_prefix = str(copy.parent / f"{copy.name}.pyc")
    with open(copy.parent / f"{copy.name}.log", "w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    options = ["-x", "-q", "-m", "not slow", "--tb=short", "-rfE", "--rootdir", str(ROOT), str(test)]
    left_out = [word for name in skipped for word in ("--deselect", name)]
    end = pytest.main([*options, "--basetemp", str(copy.parent / f"{copy.name}.tmp"), *left_out], [Untimed()])
    sys.stdout.flush()
    os._exit(int(end))


def in_parallel(tasks: list, work) -> Iterator:
    """Results of `work(task, copy)` as they come, each of WORKERS processes with a copy of the library of its own."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        context = multiprocessing.get_context("fork")
        waiting, results = context.SimpleQueue(), context.SimpleQueue()
        for place in [*range(len(tasks)), *[None] * WORKERS]:
            waiting.put(place)

        def serve(copy: Path) -> None:
            shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
            while (place := waiting.get()) is not None:
                results.put((place, work(tasks[place], copy)))

        workers = [context.Process(target=serve, args=(Path(folder) / f"copy{n}",)) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        for _ in tasks:
            place, result = results.get()
            yield tasks[place], result
        for worker in workers:
            worker.join()


class Trial:
    """A mutant against its module's tests; each test file first runs without any change.

    tests     module -> its test files, the nearest first
    baseline  test file -> (end, tests that fail without any change, seconds), shared by the processes
    """

    def __init__(self, tests: dict[str, list[Path]], baseline: MutableMapping):
        self.tests, self.baseline = tests, baseline

    def __call__(self, mutant: Mutant, copy: Path) -> tuple[str, str]:
        """(killed, survived or timed out; the test that noticed)."""
        file, spent = copy / f"{mutant.module.replace('.', '/')}.py", 0.0
        source = file.read_bytes()
        for test in self.tests[mutant.module]:
            end, skipped, seconds = self._baseline(test, copy)
            spent += seconds
            if end != "passed" or spent > BUDGET:
                continue
            write(file, source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
            try:
                end, failed, _ = run_file(test, copy, max(LEAST, SLOWER * seconds), skipped)
            finally:
                write(file, source)
            if end != "passed":
                return ("killed" if end == "failed" else "timed out"), (failed or [test.name])[0].rpartition("/")[2]
        return "survived", ""

    def _baseline(self, test: Path, copy: Path) -> tuple[str, list[str], float]:
        """Tests that fail without any change are left out, three at most; with more the file is."""
        skipped: list[str] = []
        while test not in self.baseline:
            end, failed, seconds = run_file(test, copy, BUDGET, skipped)
            if end != "passed":
                print(f"{end} without any change, left out: {', '.join(failed) or test.name}", flush=True)
            if end == "failed" and failed and "::" in failed[0] and len(skipped) < 3:
                skipped += failed
            else:
                self.baseline[test] = end, skipped, seconds
        return self.baseline[test]


def write(file: Path, source: bytes) -> None:
    """Replace a file; the time of each version is its own, so that no compiled one is taken for another."""
    file.write_bytes(source)
    os.utime(file, (stamp := next(STAMPS), stamp))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", default=[], help="parts of paths, such as answers/ or seeds.py")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    chosen = modules(options.modules)
    sites = [mutant for name, file in chosen.items() for mutant in Sites(name, file.read_bytes()).found]
    drawn = random.Random(options.seed).sample(sites, min(options.count, len(sites)))
    for name in HEAVY:
        importlib.import_module(name)
    print(f"{len(drawn)} of {len(sites)} mutants of {len(chosen)} modules", flush=True)
    trial = Trial(nearest_tests(sorted({mutant.module for mutant in drawn})), multiprocessing.Manager().dict())
    outcomes = []
    for mutant, (outcome, test) in in_parallel(drawn, trial):
        outcomes.append(asdict(mutant) | {"outcome": outcome, "test": test})
        print(f"{outcome:<10} {mutant}" + (f"   ({test})" if test else ""), flush=True)
    counts = Counter(outcome["outcome"] for outcome in outcomes)
    left = [outcome for outcome in outcomes if outcome["outcome"] == "survived"]
    print(json.dumps({"seed": options.seed, "count": len(drawn), **counts, "left": left}))


if __name__ == "__main__":
    main()
