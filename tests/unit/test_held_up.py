"""A program that the machine holds up is judged as on an idle one; one that sleeps on its own account is ended."""

import signal
import threading
import time

import psutil
import pytest

from reward_memory.verifiers import Grader, GroundTruth

TIMEOUT = 1.0
WORKS = "def f(x):\n    total = 0\n    for number in range(3_000_000):\n        total += number % 7\n    return x + 1"
SLEEPS = "import time\ndef f(x):\n    time.sleep(60)\n    return x + 1"
TRUTH = GroundTruth("code", tests={"entry_point": "f", "calls": [[1]], "expected": [2], "base": 1})


def candidate(seconds: float = 20.0) -> psutil.Process:
    """The process of the program: a child of the sandbox's runner."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in psutil.Process().children(recursive=True):
            try:
                # not bubblewrap, whose arguments name the runner, too
                if all("runner.py" in " ".join(one.cmdline()[1:4]) for one in (process, process.parent())):
                    return process
            except (psutil.NoSuchProcess, AttributeError):
                continue
    raise TimeoutError("no program was started")


@pytest.fixture
def grader():
    with Grader(isolation="reduced", workers=1, program_timeout=TIMEOUT) as found:
        found.grade(["```python\ndef f(x): return x + 1\n```"], [TRUTH])
        yield found


def grade(grader: Grader, code: str, verdicts: list) -> threading.Thread:
    thread = threading.Thread(target=lambda: verdicts.extend(grader.grade([f"```python\n{code}\n```"], [TRUTH])))
    thread.start()
    return thread


def test_a_stop_of_twice_its_seconds_is_not_the_programs(grader):
    verdicts = []
    thread = grade(grader, WORKS, verdicts)
    process = candidate()
    process.send_signal(signal.SIGSTOP)
    time.sleep(2 * TIMEOUT)
    process.send_signal(signal.SIGCONT)
    thread.join(30)
    assert [verdict.correct for verdict in verdicts] == [True], verdicts


@pytest.mark.slow
def test_a_sleep_is_ended(grader):
    verdicts, start = [], time.monotonic()
    grade(grader, SLEEPS, verdicts).join(30)
    assert [verdict.path for verdict in verdicts] == ["code:timeout base 0/1"]
    assert time.monotonic() - start < 20
