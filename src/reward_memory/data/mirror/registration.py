"""How a file of this package, or of another one, says that it reads a benchmark of neither paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..registry import READERS
from .rows import Parser

DOMAINS = ("math", "qa", "code")


def register(
    name: str, *, domain: str, license: str, rows: Mapping[str, int], repository: str = ""
) -> Callable[[Parser], Parser]:
    """Decorator of the function that makes a `rows.Row` of a released row, a dictionary.

    name        of the benchmark, and of its folder below `data: mirror`
    domain      math | qa | code: how responses are graded
    license     as the release states it
    rows        source split, which is the name of its file -> rows of the whole release
    repository  dataset on the Hugging Face hub, for `source: hub`

    Planning reads all of it from the file without importing it: write plain constants. ValueError if the name is taken
    or the domain is another.
    """
    if domain not in DOMAINS:
        raise ValueError(f"benchmarks: {name}: the domain {domain!r} is not one of {', '.join(DOMAINS)}.")

    def decorator(read: Parser) -> Parser:
        READERS.add(name, read)
        return read

    return decorator
