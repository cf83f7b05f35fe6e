"""Leases of complete GPUs, by file locks, for jobs that run in parallel on one machine.

SLURM gives every job its own devices. Snakemake on one machine only counts them (`resources: gpu`), so parallel jobs
have to agree on who uses which. A lease is an operating-system lock on a file: it ends with the process that holds
it, however that ends.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from reward_memory.errors import InputError

from .gpus import VISIBLE, visible

#: Seconds between attempts to lock devices, and between messages about the wait.
POLL, REPORT = 0.2, 60.0


@contextmanager
def lease(count: int, say: Callable[[str], None] = print) -> Iterator[list[str]]:
    """Hold `count` devices and set CUDA_VISIBLE_DEVICES to them; yield their names, none for a count of 0.

    say  called with a message when the job has to wait, then once a minute

    If SLURM has assigned exactly `count` devices, they are used without a lease. InputError if fewer than `count`
    devices are visible.
    """
    if not count:
        yield []
        return
    before = os.environ.get(VISIBLE)
    shown = visible()
    if len(shown) < count:
        raise InputError(
            f"resources: gpu: {count} devices are requested, but {len(shown)} are visible here; lower gpu, or run "
            "without a GPU with `--resources gpu=0`."
        )
    if len(shown) == count and _slurm_job():
        yield shown
        return
    with hold(pool(), shown, count, say) as mine:
        os.environ[VISIBLE] = ",".join(mine)
        try:
            yield mine
        finally:
            os.environ.pop(VISIBLE)
            if before is not None:
                os.environ[VISIBLE] = before


@contextmanager
def hold(folder: Path, names: list[str], count: int, say: Callable[[str], None] = print) -> Iterator[list[str]]:
    """Hold the locks of `count` of `names` in `folder`, all of them or none; wait until that many are free.

    Only one waiting job collects devices at a time, and a job that holds all it needs never waits. So jobs cannot
    deadlock, and a job for many devices is not overtaken by jobs for few.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting = _Wait(count, len(names), say)
    mine: dict[str, TextIO] = {}
    with ExitStack() as locks:
        with (folder / "collecting").open("w", encoding="utf-8") as turn:
            while not _locked(turn):
                waiting.sleep()
            while len(mine) < count:
                for name in names:
                    if name not in mine and len(mine) < count:
                        lock = (folder / f"{name.replace('/', '_')}.lock").open("w", encoding="utf-8")
                        if _locked(lock):
                            mine[name] = locks.enter_context(lock)
                        else:
                            lock.close()
                if len(mine) < count:
                    waiting.sleep()
        yield [name for name in names if name in mine]


def pool() -> Path:
    """Folder of the locks, local to the machine: one per user, or per SLURM job, which numbers its devices from 0."""
    owner = f"{os.getuid()}.{_slurm_job()}" if _slurm_job() else str(os.getuid())
    return Path(os.environ.get("REWARD_MEMORY_LEASES", tempfile.gettempdir())) / f"reward-memory-gpus.{owner}"


def _slurm_job() -> str | None:
    return os.environ.get("SLURM_JOB_ID")


def _locked(file: TextIO) -> bool:
    """Try to take the lock; return whether this process got it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Wait:
    """Sleeps, and reports from time to time what the job waits for."""

    def __init__(self, count: int, total: int, say: Callable[[str], None]):
        self.count, self.total, self.say = count, total, say
        self.start = time.monotonic()
        self.next = self.start

    def sleep(self) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + REPORT
            self.say(f"waiting for {self.count} of {self.total} GPUs, {now - self.start:.0f} s elapsed")
        time.sleep(POLL)
