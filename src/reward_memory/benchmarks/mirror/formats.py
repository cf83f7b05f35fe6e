"""Reading the files of releases: JSON lines, CSV and parquet, plain, gzipped or inside a zip archive."""

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import InputError

SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet$")
#: Large columns that no parser reads.
UNREAD = {"messages"}
#: What a damaged file makes its reader raise.
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


class Source(NamedTuple):
    """A file, or a member of a zip archive."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"{self.path}: {self.member}" if self.member else str(self.path)


def matches(path: str, pattern: str) -> bool:
    """Whether a relative path fits a pattern part by part: `*` stays inside one folder. `.gz` may be appended."""
    parts, wanted = PurePosixPath(path.removesuffix(".gz")).parts, PurePosixPath(pattern).parts
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def listing(folder: Path) -> list[str]:
    """Relative paths of all files below a folder, sorted; empty if there is no such folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def members(source: Source) -> list[Source]:
    """The members of a zip archive that fit `source.member`, sorted; the file itself if it is none."""
    if source.member is None:
        return [source]
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = sorted(name for name in archive.namelist() if matches(name, source.member))
    except DAMAGE as error:
        raise InputError(f"{source.path}: is not a whole zip archive; fetch it again.") from error
    if not names:
        raise InputError(f"{source.path}: holds no {source.member}; fetch the release again.")
    return [Source(source.path, name) for name in names]


def check_shards(paths: Iterable[Path]) -> None:
    """InputError if one of the files `...-00001-of-00005.parquet` is missing or there twice."""
    shards = [(path, shard) for path in paths if (shard := SHARD.search(path.name))]
    for folder in {path.parent for path, _ in shards}:
        here = [(path, int(shard[1]), int(shard[2])) for path, shard in shards if path.parent == folder]
        path, _, total = here[0]
        numbers = sorted(number for _, number, _ in here)
        if numbers != list(range(total)):
            missing = sorted(set(range(total)) - set(numbers))
            wrong = f"part {missing[0]} of {total} is missing" if missing else "a part is there twice"
            raise InputError(f"{path}: {wrong} beside it; fetch the release again.")


def records(source: Source) -> Iterator[tuple[int, Any]]:
    """(row number from 1, row) of every row: a dict, or a list where a CSV file has no header.

    InputError names the file and the row that cannot be read.
    """
    suffix = PurePosixPath(source.member or source.path.name.removesuffix(".gz")).suffix
    readers = {".jsonl": _json_lines, ".csv": _csv_rows, ".parquet": _parquet_rows, ".lst": _lines}
    number = 0
    try:
        for number, record in readers[suffix](source):
            yield number, record
    except json.JSONDecodeError as error:
        raise InputError(
            f"{source.name}: row {number + 1} is not a whole JSON line; the file is damaged or cut short."
        ) from error
    except DAMAGE as error:
        raise InputError(f"{source.name}: cannot be read beyond row {number}; fetch the file again.") from error


def _text(source: Source, newline: str) -> io.TextIOBase:
    if source.member is not None:
        archive = zipfile.ZipFile(source.path)
        return io.TextIOWrapper(archive.open(source.member), encoding="utf-8", newline=newline)
    opener = gzip.open if source.path.suffix == ".gz" else open
    return opener(source.path, "rt", encoding="utf-8", newline=newline)


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    # lines end at \n alone: U+2028 and U+0085 occur inside JSON strings
    with _text(source, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, line.strip("\r\n")


def _json_lines(source: Source) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(source):
        yield number, json.loads(line)


def _csv_rows(source: Source) -> Iterator[tuple[int, Any]]:
    """MMLU's files have no header and six columns; GPQA's have one with names such as `Question`."""
    with _text(source, newline="") as lines:
        rows = csv.reader(lines)
        first = next(rows, None)
        header = first if first and "Correct Answer" in first else None
        body = rows if header else ([first, *rows] if first else [])
        for number, row in enumerate(body, start=1):
            yield number, dict(zip(header, row, strict=False)) if header else row


def _parquet_rows(source: Source) -> Iterator[tuple[int, Any]]:
    file, number = pq.ParquetFile(source.path), 0
    columns = [name for name in file.schema_arrow.names if name not in UNREAD]
    for batch in file.iter_batches(batch_size=2048, columns=columns):
        for record in batch.to_pylist():
            number += 1
            yield number, record
