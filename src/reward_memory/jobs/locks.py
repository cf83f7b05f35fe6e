"""Locks, so that only one process makes a result.

A killed Snakemake call leaves its jobs running. The next call ends these orphans and resumes from their state, so no
job runs in parallel with its own orphan. A lock shows whether a job is running. It is an operating-system lock and ends
with the process that holds it, however that ends. Its file names that process.
"""

import fcntl
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import psutil

from .processes import born

#: Subfolder of the state folder.
FOLDER = "locks"
#: Seconds between attempts to take a held lock, and between messages about the wait.
POLL, REPORT = 0.5, 60.0
#: Seconds that an orphan gets to exit after a signal: a training run has to stop Ray.
GRACE = 60.0
#: Seconds between heartbeats of a holder, and seconds without one after which a holder on another machine counts as
#: dead. On this machine the operating system knows.
BEAT, STALE = 60.0, 900.0


@contextmanager
def exclusive(path: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the lock of a job. End an orphan that holds it; wait for a job of a running call.

    say  called with a message about an orphan, and once a minute during the wait
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, say) as file:
        if file is None:
            yield
            return
        file.truncate(0)
        file.seek(0)
        file.write(json.dumps(_this_process()))
        file.flush()
        ended = threading.Event()
        threading.Thread(target=_beat, args=(path, file.fileno(), ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            if _is(path, file):
                path.unlink()


def end_orphans(folder: Path, say: Callable[[str], None] = print) -> list[dict[str, Any]]:
    """End all jobs of dead calls that hold a lock in `folder`; return what their locks say."""
    orphans = []
    for path in sorted(folder.glob("*.lock")):
        with suppress(FileNotFoundError), path.open("r+", encoding="utf-8") as file:
            if _free(file) is False and (holder := _orphan(path)):
                say(f"ending process {holder['pid']}, which an earlier call left running for {path.stem}")
                _end(holder)
                orphans.append(holder)
    return orphans


@contextmanager
def _locked(path: Path, say: Callable[[str], None]) -> Iterator[TextIO | None]:
    """Yield the lock's open file, locked; None if the file system does not support locks."""
    waiting = _Wait(path, say)
    while True:
        with path.open("a+", encoding="utf-8") as file:
            # a forked child must not keep the lock
            os.register_at_fork(after_in_child=lambda file=file: _release(file))
            free = _free(file)
            if free is None:
                say(f"{path.parent} is on a file system without locks, so make sure that no other call runs there")
                yield None
                return
            if free and _is(path, file):  # not a file that its holder has just removed
                yield file
                return
            if not free and (holder := _orphan(path)):
                say(f"ending process {holder['pid']}, which an earlier call left running for this job")
                _end(holder)
            elif not free and waiting.sleep():
                path.unlink(missing_ok=True)


def _free(file: TextIO) -> bool | None:
    """Take the lock if nobody holds it, and return whether it was taken; None if there are no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is(path: Path, file: TextIO) -> bool:
    """Whether `path` still names the open file."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False


def _release(file: TextIO) -> None:
    with suppress(OSError, ValueError), open(os.devnull, encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), file.fileno())  # if it were closed, another file would get its descriptor


def _this_process() -> dict[str, Any]:
    """What a lock held by this process says about it."""
    call = _call()
    return {
        "machine": _machine(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "born": born(os.getpid()),
        "call": {"pid": call, "born": born(call)},
    }


def _machine() -> list[str]:
    """Where process IDs are unique: this boot of this machine, and the PID namespace."""
    return [
        Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip(),
        os.readlink("/proc/self/ns/pid"),
    ]


def _call() -> int:
    """PID of the Snakemake process that this one belongs to, or else of its parent."""
    for process in psutil.Process().parents():
        with suppress(psutil.Error):
            command = process.cmdline()
            names = [os.path.basename(part) for part in command]
            inner = "--mode" in command and command[command.index("--mode") + 1] == "subprocess"
            if "snakemake" in names and not inner:
                return process.pid
    return os.getppid()


def _holder(path: Path) -> dict[str, Any] | None:
    """What the lock says about its holder; None if there is no file, or the holder is writing it."""
    with suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads(path.read_text(encoding="utf-8"))
    return None


def _orphan(path: Path) -> dict[str, Any] | None:
    """The holder, if it is a live process of this machine whose call has ended."""
    holder = _holder(path)
    if holder is None or holder["machine"] != _machine() or not _lives(holder) or _lives(holder["call"]):
        return None
    return holder


def _lives(process: dict[str, Any]) -> bool:
    return process["born"] is not None and born(process["pid"]) == process["born"]


def _end(holder: dict[str, Any]) -> None:
    """End an orphan with SIGTERM, after GRACE seconds with SIGKILL, and wait until it is gone."""
    for number, seconds in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        deadline = time.monotonic() + seconds
        with suppress(ProcessLookupError):
            if _lives(holder):
                os.kill(holder["pid"], number)
        while _lives(holder) and time.monotonic() < deadline:
            time.sleep(0.05)


def _beat(path: Path, handle: int, ended: threading.Event) -> None:
    """Touch the file every BEAT seconds, as a heartbeat that other machines see."""
    while not ended.wait(BEAT):
        with suppress(OSError):
            os.utime(handle)


class _Wait:
    """Sleeps, reports what it waits for, and notices a holder on another machine without heartbeats."""

    def __init__(self, path: Path, say: Callable[[str], None]):
        self.path, self.say = path, say
        self.start = self.seen = time.monotonic()
        # no message at once: a process that was just killed still holds its lock for a moment
        self.next, self.beat = self.start + POLL / 2, None

    def sleep(self) -> bool:
        """Sleep briefly; return whether the holder counts as dead."""
        now, holder = time.monotonic(), _holder(self.path)
        with suppress(FileNotFoundError):
            beat = self.path.stat().st_mtime_ns
            if beat != self.beat:
                self.beat, self.seen = beat, now
        if now >= self.next:
            self.next = now + REPORT
            who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
            self.say(f"waiting for {who}, which runs the same job, {now - self.start:.0f} s elapsed")
        time.sleep(POLL)
        # measured with this machine's clock, not by the file's time: the clocks may differ
        return bool(holder) and holder["machine"] != _machine() and now - self.seen > STALE
