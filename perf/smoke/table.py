"""A table of measurements: parts that fail, each alone, and the lines that they leave."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the table; `ok` is None where nothing is asked."""

    stage: str
    what: str
    value: float | str
    asked: str = ""
    ok: bool | None = None


#: Name -> (what a part does, seconds that it may take).
Stages = dict[str, tuple[Callable[[Any], Iterator[Row]], int]]


def run(shared: Any, stages: Stages, patience: float = 1.0) -> list[Row]:
    """The rows of all parts, each printed as it comes; one that fails, or takes too long, leaves one that says so.

    patience  by what the parts' seconds are multiplied
    """
    rows, out = [], sys.stdout

    def tell(row: Row) -> None:
        rows.append(row)
        print(line(row), file=out, flush=True)

    def late(number, frame):
        raise TimeoutError("took too long")

    signal.signal(signal.SIGALRM, late)
    for name, (stage, seconds) in stages.items():
        signal.setitimer(signal.ITIMER_REAL, seconds * patience)
        count = len(rows)
        try:
            with redirect_stdout(sys.stderr):  # what parts print, such as verl's log, is not the table
                for row in stage(shared):
                    tell(row)
            if len(rows) == count:
                tell(Row(name, "nothing to measure: what it reads failed", "", "", False))
        except Exception as error:
            said = (str(error).splitlines() or [""])[0]
            tell(Row(name, f"failed: {type(error).__name__}: {said}", "", "", False))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return rows


def line(row: Row) -> str:
    value = f"{row.value:.4g}" if isinstance(row.value, float | int) else row.value
    mark = {None: "", True: "yes", False: "NO"}[row.ok]
    return f"{row.stage:<13}{row.what:<76}{value:>16}  {row.asked:<16}{mark}"
