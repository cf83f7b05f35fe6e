"""A trainer that waits for a worker which has died: it is ended, so that the next attempt can resume."""

import re
import subprocess
import sys
import threading

from reward_memory.jobs.processes import end

#: What Ray says of a worker that died at work. verl starts none again.
DIED = re.compile(r"\(raylet[^)]*\).*A worker died or was killed while executing a task")
#: Seconds that the trainer then gets to notice it. Its transfer queue asks a dead storage unit for 13 minutes.
PATIENCE = 90.0


class DeadWorkers:
    """Reads a trainer's output and ends the trainer if it neither ends nor makes a step after a worker's death.

    ended  whether this object has ended it
    """

    def __init__(self, process: subprocess.Popen, grace: float):
        self.process, self.grace, self.ended = process, grace, False
        self._timer: threading.Timer | None = None

    def read(self, line: str, stepped: bool) -> None:
        """Take in one line of the output; `stepped` says that it tells of a new step."""
        if stepped:
            self.close()
        elif self._timer is None and DIED.search(line):
            self._timer = threading.Timer(PATIENCE, self._end)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self.ended = True
        told = f"training: one of its processes has died and the trainer still waits after {PATIENCE:.0f} s; ending it"
        print(told, file=sys.stderr, flush=True)
        end(self.process, self.grace)
