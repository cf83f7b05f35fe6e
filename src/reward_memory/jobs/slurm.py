"""Jobs that a killed Snakemake call left with SLURM.

A call that is interrupted cancels its jobs; one that is killed cannot. Its jobs run on, and the next call would submit
the same work beside them, into the same files.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from reward_memory.errors import InputError

#: How the names of our jobs begin: `slurm-jobname-prefix` of profiles/slurm.
PREFIX = "reward-memory_"
#: Seconds that SLURM gets to end them (its own KillWait, before it kills, is 30 s as a rule).
PATIENCE = 180.0


def cancel(folder: Path) -> list[str]:
    """Cancel the workflow's jobs that were submitted from `folder`, wait until they have ended, return their numbers.

    Snakemake locks its folder, so whoever holds the lock may do this: no living call owns them. Nothing happens where
    there is no SLURM. InputError if the jobs do not end.
    """
    if shutil.which("squeue") is None or not (found := jobs(folder)):
        return []
    print(f"canceling {len(found)} jobs that an earlier call left with SLURM: {' '.join(found)}", file=sys.stderr)
    subprocess.run(["scancel", *found], check=False)
    deadline = time.monotonic() + PATIENCE
    while left := jobs(folder):
        if time.monotonic() > deadline:
            raise InputError(f"SLURM does not end the jobs {' '.join(left)} of an earlier call; see `squeue --me`.")
        time.sleep(1)
    return found


def jobs(folder: Path) -> list[str]:
    """Numbers of the waiting and running jobs that were submitted from `folder`, the one around this process aside."""
    asked = ["squeue", "--me", "--noheader", "--format=%i|%j|%Z"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, encoding="utf-8")
    rows = [line.split("|", 2) for line in done.stdout.splitlines()]
    return [
        number
        for number, name, where in rows
        if name.startswith(PREFIX)
        and os.path.realpath(where) == os.path.realpath(folder)
        and number != os.environ.get("SLURM_JOB_ID")
    ]
