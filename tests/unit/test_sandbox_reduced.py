"""Without bubblewrap: refused by default, run with less isolation when asked to, loudly."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth, sandbox
from reward_memory.verifiers.math import Question, SymbolicPool

TESTS = {"entry_point": "f", "calls": [[1]], "expected": [2], "base": 1}
RIGHT = "```python\ndef f(x): return x + 1\n```"


@pytest.fixture
def no_bubblewrap(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap_fault", lambda: "is not installed")
    sandbox._warn.cache_clear()


def see(code, **options):
    job = {"code": code, "earlier": [], "setup": "", "calls": [{"name": "f", "args": [1]}]}
    reduced = sandbox.Sandbox("reduced", 1, 1.0, **options)
    try:
        (run,) = reduced.run([job])
    finally:
        reduced.close()
    return run.calls[0].value if run.calls else run.end


@pytest.mark.usefixtures("no_bubblewrap")
def test_full_isolation_is_not_quietly_replaced():
    with (
        Grader() as grader,
        pytest.raises(InputError, match=r"install the package bubblewrap, or set `sandbox: reduced`"),
    ):
        grader.grade([RIGHT], [GroundTruth("code", tests=TESTS)])


@pytest.mark.usefixtures("no_bubblewrap")
def test_reduced_isolation_grades_and_warns_once(capfd):
    for _ in range(2):
        with Grader(isolation="reduced") as grader:
            assert grader.grade([RIGHT], [GroundTruth("code", tests=TESTS)])[0].correct
    assert capfd.readouterr().err.count("REDUCED ISOLATION") == 1


@pytest.mark.usefixtures("no_bubblewrap")
@pytest.mark.parametrize(
    "action",
    [
        "os.fork()",
        "os.kill(TESTS, 0)",
        "socket.socket()",
        "bytearray(4 << 30)",
        "os.execv('/bin/true', ['true'])",
    ],
)
def test_reduced_isolation_still_refuses(action):
    action = action.replace("TESTS", str(os.getpid()))
    code = f"import os, socket\ndef f(x):\n    try: {action}\n    except (OSError, MemoryError): return 'refused'"
    assert see(code) == "refused"


@pytest.mark.usefixtures("no_bubblewrap")
def test_reduced_isolation_has_an_empty_folder_and_no_secrets(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert see("import os\ndef f(x): return [os.listdir('.'), 'HF_TOKEN' in os.environ]") == [[], False]


@pytest.mark.usefixtures("no_bubblewrap")
def test_reduced_isolation_ends_endless_programs():
    assert see("def f(x):\n    while True: pass") == "timeout"


def test_an_unknown_isolation_is_refused():
    with pytest.raises(InputError, match="bubblewrap, reduced"):
        Grader(isolation="none")


@pytest.mark.usefixtures("no_bubblewrap")
def test_many_threads_share_a_grader():
    before = threading.active_count()
    with Grader(isolation="reduced", workers=2) as grader, ThreadPoolExecutor(8) as threads:

        def grade(number):
            truth = GroundTruth("code", tests=TESTS | {"calls": [[number]], "expected": [number + number % 2]})
            return grader.grade([RIGHT, "#### 3"], [truth, GroundTruth("math", "3")])[0].correct

        assert list(threads.map(grade, range(40))) == [number % 2 == 1 for number in range(40)]
    assert threading.active_count() <= before + 4  # a reader and an error reader of each worker may still be ending


@pytest.mark.usefixtures("no_bubblewrap")
def test_a_dead_sandbox_is_replaced():
    with Grader(isolation="reduced") as grader:
        truth = GroundTruth("code", tests=TESTS)
        assert grader.grade([RIGHT], [truth])[0].correct
        grader.sandbox.pool.life.process.kill()
        assert grader.grade([RIGHT], [truth])[0].correct


def test_a_worker_that_cannot_start_is_an_error_and_no_verdict(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    pool = SymbolicPool(1, 1.0)
    with pytest.raises(InputError, match="could not start"):
        pool.ask([Question(("y+1", False), (("x", False),))])


def test_the_worker_finds_packages_of_a_path_that_the_caller_was_given(monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'seen')!r}, 'w').close()", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    SymbolicPool(1, 5.0).ask([Question(("y+1", False), (("x", False),))])
    assert (tmp_path / "seen").exists()


def test_importing_the_verifiers_is_cheap():
    code = "import sys, reward_memory.verifiers; print('torch' in sys.modules, 'sympy' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False"]
