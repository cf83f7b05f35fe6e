"""No process outlives the one that started it."""

import ctypes
import os
import signal
import subprocess
import time
from contextlib import suppress

import psutil

_PR_SET_PDEATHSIG = 1
#: Seconds that killed processes get to disappear.
VANISH = 10.0
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
#: Bytes of a block from which on the system gives and takes it, and of free memory that a process keeps.
BLOCK, KEPT = 64 << 20, 512 << 20


def die_with_parent(parent: int) -> None:
    """Have this process killed when `parent` ends; at once if it has ended before. Linux only."""
    ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_freed_memory() -> None:
    """Have this process, and those that it forks, use freed memory again instead of handing it back. Linux only.

    glibc hands a tensor's memory back as soon as it is freed. Fresh pages for the next one are a fifth of the time that
    a small policy computes on a processor (perf/main.md). No number depends on this.
    """
    libc = ctypes.CDLL("libc.so.6")
    for name, value in ((_M_MMAP_THRESHOLD, BLOCK), (_M_TRIM_THRESHOLD, KEPT), (_M_ARENA_MAX, 1)):
        libc.mallopt(name, value)


def end(process: subprocess.Popen, grace: float) -> None:
    """End a process by SIGTERM, on which it ends its own; kill it if it is still there `grace` seconds later."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def born(pid: int) -> float | None:
    """When a process started (Unix time), None if it has ended. Together with its number this names it for good."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.create_time()
    return None


def kill_marked(variable: str, value: str) -> None:
    """Kill this user's processes that have `variable` set to `value`, this one aside, and wait until they are gone."""
    deadline = time.monotonic() + VANISH
    while (found := _marked(variable, value)) and time.monotonic() < deadline:
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=0.5)  # and look again: one of them may have started another


def _marked(variable: str, value: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.uids().real == os.getuid() and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE and process.environ().get(variable) == value:
                found.append(process)
    return found
