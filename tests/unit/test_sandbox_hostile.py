"""Programs that try to be right without being right, or to get out: each scores 0 and finds nothing."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.sandbox import Sandbox, bubblewrap_fault

pytestmark = [
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="the system package bubblewrap is missing"),
    pytest.mark.skipif(bool(shutil.which("bwrap") and bubblewrap_fault()), reason="bubblewrap does not work here"),
]

TESTS = {"entry_point": "f", "calls": [[1], [41]], "expected": [2, 42], "atol": 0, "base": 1}

CHEATS = {
    "an object equal to everything": """
class E(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def f(x): return E(7)
""",
    "a string equal to everything": """
class S(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def f(x): return S("2")
""",
    "a frame walk for the expected values": """
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(value, dict) and "expected" in value: return value["expected"][0 if x == 1 else 1]
        frame = frame.f_back
    return None
""",
    "a search of the collector's objects": """
import gc
def f(x):
    gc.unfreeze()
    for value in gc.get_objects():
        if isinstance(value, dict) and "expected" in value: return value["expected"][0 if x == 1 else 1]
        if isinstance(value, list) and value == [2, 42]: return value[0 if x == 1 else 1]
""",
    "patched builtins": """
import builtins
builtins.all = lambda *a: True
builtins.isinstance = lambda *a: True
builtins.AssertionError = type("AssertionError", (BaseException,), {})
def f(x): return None
""",
    "a patched exec and compile": """
import builtins
builtins.exec = builtins.eval = builtins.compile = lambda *a, **k: None
def f(x): return None
""",
    "a patched encoder": """
import gc, json, types
for module in [m for m in gc.get_objects() if isinstance(m, types.ModuleType)]:
    if hasattr(module, "encode"): module.encode = lambda value, depth=0: 2
json.dumps = lambda *a, **k: '[0, "value", 2]'
def f(x): return None
""",
    "results written to the pipe by itself": """
import os
os.write(3, b'["load", ""]\\n[0, "value", 2]\\n[1, "value", 3]\\n')
def f(x): return None
""",
    "a clean exit": "import os\nos._exit(0)\ndef f(x): return x + 1",
    "SystemExit 0": "import sys\ndef f(x): sys.exit(0)",
    "an exit in a handler": "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return 0",
    "a pickle in place of a value": """
class P:
    def __reduce__(self): return (print, ("owned",))
def f(x): return P()
""",
    "a truthy class": "def f(x): return type('T', (), {'__eq__': lambda *a: True})()",
    "True for 1": "def f(x): return True",
    "a text for a number": "def f(x): return str(x + 1)",
    "a nested list for its item": "def f(x): return [x + 1]",
    "deep recursion in the value": """
def f(x):
    value = []
    for _ in range(100000): value = [value]
    return value
""",
    "a value that holds itself": "def f(x):\n    value = []\n    value.append(value)\n    return value",
    "a stack overflow": """
import sys
sys.setrecursionlimit(10**9)
def f(x): return f(x)
""",
    "4 GB of memory": "def f(x):\n    block = bytearray(4 << 30)\n    return x + 1",
    "memory in pieces": "def f(x):\n    blocks = [bytearray(1 << 20) for _ in range(4096)]\n    return x + 1",
    "1 GB returned": "def f(x): return 'x' * (1 << 30)",
    "1 GB through the pipe": "import os\nwhile True: os.write(3, b'x' * 65536)\ndef f(x): return x + 1",
    "a crash": "import ctypes\nctypes.string_at(0)\ndef f(x): return x + 1",
    "the result pipe closed": "import os\nos.close(3)\ndef f(x): return x + 1",
}


@pytest.fixture(scope="module")
def grader():
    with Grader(workers=2) as grader:
        yield grader


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox("bubblewrap", workers=2, timeout=1.0)
    yield sandbox
    sandbox.close()


def look(sandbox, code, *arguments):
    """What a function `f` sees in the sandbox."""
    job = {"code": code, "earlier": [], "setup": "", "calls": [{"name": "f", "args": list(arguments)}]}
    (run,) = sandbox.run([job])
    return run.calls[0].value if run.calls else run.end


def fence(code):
    return f"```python\n{code}\n```"


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_scores_nothing(grader, name):
    (verdict,) = grader.grade([fence(CHEATS[name])], [GroundTruth("code", tests=TESTS)])
    assert not verdict.correct, verdict


@pytest.mark.slow
def test_the_sandbox_serves_on_after_all_cheats(grader):
    truth = GroundTruth("code", tests=TESTS)
    verdicts = grader.grade([fence(code) for code in CHEATS.values()] + [fence("def f(x): return x + 1")], [truth] * 26)
    assert [verdict.correct for verdict in verdicts] == [False] * 25 + [True]


def test_asserts_keep_their_expected_values_outside(grader):
    code = """
import builtins
builtins.set = builtins.sorted = lambda *a: "same"
def f(x): return None
"""
    truth = GroundTruth("code", tests={"assert": ["assert set(f(1)) == {1, 2}", "assert sorted(f(1)) == [1, 2]"]})
    (verdict,) = grader.grade([fence(code)], [truth])
    assert not verdict.correct


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    while True: pass",
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\n"
        "def f(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        "import time\ndef f(x): time.sleep(1000)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\ndef f(x): time.sleep(60)",
    ],
)
def test_an_endless_program_is_ended(sandbox, code):
    start = time.monotonic()
    assert look(sandbox, code, 1) == "timeout"
    assert time.monotonic() - start < 20


def test_nothing_survives_the_verdict(sandbox):
    code = """
import os, subprocess, threading, time
def f(x):
    tried = []
    for attempt in (os.fork, lambda: subprocess.Popen(["/bin/sleep", "987654"]), lambda: os.execv("/bin/sleep", ["s"])):
        try: attempt(); tried.append("done")
        except OSError as error: tried.append(type(error).__name__)
    try: os.setsid()
    except OSError: pass
    threading.Thread(target=time.sleep, args=(987654,)).start()
    return tried
"""
    assert look(sandbox, code, 1) == ["PermissionError"] * 3
    assert b"987654" not in subprocess.run(["ps", "axww"], capture_output=True, check=True).stdout


def test_a_fork_bomb_forks_nothing(sandbox):
    code = "import os\ndef f(x):\n    n = 0\n    while n < 100:\n        n += 1\n        try: os.fork()\n"
    code += "        except OSError: pass\n        else: return 'forked'\n    return 'none'"
    assert look(sandbox, code, 1) == "none"


def test_the_environment_has_no_secret(sandbox, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    code = "import os\ndef f(x): return dict(os.environ)"
    seen = look(sandbox, code, 1)
    assert set(seen) <= {
        "PATH",
        "LANG",
        "PYTHONHASHSEED",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "PWD",
        "LC_CTYPE",
    } | {"PYTHONDONTWRITEBYTECODE"}


@pytest.mark.parametrize(
    "path", [str(Path.home()), str(Path(__file__).parents[2]), "/etc/passwd", str(Path.home() / ".ssh"), "/var"]
)
def test_the_home_and_the_checkout_are_not_there(sandbox, path):
    prefixes = (sys.base_prefix, sys.prefix)
    code = "import os\ndef f(path): return sorted(os.listdir(path)) if os.path.isdir(path) else os.path.exists(path)"
    seen = look(sandbox, code, path)
    # the interpreter may live below the home; then the way to it is there and nothing beside it
    ways = [Path(prefix).relative_to(path).parts[0] for prefix in prefixes if Path(prefix).is_relative_to(path)]
    assert seen is False or set(seen) <= set(ways)


@pytest.mark.parametrize(
    "path", ["/owned", "/tmp/../owned", "/runner/runner.py", "/dev/owned", "/usr/lib/owned", "/proc/owned"]
)
def test_nothing_outside_the_work_folder_can_be_written(sandbox, path):
    code = "def f(path):\n    try: return open(path, 'w').write('written')\n    except OSError: return 'refused'"
    assert look(sandbox, code, path) == "refused"


def test_the_work_folder_is_empty_private_and_small(sandbox):
    code = """
import os
def f(x):
    seen = os.listdir(".")
    open("left", "w").write("x")
    try:
        with open("big", "wb") as stream:
            for _ in range(1024): stream.write(b"x" * (1 << 20))
    except OSError: return [seen, os.getcwd(), "full"]
"""
    assert look(sandbox, code, 1) == look(sandbox, code, 1) == [[], "/work", "full"]


def test_symbolic_links_lead_nowhere(sandbox, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    code = """
import os
def f(path):
    os.symlink(path, "link")
    os.symlink("/proc/1/root" + path, "other")
    return [os.path.exists("link"), os.path.exists("other")]
"""
    assert look(sandbox, code, str(secret)) == [False, False]


def test_there_is_no_process_to_look_at(sandbox):
    assert look(sandbox, "import os\ndef f(x): return [os.listdir('/proc'), os.getpid()]", 1) == [[], 1]


def test_there_is_no_network(sandbox):
    code = """
import socket
def f(x):
    seen = []
    for family, address in ((2, ("127.0.0.1", 80)), (2, ("1.1.1.1", 53)), (1, "\\0x")):
        try: socket.socket(family).connect(address); seen.append("connected")
        except OSError: seen.append("refused")
    return seen
"""
    assert look(sandbox, code, 1) == ["refused"] * 3


def test_others_cannot_be_signalled_traced_or_mounted_over(sandbox):
    code = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def f(x):
    seen = []
    for attempt in (lambda: os.kill(1, 0), lambda: os.kill(-1, signal.SIGKILL), lambda: os.kill(os.getppid(), 9)):
        try: attempt(); seen.append("done")
        except OSError: seen.append("refused")
    for call in (lambda: libc.ptrace(16, 1, 0, 0), lambda: libc.unshare(0x10000000), lambda: libc.setns(3, 0),
                 lambda: libc.mount(b"tmpfs", b"/work", b"tmpfs", 0, None), lambda: libc.umount2(b"/proc", 2)):
        seen.append("done" if call() == 0 else "refused")
    return seen
"""
    assert look(sandbox, code, 1) == ["refused"] * 8


def test_limits_cannot_be_raised(sandbox):
    code = """
import resource
def f(x):
    try: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return "raised"
    except (OSError, ValueError): return "refused"
"""
    assert look(sandbox, code, 1) == "refused"


def test_one_program_leaves_nothing_for_the_next(sandbox):
    look(sandbox, "import builtins, random\nbuiltins.mark = 1\nopen('mark', 'w').close()\ndef f(x): return 1", 1)
    code = "import builtins, os\ndef f(x): return [hasattr(builtins, 'mark'), os.listdir('.')]"
    assert look(sandbox, code, 1) == [False, []]


HONEST = {
    "two code blocks": "First\n```python\ndef f(x):\n    return x + 1\n```\nTry it:\n```python\nprint(f(1))\n```",
    "a helper in an earlier block": "```python\ndef one(): return 1\n```\n```python\ndef f(x): return x + one()\n```",
    "a wrong attempt first": "```python\ndef f(x): return x - 1\n```\nNo:\n```python\ndef f(x): return x + 1\n```",
    "recursion to 900": fence("def g(n): return 0 if n == 0 else 1 + g(n - 1)\ndef f(x): return x + g(900) - 899"),
    "a main guard": fence("def f(x): return x + 1\nif __name__ == '__main__':\n    input()"),
    "doctest": fence(
        "def f(x):\n    '''\n    >>> f(1)\n    2\n    '''\n    return x + 1\nimport doctest\ndoctest.testmod()"
    ),
    "typing imports": fence("from typing import *\ndef f(x: Optional[int]) -> Union[int, None]: return x + 1"),
    "a dataclass": fence(
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    n: int\ndef f(x): return P(x).n + 1"
    ),
    "prints": fence("import sys\ndef f(x):\n    print('x' * 100000)\n    sys.stderr.write('y')\n    return x + 1"),
    "no fence": "def f(x):\n    return x + 1",
    "an unclosed fence": "#### \n```python\ndef f(x):\n    return x + 1\n",
    "thinking before": "<think>```python\ndef f(x): return 0\n```</think>\n```python\ndef f(x): return x + 1\n```",
    "a lambda": fence("f = lambda x: x + 1"),
    "threads": fence(
        "import threading\ndef f(x):\n    r = []\n    t = threading.Thread(target=lambda: r.append(x + 1))\n"
        "    t.start(); t.join()\n    return r[0]"
    ),
    "asyncio": fence("import asyncio\nasync def g(x): return x + 1\ndef f(x): return asyncio.run(g(x))"),
    "a temporary file": fence(
        "import tempfile\ndef f(x):\n    with tempfile.TemporaryFile() as t: t.write(b'x')\n    return x + 1"
    ),
    "a whole float": fence("def f(x): return x + 1.0"),
    "mutated arguments": fence("def f(x, seen=[]):\n    x += 1\n    return x"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_unusual_right_answer_scores(grader, name):
    (verdict,) = grader.grade([HONEST[name]], [GroundTruth("code", tests=TESTS)])
    assert verdict.correct, verdict


def test_a_call_does_not_see_what_an_earlier_one_did_to_its_arguments(grader):
    tests = {"entry_point": "f", "calls": [[[1]], [[1]]], "expected": [[1, 2], [1, 2]], "base": 2}
    (verdict,) = grader.grade([fence("def f(x):\n    x.append(2)\n    return x")], [GroundTruth("code", tests=tests)])
    assert verdict.correct


def test_the_pool_ends_with_its_caller(tmp_path):
    script = f"""
import os, signal
from reward_memory.verifiers.sandbox import Sandbox
sandbox = Sandbox("bubblewrap", 1, 1.0)
job = {{"code": "def f(): return 1", "earlier": [], "setup": "", "calls": [{{"name": "f", "args": []}}]}}
assert sandbox.run([job])[0].calls[0].value == 1
open({str(tmp_path / "pid")!r}, "w").write(str(sandbox.pool.life.process.pid))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail("the sandbox outlived its caller")
