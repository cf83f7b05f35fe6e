"""One progress line that reads well on a terminal and in a log file."""

import sys
import time
from typing import TextIO

#: Further streams that progress lines go to, such as the terminal of a job whose output is a log file.
MIRRORS: list[tuple[str, TextIO]] = []


class Progress:
    """Counts towards `total` and prints a whole line at most every `every` seconds, and at the end.

    A line a report, never a carriage return: the same text serves a terminal, a log and `tail -f`.
    """

    def __init__(self, what: str, total: int, every: float = 5.0, done: int = 0):
        self.what, self.total, self.every = what, total, every
        self.done = self.before = done
        self.start = self.reported = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` more as done."""
        self.done += count
        now = time.monotonic()
        if now - self.reported >= self.every or self.done >= self.total:
            self.reported = now
            self._report(now - self.start, note)

    def _report(self, elapsed: float, note: str) -> None:
        fresh = self.done - self.before
        left = (self.total - self.done) * elapsed / fresh if fresh else 0.0
        line = f"{self.what}: {self.done}/{self.total} ({100 * self.done // max(self.total, 1)} %), "
        line += f"{elapsed:.0f} s gone, {left:.0f} s left" + (f", {note}" if note else "")
        print(line, file=sys.stderr, flush=True)
        for prefix, stream in MIRRORS:
            print(prefix + line, file=stream, flush=True)
