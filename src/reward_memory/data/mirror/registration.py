"""Register the reader of a benchmark that is in neither paper, from this package or another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..registry import READERS
from .rows import Parser

DOMAINS = ("math", "qa", "code")


def register(
    name: str, *, domain: str, license: str, rows: Mapping[str, int], repository: str = ""
) -> Callable[[Parser], Parser]:
    """Return a decorator for the function that converts a released row, a dictionary, to a `rows.Row`.

    name        of the benchmark, and of its folder below `data: mirror`
    domain      math | qa | code: how responses are graded
    license     as the release states it
    rows        source split, which is also its file's name -> rows of the complete release
    repository  dataset on the Hugging Face hub, for `source: hub`

    Planning reads the arguments from the file without importing it, so write plain constants. ValueError if the name
    is taken or the domain is unknown.
    """
    if domain not in DOMAINS:
        raise ValueError(f"benchmarks: {name}: the domain {domain!r} is not one of {', '.join(DOMAINS)}.")

    def decorator(read: Parser) -> Parser:
        READERS.add(name, read)
        return read

    return decorator
