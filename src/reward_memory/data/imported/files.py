"""Read the raw rows of a user's file, without checking their contents."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from reward_memory.errors import InputError

from ..mirror.encodings import raw_lines, unreadable
from ..mirror.formats import DAMAGE, check_columns

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")


def check(path: Path) -> None:
    """Raise InputError if the file is missing, or its name does not show its format."""
    if not path.name.endswith(ENDINGS):
        raise InputError(f"rollouts: import: {path}: the name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")
    if path.is_dir():
        raise InputError(f"rollouts: import: {path}: is a folder; give the file in it.")
    if path.is_symlink() and not path.is_file():
        raise InputError(
            f"rollouts: import: {path}: is a link to {path.readlink()}, which does not exist; give the file itself."
        )
    if not path.is_file():
        raise InputError(f"rollouts: import: {path}: no such file; correct the path.")


def records(path: Path) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """Yield (row number from 1, row) for every row: an undecoded line of JSON, or a dict of a parquet file.

    For JSON lines the number is the line number, and empty lines are skipped. InputError if the file is damaged or cut
    short, which is not a problem of single rows, or if its encoding or format is not what its name shows.
    """
    number = 0
    try:
        for number, record in _parquet_rows(path) if path.suffix == ".parquet" else _lines(path):
            yield number, record
    except DAMAGE as error:
        why = (
            unreadable(path, error)
            or _no_parquet(path)
            or (f"cannot be read beyond row {number}, so the file is damaged or cut short; write or copy it again")
        )
        raise InputError(f"{path}: {why}.") from error


def _no_parquet(path: Path) -> str | None:
    """Explain why a file that is parquet only by name cannot be read; None for other files."""
    with path.open("rb") as file:
        first = file.read(4)
    if path.suffix != ".parquet" or not first or first == b"PAR1":
        return None
    hint = "; rename it to end in .jsonl" if first.lstrip()[:1] in (b"{", b"[") else ""
    return f"is not parquet{hint or '; write it as parquet or JSON lines'}"


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as lines:
        for number, line in enumerate(raw_lines(lines, str(path)), start=1):
            if line.strip():
                yield number, line


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number, file = 0, pq.ParquetFile(path)
    check_columns(path, file.schema_arrow.names)
    # small batches: a row holds all responses to a query
    for batch in file.iter_batches(batch_size=256):
        for record in batch.to_pylist():
            number += 1
            yield number, record
