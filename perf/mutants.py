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
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutation.sites import Mutant, Sites, is_text

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
    *(f"reward_models/features/{name}" for name in ("signals", "math_answers", "answer_features", "checks")),
    "reward_models/baselines/*",
    *("seeds", "config/methods"),
)
# imported once, before the forks that run the tests
HEAVY = (
    *("pytest", "hypothesis.strategies", "filelock", "jsonschema", "yaml", "numpy", "pandas", "pyarrow.parquet"),
    *("torch", "scipy.stats", "scipy.optimize", "sklearn.linear_model", "sklearn.metrics", "sympy", "math_verify"),
    *("hdbscan", "tokenizers", "transformers", "safetensors.torch"),
)
CLOCKS = re.compile(r"process_time|perf_counter|monotonic|time\.time")  # a test that reads them may fail by itself
SLOWER, LEAST = 2, 60  # a test file hangs after so many times its seconds, and so many more
EXAMPLES = 30  # of a property
WORKERS = 2
STAMPS = itertools.count(10**9)


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


def nearest_tests(names: list[str], most: int) -> dict[str, list[Path]]:
    """The unit test files that import each module, the nearest first: fewest imports between, less words in common."""
    files = {dotted(file): file for file in PACKAGE.rglob("*.py")} | {file.stem: file for file in TESTS.glob("*.py")}
    importers: dict[str, list[str]] = {name: [] for name in files}
    for name, file in sorted(files.items()):
        for other in imported(file, name, set(files)):
            importers[other].append(name)
    return {name: [files[test] for test in _by_distance(name, importers, files)][:most] for name in names}


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


def run_file(test: Path, copy: Path, seconds: float, skipped: Sequence[str]) -> tuple[str, list[str]]:
    """(passed, failed or hung; the tests that failed) of the first `seconds` of a test file against a copy."""
    child = multiprocessing.get_context("fork").Process(target=_pytest, args=(test, copy, seconds, skipped))
    child.start()
    child.join(LEAST + SLOWER * seconds)
    hung = child.is_alive()
    if hung:
        os.killpg(child.pid, signal.SIGKILL)
        child.join()
    log = (copy.parent / f"{copy.name}.log").read_text(encoding="utf-8")
    failed = re.findall(r"^(?:FAILED|ERROR) \S*?([^/]+?)(?: - |$)", log, re.MULTILINE)
    return "hung" if hung else "passed" if child.exitcode in (0, 5) else "failed", failed


class Selection:
    """Leaves out tests that read a clock, draws fewer examples of each property, skips what comes after `seconds`."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    def pytest_collection_modifyitems(self, items: list) -> None:
        from hypothesis import settings

        settings.register_profile("mutants", settings.get_profile("project"), max_examples=EXAMPLES)
        settings.load_profile("mutants")
        items[:] = [item for item in items if not CLOCKS.search(inspect.getsource(item.function))]

    def pytest_runtest_setup(self, item: object) -> None:
        import pytest

        if time.monotonic() > self.end:
            pytest.skip("no time left")


def _pytest(test: Path, copy: Path, seconds: float, skipped: Sequence[str]) -> None:
    """Runs in the fork, which does not know the library yet; stops at the first failure once the baseline is known."""
    import pytest

    os.setsid()  # ended with all that the tests start
    os.environ |= {"PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(copy))
    sys.pycache_prefix = str(copy.parent / f"{copy.name}.pyc")
    with open(copy.parent / f"{copy.name}.log", "w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    options = ["-x", "-q", "-m", "not slow", "--tb=short", "-rfE", "--rootdir", str(ROOT), str(test)]
    left_out = [word for name in skipped for word in ("--deselect", name)]
    end = pytest.main([*options, "--basetemp", str(copy.parent / f"{copy.name}.tmp"), *left_out], [Selection(seconds)])
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
    baseline  test file -> tests of it that fail without any change, None for a file that is left out; shared
    """

    def __init__(self, tests: dict[str, list[Path]], seconds: float, baseline: MutableMapping):
        self.tests, self.seconds, self.baseline = tests, seconds, baseline

    def __call__(self, mutant: Mutant, copy: Path) -> tuple[str, str]:
        """(killed, survived or timed out; the test that noticed)."""
        file = copy / f"{mutant.module.replace('.', '/')}.py"
        source = file.read_bytes()
        for test in self.tests[mutant.module]:
            skipped = self._skipped(test, copy)
            if skipped is None:
                continue
            write(file, source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
            try:
                end, failed = run_file(test, copy, self.seconds, skipped)
            finally:
                write(file, source)
            if end != "passed":
                return ("killed" if end == "failed" else "timed out"), (failed or [test.name])[0]
        return "survived", ""

    def _skipped(self, test: Path, copy: Path) -> list[str] | None:
        """Tests that fail without any change, three at most; None where more fail or the file cannot be run."""
        skipped: list[str] | None = []
        while test not in self.baseline:
            end, failed = run_file(test, copy, self.seconds, skipped)
            if end != "passed":
                print(f"{end} without any change, left out: {', '.join(failed) or test.name}", flush=True)
            if end == "failed" and failed and "::" in failed[0] and len(skipped) < 3:
                skipped += failed
            else:
                self.baseline[test] = skipped if end == "passed" else None
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
    parser.add_argument("--files", type=int, default=4, help="test files of a module")
    parser.add_argument("--seconds", type=float, default=60, help="of each test file; what comes after is skipped")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    chosen = modules(options.modules)
    sites = [mutant for name, file in chosen.items() for mutant in Sites(name, file.read_bytes()).found]
    drawn = random.Random(options.seed).sample(sites, min(options.count, len(sites)))
    for name in HEAVY:
        importlib.import_module(name)
    print(f"{len(drawn)} of {len(sites)} mutants of {len(chosen)} modules", flush=True)
    tests = nearest_tests(sorted({mutant.module for mutant in drawn}), options.files)
    trial = Trial(tests, options.seconds, multiprocessing.Manager().dict())
    outcomes = []
    for mutant, (outcome, test) in in_parallel(drawn, trial):
        outcomes.append(asdict(mutant) | {"outcome": outcome, "test": test})
        print(f"{outcome:<10} {mutant}" + (f"   ({test})" if test else ""), flush=True)
    counts = Counter(outcome["outcome"] for outcome in outcomes)
    left = [outcome for outcome in outcomes if outcome["outcome"] == "survived"]
    print(json.dumps({"seed": options.seed, "count": len(drawn), **counts, "left": left}))


if __name__ == "__main__":
    main()
