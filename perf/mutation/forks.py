"""Tests in a fork of a process that has imported the heavy packages, but not the library, which differs by mutant."""

import contextlib
import inspect
import json
import multiprocessing
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mutation.nearest import ROOT

CLOCKS = re.compile(r"process_time|perf_counter|monotonic|time\.time")  # a test that reads them may fail by itself
EXAMPLES = 30  # of a property
LEAST_CPU, LEAST_WALL = 20, 90  # seconds that every fork gets, beside a multiple of what its tests took
SLOWER_CPU, SLOWER_WALL = 3, 10


def run_tests(tests: list[str], copy: Path, cpu: float, wall: float) -> tuple[str, str]:
    """(passed, failed or hung; the first test that failed) of tests that took `cpu` and `wall` seconds unchanged."""
    limit = LEAST_CPU + SLOWER_CPU * cpu
    code, log = in_fork(
        lambda: _pytest(tests, copy, ["-x"], Ordered(tests)), copy, limit, LEAST_WALL + SLOWER_WALL * wall
    )
    if code in (None, -signal.SIGXCPU):
        return "hung", ""
    failed = re.findall(r"^(?:FAILED|ERROR) (?:tests/unit/)?(\S+)", log, re.MULTILINE)
    return ("passed" if code in (0, 5) else "failed"), (failed or [f"exit code {code}"])[0]


def profile_file(file: Path, copy: Path, seconds: float) -> dict:
    """What the tests of a file take and execute; no tests where the file does not end within `seconds` of CPU.

    tests  id -> [CPU seconds, wall seconds, passed]
    lines  module -> id of a test, or "" for import and collection -> lines
    """
    target = copy.parent / f"{copy.name}.json"
    target.unlink(missing_ok=True)

    def work() -> int:
        import coverage

        measured = coverage.Coverage(data_file=None, config_file=False, include=[f"{copy}/*"])
        measured.start()
        profiler = Profiler(measured)
        code = _pytest([str(file)], copy, [], profiler)
        measured.stop()
        target.write_text(json.dumps({"tests": profiler.tests, "lines": profiler.lines(copy)}), encoding="utf-8")
        return code

    in_fork(work, copy, seconds, 10 * seconds)
    return json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"tests": {}, "lines": {}}


def in_fork(work: Callable[[], int], copy: Path, cpu: float, wall: float) -> tuple[int | None, str]:
    """(exit code, None after `wall` seconds; output) of `work` in a fork that ends after `cpu` processor seconds."""
    log = copy.parent / f"{copy.name}.log"
    child = multiprocessing.get_context("fork").Process(target=_child, args=(work, copy, log, int(cpu)))
    child.start()
    child.join(wall)
    hung = child.is_alive()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # and what the tests may have left running
    child.join()
    return None if hung else child.exitcode, log.read_text(encoding="utf-8", errors="replace")


def _child(work: Callable[[], int], copy: Path, log: Path, cpu: int) -> None:
    os.setsid()  # ended with all that the tests start
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    os.environ |= {"PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(copy))
    sys.pycache_prefix = str(copy.parent / f"{copy.name}.pyc")
    with open(log, "w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    code = work()
    sys.stdout.flush()
    os._exit(int(code))


def _pytest(tests: list[str], copy: Path, options: list[str], plugin: object) -> int:
    import pytest

    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    folder = copy.parent / f"{copy.name}.tmp"
    common = ["-q", "--tb=short", "-rfE", "--rootdir", str(ROOT), "--basetemp", str(folder)]
    os.chdir(ROOT)
    return int(pytest.main([*common, *options, *files], [plugin]))


def fewer_examples() -> None:
    from hypothesis import settings

    settings.register_profile("mutants", settings.get_profile("project"), max_examples=EXAMPLES)
    settings.load_profile("mutants")


class Ordered:
    """Runs the given tests in the given order, and no others."""

    def __init__(self, tests: list[str]):
        self.places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list) -> None:
        fewer_examples()
        items[:] = sorted((i for i in items if i.nodeid in self.places), key=lambda item: self.places[item.nodeid])


class Profiler:
    """Notes what each test takes and executes; leaves out the tests that read a clock."""

    def __init__(self, measured):
        self.measured = measured
        self.tests: dict[str, list] = {}
        self.started: tuple[float, float] = (0, 0)

    def pytest_collection_modifyitems(self, items: list) -> None:
        fewer_examples()
        items[:] = [item for item in items if not CLOCKS.search(inspect.getsource(item.function))]

    def pytest_runtest_setup(self, item) -> None:
        self.measured.switch_context(item.nodeid)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.started = _cpu(), time.monotonic()
        self.tests[nodeid] = [0.0, 0.0, True]

    def pytest_runtest_logreport(self, report) -> None:
        self.tests[report.nodeid][2] &= report.outcome == "passed"

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.tests[nodeid][:2] = [round(_cpu() - self.started[0], 3), round(time.monotonic() - self.started[1], 3)]
        self.measured.switch_context("")

    def lines(self, copy: Path) -> dict[str, dict[str, list[int]]]:
        data = self.measured.get_data()
        found: dict[str, dict[str, list[int]]] = {}
        for file in data.measured_files():
            contexts = found.setdefault(file.removeprefix(f"{copy}/").removesuffix(".py").replace("/", "."), {})
            for line, names in data.contexts_by_lineno(file).items():
                for name in names:
                    contexts.setdefault(name, []).append(line)
        return found


def _cpu() -> float:
    return sum(os.times()[:4])
