"""SLURM jobs that a killed Snakemake call left behind.

An interrupted call cancels its jobs; a killed one cannot. Its jobs keep running, and the next call would submit the
same jobs again, which write to the same files.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from reward_memory.errors import InputError

#: Prefix of our jobs' names: `slurm-jobname-prefix` of profiles/slurm.
PREFIX = "reward-memory_"
#: Seconds that SLURM gets to end them (its KillWait, the delay before SIGKILL, is usually 30 s).
PATIENCE = 180.0


def cancel(folder: Path) -> list[str]:
    """Cancel the workflow's jobs that were submitted from `folder`, wait until they have ended, return their IDs.

    The caller must hold Snakemake's lock of the folder, so that no running call owns these jobs. Does nothing without
    SLURM. InputError if the jobs do not end.
    """
    if shutil.which("squeue") is None or not (orphans := jobs(folder)):
        return []
    print(f"canceling {len(orphans)} jobs that an earlier call left in SLURM: {' '.join(orphans)}", file=sys.stderr)
    subprocess.run(["scancel", *orphans], check=False)
    deadline = time.monotonic() + PATIENCE
    while left := jobs(folder):
        if time.monotonic() > deadline:
            raise InputError(f"SLURM did not cancel the jobs {' '.join(left)} of an earlier call; see `squeue --me`.")
        time.sleep(1)
    return orphans


def jobs(folder: Path) -> list[str]:
    """IDs of the pending and running jobs that were submitted from `folder`, without the one that runs this process."""
    command = ["squeue", "--me", "--noheader", "--format=%i|%j|%Z"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    rows = [line.split("|", 2) for line in done.stdout.splitlines()]
    return [
        number
        for number, name, where in rows
        if name.startswith(PREFIX)
        and os.path.realpath(where) == os.path.realpath(folder)
        and number != os.environ.get("SLURM_JOB_ID")
    ]
