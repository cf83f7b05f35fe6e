"""Running a policy's code where it can do no harm, and bringing its return values back as plain data.

Full isolation is bubblewrap: one warm container without network, home, checkout or secrets, and in it, for every
candidate, a process namespace, a mount namespace with an empty folder, resource limits, no capabilities and a system
call filter. Reduced isolation keeps what needs no namespaces: limits, the same filter, an empty folder outside of which
Landlock lets nothing be opened but the libraries, a scrubbed environment, and a user of its own for each candidate
where the caller is root and the interpreter is not kept from other users.
"""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from reward_memory.errors import InputError

from ..pool import WarmPool
from .inside import landlock
from .isolation import ENVIRONMENT, architecture_fault, bubblewrap_fault, command, exposure, reduced_fault
from .replies import Call, Run, Values, read

__all__ = ["Call", "Run", "Sandbox", "Values", "bubblewrap_fault"]

ISOLATIONS = ("bubblewrap", "reduced")
FIX = "install the package bubblewrap, or set `sandbox: reduced` in the config to run code with less isolation"
Judged = TypeVar("Judged")


class Sandbox:
    """A warm pool of confined processes, started on the first job; safe from any thread.

    isolation  "bubblewrap" or "reduced" (bubblewrap where it works)
    workers    candidates that start at a time; those older than 0.3 s make room for others at a lower priority
    timeout    seconds for a candidate with all its calls, those not counted in which it waits for a core
    memory     bytes of address space a process
    """

    def __init__(self, isolation: str, workers: int, timeout: float, memory: int = 1 << 30):
        if isolation not in ISOLATIONS:
            raise InputError(f"sandbox: {isolation!r} is not one of {', '.join(ISOLATIONS)}.")
        self.isolation, self.workers, self.timeout, self.memory = isolation, workers, timeout, memory
        self.pool = WarmPool("the sandbox", self._command, ENVIRONMENT, in_flight=16 + 8 * workers)

    def run(self, jobs: list[dict], judges: Sequence[Callable[[Run], Judged]] | None = None) -> list[Judged]:
        """What the judges make of each candidate's Run, by default the Run itself, in the order of the jobs.

        A job is {"code", "earlier", "setup", "calls"} as in inside/runner.py, and may name a longer "timeout" in
        seconds. Each candidate is judged as soon as it ended, so that the replies of thousands never lie in memory.

        InputError if the isolation that is asked for cannot be had.
        """

        def judge(place, reply):
            run = read(reply, len(jobs[place]["calls"]))
            return run if judges is None else judges[place](run)

        timeouts = [max(self.timeout, job.get("timeout", 0.0)) for job in jobs]
        timed = zip(timeouts, jobs, strict=True)
        sent = [({"timeout": timeout}, functools.partial(_payload, job)) for timeout, job in timed]
        return self.pool.run(sent, judge)

    def _command(self) -> list[str]:
        if fault := architecture_fault():
            raise InputError(f"sandbox: {fault}; grade code on such a machine.")
        if not (fault := bubblewrap_fault()):
            return command(True, self.workers, self.memory)
        if self.isolation == "bubblewrap":
            raise InputError(f"sandbox: bubblewrap {fault}; {FIX}.")
        version = landlock.version()
        if reduced := reduced_fault(version):
            raise InputError(f"sandbox: reduced isolation does not work on this machine ({reduced}).")
        _warn(fault, exposure(version))
        return command(False, self.workers, self.memory, version)

    def close(self) -> None:
        self.pool.close()


def _payload(job: dict) -> bytes:
    return json.dumps(job).encode()


@functools.cache
def _warn(fault: str, left_open: str) -> None:
    print(
        f"WARNING: sandbox: bubblewrap {fault}. Code written by the policy runs with REDUCED ISOLATION. {left_open}",
        file=sys.stderr,
        flush=True,
    )
