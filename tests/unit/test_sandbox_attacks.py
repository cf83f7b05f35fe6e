"""What no program may do, in both isolations, as root and as an ordinary user: none scores, none harms, and programs
beside them keep their verdicts.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from reward_memory.verifiers import Grader, GroundTruth, sandbox
from reward_memory.verifiers.sandbox import Sandbox, isolation
from reward_memory.verifiers.sandbox.inside import calls, folders, landlock

SOURCE = Path(__file__).parents[2] / "src"
TESTS = {"entry_point": "f", "calls": [[1], [41]], "expected": [2, 42], "base": 1}
TRUTH = GroundTruth("code", tests=TESTS)
RIGHT = "```python\ndef f(x): return x + 1\n```"
NO_BUBBLEWRAP = shutil.which("bwrap") is None or bool(isolation.bubblewrap_fault())
ISOLATIONS = [
    pytest.param("bubblewrap", marks=pytest.mark.skipif(NO_BUBBLEWRAP, reason="bubblewrap does not work here")),
    "reduced",
]
needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")

SYSCALL = "import ctypes, os, struct\nlibc = ctypes.CDLL(None, use_errno=True)\ncaller = os.getppid() or 1\n"
# each is an expression or statement that must raise OSError or give a result below 0
REFUSED = {
    "limits of the caller": "libc.prlimit(caller, 7, struct.pack('QQ', 0, 0), None)",
    "cores of the caller": "os.sched_setaffinity(caller, {0})",
    "scheduling of the caller": "os.sched_setscheduler(caller, os.SCHED_IDLE, os.sched_param(0))",
    "priority of the caller": "os.setpriority(os.PRIO_PROCESS, caller, 19)",
    "priority of all of the user": "os.setpriority(os.PRIO_USER, os.getuid(), 19)",
    "disk priority of the caller": "libc.syscall(251, 1, caller, 3 << 13)",
    "signals by an owner": "__import__('fcntl').fcntl(3, 8, caller)",
    "another signal": "__import__('fcntl').fcntl(3, 10, 9)",
    "signals by a thread as owner": "__import__('fcntl').fcntl(3, 15, struct.pack('ii', 1, caller))",
    "asynchronous input": "__import__('fcntl').fcntl(3, 4, 0x2000)",
    "asynchronous input by ioctl": "__import__('fcntl').ioctl(3, 0x5452, struct.pack('i', 1))",
    "an owner by ioctl": "__import__('fcntl').ioctl(3, 0x8901, struct.pack('i', caller))",
    "a larger pipe": "__import__('fcntl').fcntl(3, 1031, 1 << 20)",
    "a handle on the caller": "os.pidfd_open(caller)",
    "memory of the caller": "libc.syscall(310, caller, 0, 0, 0, 0, 0)",
    "a trace of the caller": "libc.ptrace(16, caller, 0, 0)",
    "shared memory of the user": "libc.shmat(0, 0, 0) or -1",
    "new shared memory": "libc.shmget(1, 4096, 0o1600)",
    "messages": "libc.msgget(1, 0o1600)",
    "semaphores": "libc.semget(1, 1, 0o1600)",
    "an event ring": "libc.syscall(425, 8, bytes(120))",
    "keys": "libc.syscall(250, 0, -3, 1)",
    "a kernel program": "libc.syscall(321, 0, bytes(64), 64)",
    "counters": "libc.syscall(298, bytes(112), caller, -1, -1, 0)",
    "page faults": "libc.syscall(323, 0)",
    "watches": "libc.inotify_init1(0)",
    "file handles": "libc.syscall(303, -100, b'/', bytes(200), bytes(8), 0)",
    "the kernel's log": "libc.klogctl(3, bytes(10), 10)",
    "user namespaces": "libc.unshare(0x10000000)",
    "a clone in a namespace": "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",
    "files in memory": "os.memfd_create('x')",
    "a network link": "__import__('socket').socket(16, 3, 0)",
    "a datagram to any address": "__import__('socket').socketpair(1, 2)",
    "a group of cores": "libc.prctl(62, 1, caller, 0, 0)",
    "the end of a group": "os.killpg(os.getpgid(caller), 9)",
    "a queue": "libc.syscall(240, b'x', 0o102, 0o600, 0)",
    "32-bit call numbers": "libc.syscall(0x40000000 + 39)",
    "a compact system file": "libc.truncate(os.__file__.encode(), 0)",
    "an emptied library": "os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)",
    "an attribute": "os.setxattr('/', 'user.x', b'x')",
}
UNREADABLE = [
    "/proc/{0}/environ",
    "/proc/{0}/cmdline",
    "/proc/{0}/mem",
    "/proc/{0}/maps",
    "/proc/self/mem",
    "{1}/secret",
]
UNREADABLE += ["/proc/{0}/fd", "/etc/passwd", "/etc/hostname", "/dev/shm", "/var", "/proc", "{1}", "{2}"]
UNWRITABLE = ["/dev/shm/owned", "/var/tmp/owned", "{1}/owned", "{1}/secret", "/proc/{0}/oom_score_adj", "/dev/tty"]
NEIGHBORS = {
    "threads": "import threading, time\nfor _ in range(60): threading.Thread(target=time.sleep, args=(9,)).start()",
    "too many threads": "import threading, time\nthreading.stack_size(32768)\n"
    "while True: threading.Thread(target=time.sleep, args=(9,)).start()",
    "a folder of 3,000 levels": "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')",
    "folders without rights": "import os\nfor n in range(50):\n    os.makedirs(f'{n}/a')\n    os.chmod(f'{n}', 0)\n"
    "os.mkdir('z', 0)",
    "many files": "n = 0\nwhile True:\n    open(str(n), 'w').close()\n    n += 1",
    "large files": "n = 0\nwhile True:\n    open(str(n), 'wb').write(b'x' * (15 << 20))\n    n += 1",
    "odd files": "import os\nos.mkfifo('p')\nos.symlink('/', 'l')\nopen('\\n', 'w')\nos.link('\\n', 'x')",
    "killing all": "import os\nfor pid in (-1, 0, 1, os.getppid()):\n"
    "    try: os.kill(pid, 9)\n    except OSError: pass",
    "an alarm of the runner": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.001)",
    "a flood": 'import os\nwhile True: os.write(3, b\'["load", ""]\\n\' * 999)',
    "a closed pipe": "import os\nos.close(3)",
    "half a character": "raise ValueError('\\ud800')",
    "an error without text": "class E(Exception):\n    def __str__(self): raise self\nraise E",
    "an idle priority": "import os\nos.nice(19)\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))",
}
SAME = {
    "numpy": "import numpy as np\ndef f(x): return int(np.add(x, 1))",
    "numpy's algebra": "import numpy as np\ndef f(x): return int(round(float(np.linalg.inv(np.eye(60))[0, 0]))) + x",
    "numpy's random numbers": "import numpy as np\ndef f(x): return x + int(np.random.default_rng(0).integers(1, 2))",
    "threads": "from concurrent.futures import ThreadPoolExecutor as P\n"
    "def f(x):\n    with P(30) as p: return sum(p.map(lambda n: n, [x, 1]))",
    "copied files": "import shutil\ndef f(x):\n    open('a', 'w').write(str(x + 1))\n    shutil.copy2('a', 'b')\n"
    "    shutil.move('b', 'c')\n    return int(open('c').read())",
    "a temporary folder": "import tempfile, os\ndef f(x):\n    with tempfile.TemporaryDirectory() as d:\n"
    "        open(os.path.join(d, 'a'), 'w').write('1')\n        return x + len(os.listdir(d))",
    "asyncio": "import asyncio\nasync def g(x): return x + 1\ndef f(x): return asyncio.run(g(x))",
    "moved folders": "import os\ndef f(x):\n    os.makedirs(f'{x}/b')\n    os.makedirs(f'c{x}')\n"
    "    os.rename(f'{x}/b', f'c{x}/d')\n    return x + len(os.listdir(f'c{x}'))",
    "a null device": "import os\ndef f(x):\n    open(os.devnull, 'w').write('x')\n    return x + 1",
    "limits read": "import resource\ndef f(x): return x + (resource.getrlimit(resource.RLIMIT_AS)[0] > 0)",
    "sqlite": "import sqlite3\ndef f(x):\n    with sqlite3.connect('d.db') as c:\n"
    "        return c.execute('select ? + 1', (x,)).fetchone()[0]",
}


def answers(how, codes):
    """Verdicts of codes with a right one before and after, in one pool."""
    with Grader(isolation=how, workers=2) as grader:
        return grader.grade([RIGHT, *(f"```python\n{code}\n```" for code in codes), RIGHT], [TRUTH] * (len(codes) + 2))


def trial(folder, how):
    """All of this in one process, for any user; prints what went wrong as JSON."""
    if how == "reduced":
        sandbox.bubblewrap_fault = lambda: "is not asked for"
    wrong = {}
    box = Sandbox(how, workers=2, timeout=1.5)
    body = SYSCALL + "def f(x):\n    try:\n        r = {0}\n        if isinstance(r, int) and r < 0: return 'refused'\n"
    body += "    except OSError: return 'refused'\n    return 'done'"
    codes = {name: body.replace("{0}", action) for name, action in REFUSED.items()}
    see = "import os\ndef f(x):\n    path = {0!r}.format(os.getppid() or 1)\n    try:\n        {1}\n"
    see += "    except OSError: return 'refused'\n    return 'done'"
    look = "r = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(1)"
    for path in UNREADABLE:
        text = path.replace("{1}", folder).replace("{2}", str(SOURCE))
        codes[f"read {path}"] = see.format(text, look + "; return 'refused' if not r else 'done'")
    for path in UNWRITABLE:
        codes[f"write {path}"] = see.format(path.replace("{1}", folder), "open(path, 'ab').close()")
    one = [{"name": "f", "args": [1]}]
    jobs = [{"code": code, "earlier": [], "setup": "", "calls": one} for code in codes.values()]
    for name, run in zip(codes, box.run(jobs), strict=True):
        if [call.value for call in run.calls] != ["refused"]:
            wrong[name] = (run.end, run.error, [(call.value, call.error) for call in run.calls])
    box.close()
    verdicts = answers(how, [f"{code}\ndef f(x): return 2" for code in NEIGHBORS.values()])
    for name, verdict in zip(["before", *NEIGHBORS, "after"], verdicts, strict=True):
        if verdict.correct is not (name in ("before", "after")):
            wrong[name] = verdict.path
    for name, verdict in zip(["before", *SAME, "after"], answers(how, list(SAME.values())), strict=True):
        if not verdict.correct:
            wrong[f"same: {name}"] = verdict.path
    print(json.dumps({"wrong": wrong, "left": os.listdir(tempfile.gettempdir())}))


@pytest.fixture(scope="module")
def readable():
    """The source and a secret where any user may read them."""
    folder = Path("/var/tmp") / f"sandbox-attacks-{os.getpid()}"
    shutil.copytree(SOURCE / "reward_memory", folder / "reward_memory")
    shutil.copy(__file__, folder / "attacks.py")
    (folder / "secret").write_text("42")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def run_trial(folder, how, user):
    code = f"import os, sys; os.setgroups([]); os.setgid({user}); os.setuid({user})\n" if user else "import sys\n"
    code += f"sys.path.insert(0, {str(folder)!r}); import attacks; attacks.trial({str(folder)!r}, {how!r})"
    packages = [path for path in sys.path if path.endswith("-packages")]
    temporary = folder / f"temporary-{how}-{user}"  # other tests leave files in the system's while this one runs
    temporary.mkdir()
    temporary.chmod(0o777)
    own = {"PYTHONPATH": os.pathsep.join(packages), "HOME": "/", "SECRET": "42", "TMPDIR": str(temporary)}
    line = [interpreter(user), "-c", code]
    done = subprocess.run(line, capture_output=True, text=True, env=os.environ | own, cwd="/", timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def interpreter(user):
    """This Python, or the system's of the same version where another user cannot run this one."""
    if not user or isolation.confine.others_can_read(os.__file__):
        return sys.executable
    other = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin")
    return other or pytest.skip("there is no Python of this version that another user can run")


@pytest.mark.slow
@needs_landlock
@pytest.mark.parametrize("user", [0, 4321], ids=["root", "user"])
@pytest.mark.parametrize("how", ISOLATIONS)
def test_nothing_is_reached_and_neighbors_keep_their_verdicts(readable, how, user):
    if os.geteuid() != 0 and user:
        pytest.skip("only root can become another user; this is the same trial as the other")
    found = run_trial(readable, how, user)
    assert found == {"wrong": {}, "left": []}
    assert (readable / "secret").read_text() == "42"
    assert not (readable / "owned").exists()


def test_programs_that_end_the_runner_do_not_take_others_with_them():
    """The runner is killed from outside while programs run: each is tried again, alone."""
    with Grader(isolation="reduced", workers=2) as grader:
        assert grader.grade([RIGHT], [TRUTH])[0].correct
        first = grader.sandbox.pool.life
        slow = "```python\nimport time\ntime.sleep(0.5)\ndef f(x): return x + 1\n```"
        threading.Timer(0.3, first.process.kill).start()
        verdicts = grader.grade([slow] * 6, [TRUTH] * 6)
    assert [verdict.correct for verdict in verdicts] == [True] * 6, verdicts
    assert not first.alive


@pytest.mark.parametrize(
    ("version", "user", "reads", "words"),
    [
        (0, 1000, False, "read the memory of this user's programs, expected values included"),
        (0, 0, False, "read the memory of this user's programs, expected values included"),
        (0, 0, True, "read every file that all users of this machine may read"),
        (1, 1000, False, "kept to a folder of its own by Landlock"),
    ],
)
def test_the_warning_says_what_is_left_open(monkeypatch, version, user, reads, words):
    monkeypatch.setattr(isolation.os, "geteuid", lambda: user)
    monkeypatch.setattr(isolation.confine, "others_can_read", lambda path: reads)
    assert words in isolation.exposure(version)


def test_without_landlock_programs_still_run_and_the_warning_says_so(monkeypatch, capfd):
    monkeypatch.setattr(sandbox, "bubblewrap_fault", lambda: "is not installed")
    monkeypatch.setattr(landlock, "version", lambda: 0)
    sandbox._warn.cache_clear()
    assert [verdict.correct for verdict in answers("reduced", [])] == [True, True]
    assert "This kernel has no Landlock" in capfd.readouterr().err


def test_an_unknown_processor_is_refused(monkeypatch):
    monkeypatch.setattr(isolation.platform, "machine", lambda: "riscv64")
    with pytest.raises(sandbox.InputError, match="no system call filter for riscv64"):
        answers("reduced", [])


def test_reduced_isolation_that_cannot_be_had_is_refused(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap_fault", lambda: "is not installed")
    monkeypatch.setattr(sandbox, "reduced_fault", lambda version: "no seccomp")
    with pytest.raises(sandbox.InputError, match=r"reduced isolation does not work on this machine \(no seccomp\)"):
        answers("reduced", [])


@pytest.mark.parametrize("machine", calls.ARCHITECTURE)
def test_the_filter_fits_the_kernel_and_every_jump_lands_in_it(machine):
    program = calls.call_filter(machine)
    steps = [program[place : place + 8] for place in range(0, len(program), 8)]
    assert len(steps) < 4096
    for place, step in enumerate(steps):
        assert step[2] + place + 1 < len(steps) or step[0] == calls.RETURN
        assert step[3] + place + 1 < len(steps) or step[0] == calls.RETURN


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 7])
@needs_landlock
def test_rules_of_every_version_are_accepted(version, tmp_path):
    if version > landlock.version():
        pytest.skip("this kernel's Landlock is older")
    rules = landlock.Rules(version)
    rules.allow(tmp_path, landlock.handled(version))
    rules.allow("/dev/null", landlock.OF_FILES)
    rules.allow("/does/not/exist", landlock.READ)
    os.close(rules.descriptor)


def test_a_folder_of_any_shape_is_removed(tmp_path):
    folder, here = tmp_path / "full", os.getcwd()
    (folder / "wide").mkdir(parents=True)
    (tmp_path / "removed").mkdir()
    (tmp_path / "outside").write_text("x")
    for number in range(500):
        (folder / "wide" / str(number)).mkdir()
    os.symlink(tmp_path / "outside", folder / "link")
    os.mkfifo(folder / "pipe")
    try:
        os.chdir(folder)
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    full = folders.is_full(str(folder), 4096, 1 << 30)
    wide = [folders.is_full(str(folder / "wide"), most, 1 << 30) for most in (499, 500)]
    start = time.monotonic()
    folders.Removal(str(tmp_path / "removed")).remove(str(folder))
    assert (full, wide) == (True, [True, False])
    assert not folder.exists()
    assert os.listdir(tmp_path / "removed") == []
    assert (tmp_path / "outside").read_text() == "x"
    assert time.monotonic() - start < 10
