"""The warm process of the sandbox: forks, confines, feeds and ends one child a candidate.

Frames on standard input and output: 4 bytes length, 4 bytes length of the JSON header, header, payload. The first
frame out has the id null: ready. An empty frame in asks to end.
In:  {"id", "timeout"} and the job, which only the child reads. Out: {"id", "end", "seconds"} and the child's lines.
The job: {"code", "earlier", "setup", "calls": [...]} where a call is {"name", "args"} or {"expression"}. The child's
lines: ["load", "" or the error] and then one [index, "value", encoded value] or [index, "raised", error] a call.
No expected value ever comes here. `end` is "ended", "timeout" or "output" (too much of it).
"""

import contextlib
import gc
import importlib
import json
import os
import platform
import random
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import types

import assemble
import confine
import values

# loaded once, here, because candidates import them most often
COMMON = ("bisect", "cmath", "collections", "copy", "datetime", "decimal", "fractions", "functools", "hashlib", "heapq")
COMMON += ("itertools", "math", "operator", "re", "statistics", "string", "typing")
OUTPUT_BYTES = 32 << 20
WORK_FOLDER = "/work"
FRESH_SECONDS = 0.3  # a candidate older than this makes room for the next one and runs at a lower priority
PATIENCE = 30  # a candidate that gets less of a core than one in so many is given up
READ_BYTES = 1 << 18
RESULTS = 3  # the descriptor that a child writes its lines to, the only one it has


class Candidate:
    """One running child: what it has written and how long it has had."""

    def __init__(self, job_id, pid, pipe, timeout, folder):
        self.id, self.pid, self.pipe, self.timeout, self.folder = job_id, pid, pipe, timeout, folder
        self.start = time.monotonic()
        self.lines, self.size, self.slow = [], 0, False

    def overdue(self, now):
        """Whether it had its time. A wait for a core is not the candidate's: on a busy machine the same programs pass
        as on an idle one, up to the point where nothing moves any more.
        """
        age = now - self.start
        return age >= self.timeout and (self.had(now) >= self.timeout or age >= PATIENCE * self.timeout)

    def had(self, now):
        """Seconds since the start without those in which it was ready to run and had no core."""
        return now - self.start - waited(self.pid)


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
        self.packages = settings["packages"]
        self.namespaces = confine.ProcessNamespaces() if self.isolated else None
        self.to_nobody = not self.isolated and os.geteuid() == 0 and confine.nobody_can_run()
        self.filter = confine.call_filter(platform.machine())
        self.running, self.waiting, self.pipes = {}, [], select.poll()
        self.out = os.fdopen(os.dup(1), "wb")
        if not self.isolated:
            confine.libc.prctl(36, 1, 0, 0, 0)  # orphans of candidates become children of this process

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
                if candidate.overdue(now):
                    self._finish(candidate, "timeout")
                elif not candidate.slow and now - candidate.start > FRESH_SECONDS:
                    candidate.slow = True
                    with contextlib.suppress(OSError):
                        os.setpriority(os.PRIO_PROCESS, candidate.pid, 10)
        for candidate in list(self.running.values()):
            self._finish(candidate, None)

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
        folder = WORK_FOLDER if self.isolated else tempfile.mkdtemp(prefix="candidate-")
        reading, writing = os.pipe()
        if self.isolated:
            self.namespaces.renew()
        pid = os.fork()
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

    def _confine(self, writing, folder, timeout):
        """In the child: nothing of the candidate runs before the last of these has succeeded."""
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.dup2(writing, RESULTS)
        os.closerange(RESULTS + 1, 1 << 16)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="utf-8") as stream:
            stream.write("1000")
        if self.isolated:
            confine.mount_private_folders(folder, megabytes=32)
        elif self.to_nobody:
            os.chown(folder, confine.NOBODY, confine.NOBODY)
        os.chdir(folder)
        confine.limit_resources(self.memory, int(timeout) + 2, file_bytes=16 << 20)
        confine.drop_privileges(self.to_nobody)
        if self.filter is not None:
            confine.refuse_calls(self.filter)
        sys.path.extend(self.packages)

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
        # its namespace dies with it; without one, its group, and then whatever escaped from the group
        with contextlib.suppress(ProcessLookupError):
            os.kill(candidate.pid, signal.SIGKILL)
        if not self.isolated:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(candidate.pid, signal.SIGKILL)
        os.waitpid(candidate.pid, 0)
        if not self.isolated:
            self._end_orphans()
            shutil.rmtree(candidate.folder, ignore_errors=True)
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

    def _end_orphans(self):
        """Kill adopted children until none is left; each may have had children of its own."""
        known = {candidate.pid for candidate in self.running.values()}
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="utf-8") as stream:
                orphans = {int(pid) for pid in stream.read().split()} - known
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def run_job(job, descriptor):
    """In the child: execute the code, make the calls, write one line each."""
    job = json.loads(job)
    sys.path.pop(0)  # the folder of this file
    # prepared before the candidate's code runs; a call never sees what an earlier one did to its arguments
    calls = [_prepare(call) for call in job["calls"]]
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    for name in ("assemble", "confine", "values", "runner", "__main__"):
        sys.modules.pop(name, None)
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
    for index, call in enumerate(calls):
        try:
            line = f'[{index}, "value", {values.compact(values.encode(call(module.__dict__)))}]'
        except BaseException as raised:
            line = json.dumps([index, "raised", _describe(raised)])
        _write(descriptor, line)


def _prepare(call):
    if "expression" in call:
        code = compile(call["expression"], "tests.py", "eval")
        return lambda names: eval(code, names)
    arguments = values.decode(call["args"])
    return lambda names: names[call["name"]](*arguments)


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
