"""The warm process of the sandbox: forks, confines, feeds and ends one child a candidate.

Frames on standard input and output: 4 bytes length, 4 bytes length of the JSON header, header, payload. The first
frame out has the id null: ready. An empty frame in asks to end.
In:  {"id", "timeout"} and the job, which only the child reads. Out: {"id", "end", "seconds"} and the child's lines.
The job: {"code", "earlier", "setup", "calls": [...]} where a call is {"name", "args"} or {"expression", "through"}.
The child's lines: ["load", "" or the error] and then one [index, "value", encoded value] or [index, "raised", error] a
call.
No expected value ever comes here. `end` is "ended", "timeout", "output" (too much of it, of files or of threads) or
"lost" (could not be started).
"""

import contextlib
import gc
import importlib
import itertools
import json
import os
import platform
import random
import select
import signal
import struct
import sys
import tempfile
import time
import types

import assemble
import calls
import confine
import folders
import landlock
import values

# loaded once, here, because candidates import them most often
COMMON = ("bisect", "cmath", "collections", "copy", "datetime", "decimal", "fractions", "functools", "hashlib", "heapq")
COMMON += ("itertools", "math", "operator", "re", "statistics", "string", "typing")
OUTPUT_BYTES = 8 << 20  # of a candidate's lines
FILE_BYTES, FILES = 32 << 20, 4096  # of a candidate's folder
THREADS = 64
WORK_FOLDER = "/work"
WATCH_SECONDS = 0.1  # between two looks at what a candidate uses
FRESH_SECONDS = 0.3  # a candidate older than this makes room for the next one and runs at a lower priority
PATIENCE = 30  # a candidate that gets less of a core than one in so many is given up
IDLE = 4  # a candidate that sleeps or waits for a disk has so many times its seconds
TICKS = os.sysconf("SC_CLK_TCK")
READ_BYTES = 1 << 18
RESULTS = 3  # the descriptor that a child writes its lines to, the only one it has


class Candidate:
    """One running child: what it has written and how long it has had."""

    def __init__(self, job_id, pid, pipe, timeout, folder):
        self.id, self.pid, self.pipe, self.timeout, self.folder = job_id, pid, pipe, timeout, folder
        self.start = self.looked = time.monotonic()
        self.lines, self.size, self.slow = [], 0, False

    def overdue(self, now):
        """Whether it had its time of a processor, or slept for longer. Neither a wait for a core nor one for memory or
        a disk is the candidate's: on a busy machine the same programs pass as on an idle one, up to the point where
        nothing moves any more.
        """
        age = now - self.start
        if age < self.timeout:
            return False
        return (
            computed(self.pid) >= self.timeout or self.had(now) >= IDLE * self.timeout or age >= PATIENCE * self.timeout
        )

    def had(self, now):
        """Seconds since the start without those in which it was ready to run and had no core."""
        return max(0.0, now - self.start - waited(self.pid))


def status_of(pid):
    """The fields of a process's /proc/PID/stat from the third on; none where the kernel does not say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()
    except OSError:
        return []


def threads_of(pid):
    """Threads of a process; 0 where the kernel does not say."""
    fields = status_of(pid)
    return int(fields[17]) if len(fields) > 17 else 0


def computed(pid):
    """Processor seconds of a process with all its threads; 0 where the kernel does not say."""
    fields = status_of(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else 0.0


def waited(pid):
    """Seconds that a process was ready to run and had no core; 0 where the kernel does not say."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="utf-8") as stream:
            return int(stream.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Runner:
    def __init__(self, settings):
        self.isolated = settings["isolated"]
        self.workers = settings["workers"]
        self.most = settings["workers"] + settings["slow"]
        self.memory = settings["memory"]
        self.namespaces = confine.ProcessNamespaces() if self.isolated else None
        self.filter = calls.call_filter(platform.machine())
        self.running, self.waiting, self.pipes = {}, [], select.poll()
        self.out = os.fdopen(os.dup(1), "wb")
        if self.isolated:
            self.packages = ["/packages"]
        else:
            self._prepare_reduced(settings)

    def _prepare_reduced(self, settings):
        confine.keep_from_others(True)
        self.home = tempfile.mkdtemp(prefix="reward-memory-sandbox-")
        os.chmod(self.home, 0o711)  # other users pass through, and list nothing
        os.mkdir(f"{self.home}/removed", 0o700)
        self.removal, self.numbers = folders.Removal(f"{self.home}/removed"), itertools.count()
        self.packages = [f"{self.home}/packages"]
        os.mkdir(self.packages[0], 0o755)
        for path in settings["packages"]:
            os.symlink(path, f"{self.packages[0]}/{os.path.basename(path)}")
        # another user cannot use an interpreter in the home of root; Landlock then does without one
        self.strangers = confine.strangers()
        needed = [os.__file__] + [f"{path}/__init__.py" for path in settings["packages"][:1]]
        if not all(map(confine.others_can_read, needed[: 2 if settings["landlock"] else 1])):
            self.strangers = None
        self.landlock, self.readable = settings["landlock"], [*settings["readable"], self.packages[0]]
        if self.landlock:
            self.rules = landlock.Rules(self.landlock)
            for path in self.readable:
                for part in landlock.without(path, settings["hidden"]):
                    self.rules.allow(part, landlock.READ)
            self.rules.allow(self.home, landlock.handled(self.landlock))
            self._allow_devices(self.rules)

    def _allow_devices(self, rules):
        for name in ("null", "zero", "random", "urandom"):
            rules.allow(f"/dev/{name}", landlock.OF_FILES)

    def serve(self):
        """Until standard input ends: then the caller is gone or done."""
        source, pending, open_input = sys.stdin.fileno(), bytearray(), True
        os.set_blocking(source, False)
        self.pipes.register(source, select.POLLIN)
        for name in COMMON:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()
        self._report(None, "ready", 0.0, b"")
        while open_input:
            self._start_waiting()
            for descriptor, _ in self.pipes.poll(100 if self.running else None):
                if descriptor == source:
                    open_input = self._receive(source, pending)
                elif descriptor in self.running:
                    self._collect(self.running[descriptor])
            now = time.monotonic()
            for candidate in list(self.running.values()):
                self._look_at(candidate, now)
        for candidate in list(self.running.values()):
            self._finish(candidate, None)
        if not self.isolated:
            self.removal.remove(self.home)
            for folder in (f"{self.home}/removed", self.home):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)

    def _look_at(self, candidate, now):
        if candidate.overdue(now):
            self._finish(candidate, "timeout")
            return
        if now - candidate.looked > WATCH_SECONDS:
            candidate.looked = now
            if threads_of(candidate.pid) > THREADS or self._fills_its_folder(candidate):
                self._finish(candidate, "output")
                return
        if not candidate.slow and now - candidate.start > FRESH_SECONDS:
            candidate.slow = True
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, candidate.pid, 10)

    def _fills_its_folder(self, candidate):
        """In full isolation the folder has a size of its own."""
        return not self.isolated and folders.is_full(candidate.folder, FILES, FILE_BYTES)

    def _receive(self, source, pending):
        """Read what is there; False at the end of the input."""
        while True:
            try:
                block = os.read(source, READ_BYTES)
            except BlockingIOError:
                return True
            if not block:
                return False
            pending += block
            while len(pending) >= 4 and len(pending) >= 4 + (length := int.from_bytes(pending[:4], "big")):
                if length == 0:
                    return False
                self.waiting.append(bytes(pending[4 : 4 + length]))
                del pending[: 4 + length]

    def _start_waiting(self):
        while self.waiting and len(self.running) < self.most:
            if sum(not candidate.slow for candidate in self.running.values()) >= self.workers:
                return
            self._start(self.waiting.pop(0))

    def _start(self, frame):
        length = int.from_bytes(frame[:4], "big")
        header, job = json.loads(frame[4 : 4 + length]), frame[4 + length :]
        try:
            folder = self._folder()
            reading, writing = os.pipe()
            if self.isolated:
                self.namespaces.renew()
            pid = os.fork()
        except OSError:  # no room on the disk, for descriptors or for processes: no fault of this candidate
            self._report(header["id"], "lost", 0.0, b"")
            return
        if pid == 0:
            try:
                self._confine(writing, folder, header["timeout"])
                run_job(job, RESULTS)
            except BaseException as raised:
                _write(RESULTS, json.dumps(["wall", _describe(raised)]))
            finally:
                os._exit(0)
        os.close(writing)
        os.set_blocking(reading, False)
        self.pipes.register(reading, select.POLLIN)
        self.running[reading] = Candidate(header["id"], pid, reading, header["timeout"], folder)

    def _folder(self):
        if self.isolated:
            return WORK_FOLDER
        folder = f"{self.home}/{next(self.numbers)}"
        os.mkdir(folder, 0o700)
        return folder

    def _confine(self, writing, folder, timeout):
        """In the child: nothing of the candidate runs before the last of these has succeeded."""
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.dup2(writing, RESULTS)
        confine.keep_from_others(False)  # the next file belongs to root otherwise
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="utf-8") as stream:
            stream.write("1000")
        confine.keep_from_others(True)
        user, processes = None, 4096  # one user for all candidates, so each is watched instead
        if self.isolated:
            confine.mount_private_folders(folder, megabytes=FILE_BYTES >> 20)
        elif self.strangers is not None:
            own = self.strangers != confine.NOBODY
            user, processes = self.strangers + os.getpid() % confine.MANY * own, THREADS if own else 4096
            os.chown(folder, user, user)
        else:
            processes = None  # this user's other programs count as well
        if not self.isolated:  # bubblewrap puts the folder at /tmp
            tempfile.tempdir = os.environ["TMPDIR"] = folder
        os.chdir(folder)
        confine.limit_resources(self.memory, int(timeout) + 2, 16 << 20, processes)
        confine.drop_privileges(user)
        if not self.isolated and self.landlock:
            self._give_up_files(folder)
        os.closerange(RESULTS + 1, 1 << 16)
        calls.refuse_calls(self.filter)
        sys.path.extend(self.packages)

    def _give_up_files(self, folder):
        """Two layers: the first, made once, leaves parts of the libraries and all folders of candidates; the second
        leaves one of these folders.
        """
        own = landlock.Rules(self.landlock)
        for path in self.readable:
            own.allow(path, landlock.READ)
        own.allow(folder, landlock.handled(self.landlock))
        self._allow_devices(own)
        self.rules.restrict()
        own.restrict()

    def _collect(self, candidate):
        try:
            block = os.read(candidate.pipe, READ_BYTES)
        except BlockingIOError:
            return
        candidate.lines.append(block)
        candidate.size += len(block)
        if not block:
            self._finish(candidate, "ended")
        elif candidate.size > OUTPUT_BYTES:
            self._finish(candidate, "output")

    def _finish(self, candidate, end):
        """Kill, reap, tidy, report; `end` None means that nobody is left to report to."""
        seconds = candidate.had(time.monotonic())
        self.pipes.unregister(candidate.pipe)
        del self.running[candidate.pipe]
        # its threads die with it, and it can have no children
        with contextlib.suppress(ProcessLookupError):
            os.kill(candidate.pid, signal.SIGKILL)
        os.waitpid(candidate.pid, 0)
        if not self.isolated:
            self.removal.remove(candidate.folder)
        if end == "timeout":
            self._drain(candidate)
        os.close(candidate.pipe)
        if end is not None:
            self._report(candidate.id, end, seconds, b"".join(candidate.lines) if end != "output" else b"")

    def _report(self, job_id, end, seconds, payload):
        header = json.dumps({"id": job_id, "end": end, "seconds": seconds}).encode()
        body = struct.pack(">I", len(header)) + header + payload
        self.out.write(struct.pack(">I", len(body)) + body)
        self.out.flush()

    def _drain(self, candidate):
        with contextlib.suppress(BlockingIOError):
            while candidate.size < OUTPUT_BYTES and (block := os.read(candidate.pipe, READ_BYTES)):
                candidate.lines.append(block)
                candidate.size += len(block)


def run_job(job, descriptor):
    """In the child: execute the code, make the calls, write one line each."""
    job = json.loads(job)
    sys.path.pop(0)  # the folder of this file
    # prepared before the candidate's code runs; a call never sees what an earlier one did to its arguments
    steps = [_prepare(call) for call in job["calls"]]
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    for name in ("assemble", "calls", "confine", "folders", "landlock", "values", "runner", "__main__"):
        sys.modules.pop(name, None)
    sys.modules["__main__"] = module  # where doctest.testmod() looks
    random.seed(0)
    error = ""
    try:
        code = assemble.assemble(job["code"], job["earlier"])
        exec(compile(code, "solution.py", "exec"), module.__dict__)
        if job["setup"]:
            exec(compile(job["setup"], "tests.py", "exec"), module.__dict__)
    except BaseException as raised:
        error = _describe(raised)
    _write(descriptor, json.dumps(["load", error]))
    if error:
        return
    for index, call in enumerate(steps):
        try:
            line = f'[{index}, "value", {values.cross(*call(module.__dict__))}]'
        except BaseException as raised:
            line = json.dumps([index, "raised", _describe(raised)])
        _write(descriptor, line)


def _prepare(call):
    """From the names of the program to (value, functions that may reduce it, see values.cross)."""
    if "expression" in call:
        code, through = compile(call["expression"], "tests.py", "eval"), call.get("through", ())
        return lambda names: (eval(code, names), through)
    arguments = values.decode(call["args"])
    return lambda names: (names[call["name"]](*arguments),)


def _describe(raised):
    try:
        return f"{type(raised).__name__}: {raised}"[:200]
    except BaseException:
        return "an error that cannot be printed"


def _write(descriptor, line):
    block = memoryview(line.encode() + b"\n")
    while block:
        block = block[os.write(descriptor, block) :]


if __name__ == "__main__":
    Runner(json.loads(sys.argv[1])).serve()
