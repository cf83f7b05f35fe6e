"""What a candidate wrote, as far as it may be believed: its lines are its own to forge."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..pool import Reply
from .inside.values import LARGE

ERROR = 200  # characters of an error's text
NO_VALUE = {"$other": "not JSON"}


@dataclass(frozen=True, slots=True)
class Call:
    """What came of one call: the text of its encoded return value (see inside/values.py), or the error it raised."""

    text: bytes
    error: str | None

    @property
    def value(self) -> object:
        """The encoded value, read each time: all values of a reply at once could take a hundred times its size."""
        if self.error is not None:
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return NO_VALUE


class Values(Sequence):
    """The encoded values of calls, one in memory at a time."""

    def __init__(self, calls: Sequence[Call]):
        self.calls = calls

    def __len__(self) -> int:
        return len(self.calls)

    def __getitem__(self, place: int) -> object:
        return self.calls[place].value


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one candidate.

    end      "ended", "timeout", "output" (wrote too much) or "lost" (the sandbox died with it, twice)
    error    why the code could not be loaded, "" if it could
    calls    in order; fewer than asked for if the candidate ended early
    """

    end: str
    seconds: float
    error: str
    calls: tuple[Call, ...]


def read(reply: Reply, most: int) -> Run:
    """The lines of a candidate with at most so many calls. Anything unexpected ends the reading."""
    error, calls, start = "ended before its code was loaded", [], 0
    for number in range(most + 1):
        end = reply.payload.find(b"\n", start, start + LARGE + 100)
        if end < 0:
            break
        line, start = reply.payload[start:end], end + 1
        if number == 0:
            loaded = _error(line, "load") if line.startswith(b'["load"') else _error(line, "wall")
            if loaded is None:
                break
            error = loaded
            continue
        head = b'[%d, "value", ' % (number - 1)
        if line.startswith(head) and line.endswith(b"]"):
            calls.append(Call(line[len(head) : -1], None))
        elif (raised := _error(line, number - 1, "raised")) is not None:
            calls.append(Call(b"", raised))
        else:
            break
    return Run(reply.end, reply.seconds, error, tuple(calls))


def _error(line: bytes, *head: object) -> str | None:
    """The text at the end of a short line with this head; printable, since it gets into verdicts and their files."""
    try:
        *first, text = json.loads(line) if len(line) < 20 * ERROR else [None]
    except (ValueError, RecursionError, TypeError):
        return None
    if first != list(head) or not isinstance(text, str):
        return None
    return text[:ERROR].encode(errors="replace").decode()
