"""Read the files of releases: JSON lines, CSV and parquet, plain, gzipped or inside a zip archive."""

import csv
import gzip
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.errors import InputError

from .encodings import NotTextError, decode_line, raw_lines, unreadable

SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet$")
#: The JSON escape of half a character (a surrogate).
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
#: Levels of nested folders that are searched: releases have three, and links may lead anywhere.
DEPTH = 8
#: Large columns that no parser reads.
UNREAD = {"messages"}
#: Errors that readers raise on a damaged file.
DAMAGE = (
    OSError,
    EOFError,
    UnicodeDecodeError,
    RuntimeError,  # an encrypted archive
    zlib.error,
    zipfile.BadZipFile,
    csv.Error,
    pa.ArrowException,
)


class UnreadableError(ValueError):
    """A row that is complete but cannot be used; the message is the reason, as part of a sentence."""


class Source(NamedTuple):
    """A file, or a member of a zip archive."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """Name in error messages."""
        return f"{self.path}: {self.member}" if self.member else str(self.path)


def matches(path: str, pattern: str) -> bool:
    """Return whether a relative path matches a pattern part by part: `*` stays in one folder. `.gz` may be appended.

    Hidden files never match: macOS adds one for each file that it copies or packs (`._train.jsonl`).
    """
    parts, wanted = PurePosixPath(path.removesuffix(".gz")).parts, PurePosixPath(pattern).parts
    if parts and parts[-1].startswith("."):
        return False
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def listing(folder: Path) -> list[str]:
    """Return relative paths of all files below a folder, sorted; empty if there is no such folder.

    Links are followed, also to folders, but never into a folder that is already part of the path.
    """
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder, ()))


def _files(folder: Path, passed: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    if not folder.is_dir() or len(passed) > DEPTH:
        return
    stat = folder.stat()
    here = (stat.st_dev, stat.st_ino)
    if here in passed:
        return
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); make the folder readable.") from error
    for path in (folder / name for name in names):
        # a link to itself is neither a file nor a folder
        if path.is_file():
            yield path
        else:
            yield from _files(path, (*passed, here))


def members(source: Source) -> list[Source]:
    """Return the members of a zip archive that match `source.member`, sorted; the source itself if that is None."""
    if source.member is None:
        return [source]
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = sorted(name for name in archive.namelist() if matches(name, source.member))
    except DAMAGE as error:
        why = unreadable(source.path, error) or "is not a complete zip archive; fetch it again"
        raise InputError(f"{source.path}: {why}.") from error
    if not names:
        raise InputError(f"{source.path}: contains no {source.member}; fetch the release again.")
    return [Source(source.path, name) for name in names]


def _shard(path: Path, number: int) -> str:
    """Return the name of another part of the same file; each part's name may contain its own hash."""
    match = SHARD.search(path.name)
    rest = ".parquet" if match[0].endswith(f"-of-{match[2]}.parquet") else "-*.parquet"
    return f"{path.name[: match.start()]}-{number:05}-of-{match[2]}{rest}"


def check_shards(paths: Iterable[Path]) -> None:
    """Raise InputError if one of the files `...-00001-of-00005.parquet` is missing or present twice."""
    shards = [(path, shard) for path in paths if (shard := SHARD.search(path.name))]
    for folder in {path.parent for path, _ in shards}:
        here = [(path, int(shard[1]), int(shard[2])) for path, shard in shards if path.parent == folder]
        path, _, total = here[0]
        numbers = sorted(number for _, number, _ in here)
        if numbers != list(range(total)):
            missing = sorted(set(range(total)) - set(numbers))
            wrong = f"{_shard(path, missing[0])} is missing" if missing else "a part is present twice"
            raise InputError(f"{path}: {wrong} in its folder; fetch the release again.")


def records(source: Source) -> Iterator[tuple[int, Any]]:
    """Yield (row number from 1, row) for every row: a dict, or a list where a CSV file has no header.

    InputError names the file and the row that cannot be read.
    """
    suffix = PurePosixPath(source.member or source.path.name.removesuffix(".gz")).suffix
    readers = {".jsonl": _json_lines, ".csv": _csv_rows, ".parquet": _parquet_rows, ".lst": _lines}
    number = 0
    try:
        for number, record in readers[suffix](source):
            yield number, record
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"{source.name}: row {number + 1} is not a complete JSON line; fetch the file again, or write one object "
            "per line."
        ) from error
    except (NotTextError, UnreadableError) as error:
        raise InputError(f"{source.name}: row {number + 1}: {error}.") from error
    except DAMAGE as error:
        why = unreadable(source.path, error) or f"cannot be read beyond row {number}; fetch the file again"
        raise InputError(f"{source.name}: {why}.") from error


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if source.member is not None:
        with zipfile.ZipFile(source.path) as archive, archive.open(source.member) as file:
            yield file
    else:
        opener = gzip.open if source.path.suffix == ".gz" else open
        with opener(source.path, "rb") as file:
            yield file


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    with _opened(source) as file:
        for number, line in enumerate(raw_lines(file, source.name), start=1):
            if line.strip():
                yield number, decode_line(line).strip("\r\n")


def _json_lines(source: Source) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(source):
        yield number, json_value(line)


def json_value(line: str) -> Any:
    """Parse a line of JSON.

    JSONDecodeError or RecursionError if it is not JSON. UnreadableError for half characters, which no file can hold,
    and for numbers that are too long for Python.
    """
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise UnreadableError("it contains a number with more than 4,300 digits; write it as text") from error
    # half characters come only from escapes, which are rare
    if SURROGATE.search(line):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise UnreadableError(
                "it contains half a character (a lone surrogate); correct or remove the row"
            ) from error
    return value


def _csv_rows(source: Source) -> Iterator[tuple[int, Any]]:
    """MMLU's files have no header and six columns; GPQA's have one with names such as `Question`."""
    with _opened(source) as file:
        rows = csv.reader(decode_line(line) for line in raw_lines(file, source.name))
        first = next(rows, None)
        header = first if first and "Correct Answer" in first else None
        body = rows if header else chain([first] if first else [], rows)
        for number, row in enumerate(body, start=1):
            if row:
                yield number, dict(zip(header, row, strict=False)) if header else row


def check_columns(path: Path, names: Sequence[str]) -> None:
    """Raise InputError if two columns of a parquet file share a name: rows would hold only the last one."""
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{path}: has two columns named {repeated!r}; rename or remove one of them.")


def _parquet_rows(source: Source) -> Iterator[tuple[int, Any]]:
    file, number = pq.ParquetFile(source.path), 0
    check_columns(source.path, file.schema_arrow.names)
    columns = [name for name in file.schema_arrow.names if name not in UNREAD]
    for batch in file.iter_batches(batch_size=2048, columns=columns):
        for record in batch.to_pylist():
            number += 1
            yield number, record
