"""End a trainer that waits for a dead worker, so that the next attempt can resume."""

import re
import subprocess
import sys
import threading

from reward_memory.jobs.processes import end

#: Ray's message when a worker dies during a task. verl does not restart it.
DIED = re.compile(r"\(raylet[^)]*\).*A worker died or was killed while executing a task")
#: Seconds that the trainer then has to notice it. Its transfer queue keeps trying a dead storage unit for 13 minutes.
PATIENCE = 90.0


class DeadWorkers:
    """Read a trainer's output, and end the trainer if it neither exits nor makes a step after a worker's death.

    ended  whether this object has ended the trainer
    """

    def __init__(self, process: subprocess.Popen, grace: float):
        self.process, self.grace, self.ended = process, grace, False
        self._timer: threading.Timer | None = None

    def read(self, line: str, stepped: bool) -> None:
        """Process one line of the output; `stepped`: whether it reports a new step."""
        if stepped:
            self.close()
        elif self._timer is None and DIED.search(line):
            self._timer = threading.Timer(PATIENCE, self._end)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self.ended = True
        message = f"training: a worker process died and the trainer still waits after {PATIENCE:.0f} s; ending it"
        print(message, file=sys.stderr, flush=True)
        end(self.process, self.grace)
