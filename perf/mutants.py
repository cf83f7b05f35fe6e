"""Mutation check: `python perf/mutants.py [--modules PART …] [--count N] [--seed S]`.

Draws N changes at random from the modules that compute results (comparison swapped, boundary shifted, constant off by
one, statement removed, …), makes each in a copy of the library outside the checkout, and runs the unit tests that
execute the changed line until one fails. A change that no test notices has survived. The last line is one JSON object.
perf/mutants.md lists the survivors and says why they are left.
"""

import argparse
import ast
import hashlib
import importlib
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutation.forks import profile_file, run_tests
from mutation.nearest import PACKAGE, ROOT, dotted, nearest_tests
from mutation.sites import Mutant, Sites

MODULES = (
    "answers/*",
    *(f"verifiers/{name}" for name in ("math", "equality", "spelling", "grader", "asserts")),
    *(f"verifiers/{name}" for name in ("expressions", "functions", "programs", "code")),
    *(
        f"verifiers/{name}"
        for name in ("notation", "piecewise", "sentences", "wording", "amounts", "plain_ascii", "endings")
    ),
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
    *("hdbscan", "tokenizers", "transformers", "safetensors.torch", "pydantic", "coverage"),
)
PROFILE_SECONDS = 300  # of CPU that a test file may take
COMPLETE = 2  # nearest files of which all tests run: their other processes may execute the line
NEAREST = 2  # files that are tried before the others
OUTCOMES = {"passed": "survived", "failed": "killed", "hung": "timed out"}
STAMPS = itertools.count(10**9)


def modules(parts: list[str]) -> dict[str, Path]:
    """Dotted name -> file of the modules of MODULES; with `parts`, of those whose path has one of them."""
    files = sorted(file for pattern in MODULES for file in PACKAGE.glob(f"{pattern}.py"))
    chosen = {file.relative_to(PACKAGE).as_posix(): file for file in files if file.name != "__init__.py"}
    chosen = {name: file for name, file in chosen.items() if not parts or any(part in name for part in parts)}
    return {dotted(file): file for file in chosen.values()}


class Profiles:
    """What each test file executes and takes, kept in a folder from one run to the next while nothing of it changes."""

    def __init__(self, folder: Path, copy: Path):
        self.folder, self.copy = folder, copy
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, test: Path) -> dict:
        kept = self.folder / f"{test.stem}.json"
        known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
        if known is None or known["digests"] != {path: digest(ROOT / path) for path in known["digests"]}:
            known = self._measure(test)
            kept.write_text(json.dumps(known), encoding="utf-8")
        return known

    def _measure(self, test: Path) -> dict:
        start = time.monotonic()
        measured = profile_file(test, self.copy, PROFILE_SECONDS)
        wanted = modules([])
        measured["lines"] = {name: lines for name, lines in measured["lines"].items() if name in wanted}
        passed = sum(test[2] for test in measured["tests"].values())
        note = f"{passed} of {len(measured['tests'])} tests pass, {time.monotonic() - start:.0f} s"
        print(f"measured {test.name}: {note}", flush=True)
        sources = [test, *(wanted[name] for name in measured["lines"])]
        return measured | {"digests": {str(file.relative_to(ROOT)): digest(file) for file in sources}}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.exists() else ""


def statement_lines(source: bytes, mutant: Mutant) -> set[int]:
    """Lines of the innermost statement that a change is in; of a compound one those before its body."""
    inside = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= mutant.line <= node.end_lineno:
            body = getattr(node, "body", None)
            end = max(node.lineno + 1, body[0].lineno) if body else node.end_lineno + 1
            inside.append((node.lineno, end))
    return {mutant.line, *range(*max(inside))}


class Trial:
    """A mutant against the tests that execute its line; the nearest test files first, at most `seconds` of CPU."""

    def __init__(self, tests: dict[str, list[Path]], seconds: float, profiles: Profiles):
        self.tests, self.seconds, self.profiles = tests, seconds, profiles

    def __call__(self, mutant: Mutant) -> dict:
        file = self.profiles.copy / f"{mutant.module.replace('.', '/')}.py"
        source = file.read_bytes()
        files, outcome = self.tests[mutant.module], {"outcome": "survived", "test": "", "tests": 0, "cpu": 0, "wall": 0}
        for chosen in (files[:NEAREST], files[NEAREST:]):  # few mutants need the second part
            tests, cpu, wall = self._choose(mutant, source, chosen, self.seconds - outcome["cpu"])
            if tests:
                start, used = time.monotonic(), sum(os.times()[:4])
                write(file, source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
                try:
                    end, failed = run_tests(tests, self.profiles.copy, cpu, wall)
                finally:
                    write(file, source)
                outcome["tests"] += len(tests)
                outcome["cpu"] = round(outcome["cpu"] + sum(os.times()[:4]) - used, 1)
                outcome["wall"] = round(outcome["wall"] + time.monotonic() - start, 1)
                outcome |= {"outcome": OUTCOMES[end], "test": failed if end == "failed" else ""}
            if outcome["outcome"] != "survived":
                break
        return outcome

    def _choose(self, mutant: Mutant, source: bytes, files: list[Path], most: float) -> tuple[list[str], float, float]:
        """(tests in order, their CPU seconds, their wall seconds)."""
        lines, chosen, cpu, wall = statement_lines(source, mutant), [], 0.0, 0.0
        for file in files:
            profile = self.profiles.get(file)
            executed = profile["lines"].get(mutant.module, {})
            direct = {test for test, found in executed.items() if lines.intersection(found)}
            if "" in direct:  # at import: whatever uses the module may notice
                direct = set(executed)
            every = file in self.tests[mutant.module][:COMPLETE]
            for test, (seconds, waited, passed) in sorted(
                profile["tests"].items(), key=lambda item: (item[0] not in direct, item[1][0])
            ):
                if passed and (test in direct or every) and cpu + seconds <= most:
                    chosen.append(test)
                    cpu, wall = cpu + seconds, wall + waited
        return chosen, cpu, wall


def write(file: Path, source: bytes) -> None:
    """Replace a file; the time of each version is its own, so that no compiled one is taken for another."""
    file.write_bytes(source)
    os.utime(file, (stamp := next(STAMPS), stamp))


class Results:
    """Outcomes by mutant, appended to a file as they come, so that a stopped run resumes."""

    def __init__(self, file: Path | None):
        self.file, self.found = file, {}
        if file and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self._note(json.loads(line))

    def _note(self, outcome: dict) -> None:
        self.found.setdefault(tuple(outcome[name] for name in Mutant.__dataclass_fields__), []).append(outcome)

    def add(self, outcome: dict) -> None:
        self._note(outcome)
        if self.file:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(outcome) + "\n")

    def of(self, mutant: Mutant) -> list[dict]:
        return self.found.get(tuple(asdict(mutant).values()), [])

    def summary(self, mutants: list[Mutant]) -> dict:
        """Counts of the first outcomes and of the last ones, and the survivors of the last."""
        outcomes = [found for mutant in mutants if (found := self.of(mutant))]
        first, last = (Counter(found[place]["outcome"] for found in outcomes) for place in (0, -1))
        left = [found[-1] for found in outcomes if found[-1]["outcome"] == "survived"]
        return {"run": len(outcomes), "first": first, "last": last, "left": left}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", default=[], help="parts of paths, such as answers/ or seeds.py")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=int, default=6, help="test files of a module")
    parser.add_argument("--seconds", type=float, default=60, help="CPU seconds of the tests of a mutant")
    parser.add_argument("--results", type=Path, help="outcomes, one JSON object a line; a run resumes from them")
    parser.add_argument("--profiles", type=Path, help="folder that keeps what the test files execute")
    parser.add_argument("--survivors", action="store_true", help="run those again that survived in --results")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    chosen = modules(options.modules)
    sites = [mutant for name, file in chosen.items() for mutant in Sites(name, file.read_bytes()).found]
    drawn = random.Random(options.seed).sample(sites, min(options.count, len(sites)))
    # perf/coverage.py is not the package that measures what tests execute
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    for name in HEAVY:
        importlib.import_module(name)
    print(f"{len(drawn)} of {len(sites)} mutants of {len(chosen)} modules", flush=True)
    results = Results(options.results)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        tests = nearest_tests(sorted({mutant.module for mutant in drawn}), options.files)
        trial = Trial(tests, options.seconds, Profiles(options.profiles or Path(folder) / "profiles", copy))
        for mutant in drawn:
            before = results.of(mutant)
            if before[-1]["outcome"] != "survived" if before and options.survivors else before:
                continue
            outcome = trial(mutant)
            results.add(asdict(mutant) | outcome)
            print(f"{outcome['outcome']:<10} {outcome['cpu']:5} s {mutant}   ({outcome['test']})", flush=True)
    print(json.dumps({"seed": options.seed, "count": len(drawn), **results.summary(drawn)}))


if __name__ == "__main__":
    main()
