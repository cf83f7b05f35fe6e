"""Starting and killing runs of the real trainer."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

CONFIG = ("--configfile", "config/test.yaml", "--cores", "2")


def kill_when(flow, target: str, reached: Callable[[], bool], config: tuple[str, ...] = CONFIG) -> None:
    """Run a target and kill its training job with SIGKILL as soon as `reached`; Snakemake reports and ends."""
    process = subprocess.Popen(
        flow.command(target, *config),
        cwd=flow.folder,
        env=flow.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while not reached():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the run never got so far"
        time.sleep(0.02)
    jobs = [child for child in psutil.Process(process.pid).children(recursive=True) if is_training(child)]
    assert jobs, "no training job is running"
    for child in jobs:
        child.kill()
    assert process.wait(120) == 1


def is_training(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(part.endswith("train_policy.py") for part in process.cmdline())
    return False
