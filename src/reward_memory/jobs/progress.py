"""One progress line that reads well on a terminal and in a log file."""

import sys
import time
from typing import TextIO

#: (prefix, stream) pairs that also get progress lines, such as the terminal of a job that writes to a log file.
MIRRORS: list[tuple[str, TextIO]] = []
#: Seconds between lines there, because several jobs share a terminal.
MIRROR_INTERVAL = 20.0


class Progress:
    """Counts towards `total`; prints a line at most every `every` seconds, and one at the end.

    Each report is a line without carriage returns, so the same text suits a terminal, a log and `tail -f`.
    """

    def __init__(self, what: str, total: int, every: float = 5.0, done: int = 0):
        self.what, self.total, self.every = what, total, every
        self.done = self.before = done
        self.start = self.reported = self.mirrored = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` more as done."""
        self.done += count
        now = time.monotonic()
        if now - self.reported >= self.every or self.done >= self.total:
            self.reported = now
            self._report(now, note)

    def _report(self, now: float, note: str) -> None:
        fresh, elapsed = self.done - self.before, now - self.start
        left = (self.total - self.done) * elapsed / fresh if fresh else 0.0
        line = f"{self.what}: {self.done}/{self.total} ({100 * self.done // max(self.total, 1)} %), "
        line += f"{elapsed:.0f} s elapsed, {left:.0f} s left" + (f", {note}" if note else "")
        print(line, file=sys.stderr, flush=True)
        if now - self.mirrored < MIRROR_INTERVAL and self.done < self.total:
            return
        self.mirrored = now
        for prefix, stream in MIRRORS:
            print(prefix + line, file=stream, flush=True)
