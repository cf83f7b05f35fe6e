"""Files of consecutive training steps: the points that each step added to the error memory."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reward_memory.errors import InputError
from reward_memory.storage.files import atomic_path

#: One row per point, ordered by step; within a step by key, right and sample.
SCHEMA = pa.schema(
    [
        ("key", pa.string()),  # of the prompt
        ("right", pa.bool_()),
        ("step", pa.int32()),
        ("sample", pa.int32()),
        ("vector", pa.list_(pa.float32())),
    ]
)
NAME = re.compile(r"steps-(\d{8})-(\d{8})\.parquet")
#: Metadata key: the file holds every point that is visible after this step or a later one.
COMPLETE_FROM = b"whole_from"
#: For no numbers at all, "all are finite" is true.
_EMPTY = pc.ScalarAggregateOptions(skip_nulls=False, min_count=0)
#: Metadata key: number of points written; files of earlier versions lack it.
ROWS = b"rows"


@dataclass(frozen=True, order=True)
class Segment:
    """A file with the points of the steps `first` to `last`, both included."""

    first: int
    last: int
    path: Path

    @classmethod
    def of(cls, folder: Path, first: int, last: int) -> Segment:
        return cls(first, last, folder / f"steps-{first:08d}-{last:08d}.parquet")

    @cached_property
    def bytes(self) -> int:
        return self.path.stat().st_size

    def remove(self) -> None:
        """Delete the file, or a folder in its place."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()


def list_segments(folder: Path) -> list[Segment]:
    """List all segments in order of steps.

    Leftovers of a killed process are deleted: unfinished files, and files whose steps are also in another file (from
    an unfinished merge or cut).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(".*.part"):
        unfinished.unlink()
    segments: list[Segment] = []
    named = [(NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    every = [Segment(int(name[1]), int(name[2]), path) for name, path in named if name]
    for segment in sorted(every, key=lambda one: (one.first, -one.last)):
        if segments and segment.last <= segments[-1].last:
            segment.remove()
        else:
            segments.append(segment)
    return segments


def write(segment: Segment, table: pa.Table, complete_from: int = 0) -> int:
    """Write a segment atomically -> bytes written."""
    with atomic_path(segment.path) as temporary:
        pq.write_table(
            table.replace_schema_metadata({COMPLETE_FROM: str(complete_from), ROWS: str(table.num_rows)}),
            temporary,
            compression="zstd",
            use_dictionary=["key"],  # pyright: ignore[reportArgumentType] - a list is allowed, too
            column_encoding={"vector.list.element": "BYTE_STREAM_SPLIT"},
            write_statistics=False,
            write_page_checksum=True,
        )
    return segment.bytes


def read(segment: Segment, columns: Sequence[str] = tuple(SCHEMA.names)) -> pa.Table:
    """Read columns of a segment. InputError if the file is not as it was written."""
    try:
        table = pq.read_table(segment.path, columns=list(columns), page_checksum_verification=True)
        metadata = table.schema.metadata or {}
        # a file that another program overwrote lacks our metadata
        if int(metadata[COMPLETE_FROM]) < 0 or int(metadata.get(ROWS, table.num_rows)) != table.num_rows:
            raise ValueError(f"{table.num_rows} rows")
        table = table.select(list(columns)).cast(pa.schema([SCHEMA.field(name) for name in columns]))
        if not _within(segment, table):
            raise ValueError("steps of another file")
        if not _is_complete(table):
            raise ValueError("points that are not finite")
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        torn = isinstance(error, pa.ArrowException | OSError)
        why = "is not a complete parquet file" if torn else "does not hold the points that were written"
        raise InputError(
            f"{segment.path}: {why}; resume from a checkpoint of at most step {segment.first - 1}."
        ) from error
    return table.replace_schema_metadata(metadata)


def _within(segment: Segment, table: pa.Table) -> bool:
    """Whether all points belong to the steps in the file's name and all vectors have the same nonzero width."""
    if not table.num_rows:
        return True
    steps = _min_max(table["step"]) if "step" in table.column_names else None
    widths = None
    if "vector" in table.column_names:
        widths = _min_max(pc.call_function("list_value_length", [table["vector"]]))
    return (steps is None or (segment.first <= steps["min"] and steps["max"] <= segment.last)) and (
        widths is None or widths["min"] == widths["max"] != 0
    )


def _is_complete(table: pa.Table) -> bool:
    """Whether no value is missing and all numbers of the vectors are finite."""
    if any(column.null_count for column in table.columns):
        return False
    if "vector" not in table.column_names:
        return True
    numbers = pc.call_function("list_flatten", [table["vector"]])
    return bool(pc.call_function("all", [pc.call_function("is_finite", [numbers])], options=_EMPTY).as_py())


def _min_max(column: pa.ChunkedArray) -> dict[str, int]:
    return pc.call_function("min_max", [column]).as_py()


def complete_from(table: pa.Table) -> int:
    """The earliest step after which a segment that was read still holds every visible point."""
    return int((table.schema.metadata or {}).get(COMPLETE_FROM, b"0"))


def replace(segments: Sequence[Segment], table: pa.Table, complete_from: int) -> tuple[Segment, int]:
    """Replace adjacent segments with one -> the new segment, bytes written.

    If the process is killed, either the old ones or the new one are there, with leftovers that `list_segments` deletes.
    """
    merged = Segment.of(segments[0].path.parent, segments[0].first, segments[-1].last)
    written = write(merged, table, complete_from)
    for segment in segments:
        if segment != merged:
            segment.path.unlink()
    return merged, written
