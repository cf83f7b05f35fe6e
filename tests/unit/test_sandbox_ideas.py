"""More programs that try to be right without being right: none scores in either isolation, neighbors keep theirs."""

import os
import shutil
import time

import pytest

from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.sandbox import bubblewrap_fault

NO_BUBBLEWRAP = shutil.which("bwrap") is None or bool(bubblewrap_fault())
TRUTH = GroundTruth("code", tests={"entry_point": "f", "calls": [[1], [41]], "expected": [2, 42], "base": 1})
RIGHT = "```python\ndef f(x): return x + 1\n```"
LINES = 'b\'["load", ""]\\n[0, "value", 2]\\n[1, "value", 42.5]\\n\''

IDEAS = {
    "a thread that writes results while calls run": f"""
import os, threading
def write():
    while True: os.write(3, {LINES})
threading.Thread(target=write, daemon=True).start()
def f(x):
    import time; time.sleep(0.05)
    return 0
""",
    "a child that writes results": f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import os, sys; os.write(3, eval(sys.argv[1]))", repr({LINES})], pass_fds=(3,))
def f(x): return 0
""",
    "results written, then the pipe replaced": f"""
import os
os.write(3, {LINES})
os.dup2(os.open(os.devnull, os.O_WRONLY), 3)
def f(x): return 0
""",
    "the same to every open file": f"""
import os
for fd in range(256):
    try: os.write(fd, {LINES})
    except OSError: pass
def f(x): return 0
""",
    "frames of the runner to every open file": """
import os, struct
head = b'{"id": 1, "end": "ended", "seconds": 0.0}'
body = struct.pack(">I", len(head)) + head + b'["load", ""]\\n[0, "value", 2]\\n[1, "value", 42]\\n'
for fd in range(256):
    try: os.write(fd, struct.pack(">I", len(body)) + body)
    except OSError: pass
def f(x): return 0
""",
    "another write": """
import os
real = os.write
os.write = lambda fd, data: real(fd, data.replace(b'"value", 0', b'"value", 2'))
def f(x): return 0
""",
    "small integers changed in memory": """
import ctypes
for n in range(200):
    ctypes.c_long.from_address(id(n) + 24).value = 2
def f(x): return 7
""",
    "a tracer of the caller": """
import sys
def tracer(frame, event, argument):
    if "expected" in frame.f_locals: frame.f_locals["expected"] = frame.f_locals.get("value")
    return tracer
sys.settrace(tracer)
sys.setprofile(tracer)
def f(x): return 0
""",
    "frames of other threads": """
import sys
def f(x):
    for frame in sys._current_frames().values():
        while frame:
            for value in frame.f_locals.values():
                if value == [2, 42]: return value[x > 1]
            frame = frame.f_back
    return 0
""",
    "another class than it says": """
class N:
    __class__ = property(lambda self: int)
    __eq__ = lambda *a: True
    __index__ = __int__ = lambda self: 2
def f(x): return N()
""",
    "an integer that prints as another": """
class N(int):
    __repr__ = __str__ = lambda self: "2"
    __format__ = lambda self, how: "2"
    __index__ = __int__ = lambda self: 2
def f(x): return N(0)
""",
    "another json": """
import sys, types
fake = types.ModuleType("json")
fake.dumps = lambda *a, **k: "2"
fake.loads = lambda *a, **k: {}
for name in [name for name in sys.modules if name.startswith("json")]: sys.modules[name] = fake
def f(x): return 0
""",
    "an error whose text is a line": """
def f(x): raise BaseException('"]\\n[0, "value", 2]\\n[1, "value", 42]\\n')
""",
    "an error whose text is computed": """
class E(Exception):
    def __str__(self): return "\\n" * 10**9
    __repr__ = __str__
def f(x): raise E()
""",
    "what is read from the job's pipe": """
import os
def f(x):
    for fd in (0, 4, 5, 6, 7, 8, 9):
        try:
            os.set_blocking(fd, False)
            data = os.read(fd, 1 << 20)
        except OSError: continue
        if b"expected" in data: return 2 if x == 1 else 42
    return 0
""",
    "processes of others": """
import os, re
def f(x):
    for pid in [p for p in os.listdir("/proc") if p.isdigit()] if os.path.isdir("/proc") else []:
        for name in ("environ", "cmdline", "maps", "fd/0", "mem"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file: data = file.read(1 << 20)
            except OSError: continue
            if re.search(rb"expected.{,9}2, 42", data): return x + 1
    return 0
""",
    "a process that outlives it": """
import os
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: pass
        os._exit(0)
except OSError: pass
def f(x): return 0
""",
    "every signal ignored, then no end": """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
def f(x):
    while True: pass
""",
    "a traceback that ends the process": "import faulthandler, os\nfaulthandler.dump_traceback_later(0.01, exit=True)\n"
    "def f(x):\n    while True: pass",
    "an abort": "import os\ndef f(x): os.abort()",
    "a deep pickle": """
import pickle, sys
sys.setrecursionlimit(10**9)
def f(x):
    value = []
    for _ in range(10**6): value = [value]
    pickle.dumps(value)
    return 0
""",
    "a huge integer": "def f(x): return 1 << (1 << 33)",
    "a wide text": "def f(x): return '%2000000000d' % 1",
    "a format of itself": "def f(x): return '{0.__class__.__mro__[1].__subclasses__}'.format(x)",
    "an array for its item": "import numpy as np\ndef f(x): return np.array([x + 1])",
    "a text of the number": "class S(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\n"
    "def f(x): return S(x + 1)",
    "a late change of the name": "import threading, sys\ndef f(x): return 0\n"
    "threading.Timer(0.0, lambda: globals().update(f=lambda x: 2)).start()",
    "an iterator without end": "import itertools\ndef f(x): return itertools.count(2)",
    "a weak set": "import gc\ngc.disable()\ndef f(x):\n    while True: x = [x]",
}


BUBBLEWRAP = pytest.param("bubblewrap", marks=pytest.mark.skipif(NO_BUBBLEWRAP, reason="bubblewrap is missing"))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["reduced", BUBBLEWRAP])
def test_no_idea_scores_and_neighbors_keep_their_verdicts(how):
    codes = [f"```python\n{code}\n```" for code in IDEAS.values()]
    started, computed = time.monotonic(), sum(os.times()[:2])
    with Grader(isolation=how, workers=2, timeout=2.0) as grader:
        responses = [answer for code in codes for answer in (RIGHT, code)] + [RIGHT]
        verdicts = grader.grade(responses, [TRUTH] * len(responses))
    correct = [verdict.correct for verdict in verdicts]
    assert [name for name, scored in zip(IDEAS, correct[1::2], strict=True) if scored] == []
    assert correct[::2] == [True] * (len(codes) + 1)
    # the judge itself does next to nothing
    assert sum(os.times()[:2]) - computed < 3
    assert time.monotonic() - started < 120
