"""Helpers for processes, so that none outlives the one that started it."""

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
#: In bytes: glibc allocates and returns blocks from this size one by one; free memory that a process keeps.
BLOCK, KEPT = 64 << 20, 512 << 20


def die_with_parent(parent: int) -> None:
    """Make the kernel kill this process when `parent` ends; exit at once if it already has. Linux only."""
    ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_freed_memory() -> None:
    """Make this process and its forks reuse freed memory instead of returning it to the system. Linux only.

    glibc returns a tensor's memory as soon as it is freed. Fresh pages for the next tensor take a fifth of a small
    policy's compute time on a CPU (perf/main.md). Results do not depend on this.
    """
    libc = ctypes.CDLL("libc.so.6")
    for name, value in ((_M_MMAP_THRESHOLD, BLOCK), (_M_TRIM_THRESHOLD, KEPT), (_M_ARENA_MAX, 1)):
        libc.mallopt(name, value)


def end(process: subprocess.Popen, grace: float) -> None:
    """End a process with SIGTERM, on which it ends its children; kill it if it still runs after `grace` seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def born(pid: int) -> float | None:
    """Start time of a process (Unix time), None if it has ended. With its PID this identifies it for good."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.create_time()
    return None


def kill_marked(variable: str, value: str) -> None:
    """Kill this user's other processes that have `variable` set to `value`, and wait until they are gone."""
    deadline = time.monotonic() + VANISH
    while (processes := _marked(variable, value)) and time.monotonic() < deadline:
        for process in processes:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=0.5)  # then look again: one of them may have started another


def _marked(variable: str, value: str) -> list[psutil.Process]:
    processes = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.uids().real == os.getuid() and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE and process.environ().get(variable) == value:
                processes.append(process)
    return processes
