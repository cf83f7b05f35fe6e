"""The error memory in RAM and on disk, where each step adds one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reward_memory.errors import InputError

from . import segments as files
from .segments import SCHEMA, Segment

#: At least MERGE adjacent files are merged if they fit into MERGED bytes; a step writes at most one merged file.
MERGE, MERGED = 8, 8_000_000
#: A file is rewritten without its invisible points if they are at least this share of all.
DEAD = 0.5
#: Columns with a point's key and step.
OWNER = ("key", "right", "step")


def open_error(folder: str | Path, step: int) -> str | None:
    """Why the memory in `folder` cannot be opened as it was after `step` steps; None if it can."""
    try:
        for _ in _tables(Path(folder), files.list_segments(Path(folder)), step):
            pass
    except InputError as error:
        return str(error).partition("; ")[0]
    return None


def _tables(folder: Path, segments: list[Segment], step: int) -> Iterator[pa.Table]:
    """Tables of the files that hold the steps up to `step`, in order.

    InputError if steps before it are missing, or a file is damaged or lacks points that were visible after it.
    """
    ends, width = 0, None
    for segment in segments:
        if ends >= step:
            return
        if segment.first != ends + 1:
            raise InputError(
                f"{folder}: the error memory lacks steps {ends + 1} to {segment.first - 1}; "
                "put its files back, or empty the folder and train from the start."
            )
        ends = segment.last
        table = files.read(segment)
        if (earliest := files.complete_from(table)) > step:
            raise InputError(
                f"{segment.path}: the error memory goes back to step {earliest}, not to the checkpoint's step {step}; "
                "resume from a later checkpoint, or empty the folder and train from the start."
            )
        if table.num_rows:
            size = len(table["vector"][0])
            if width not in (None, size):
                raise InputError(
                    f"{segment.path}: holds points of {size} numbers, and the files before it of {width}; resume from "
                    f"a checkpoint of at most step {segment.first - 1}."
                )
            width = size
        yield table
    if ends < step:
        raise InputError(
            f"{folder}: the error memory ends with step {ends}, before the checkpoint's step {step}; "
            "put its files back, resume from an earlier checkpoint, or empty the folder and train from the start."
        )


class Store:
    """Points by key (prompt, right or wrong) as they were after a step.

    step   the last step appended
    width  of the vectors, None before the first
    """

    def __init__(self, folder: str | Path, step: int = 0, limit: int | None = None):
        """Open the memory as it was after `step` steps; the data of later steps is deleted.

        folder  holds only this memory; created if absent
        step    0 for an empty memory
        limit   number of visible points per key, the latest; None for all

        InputError if the folder does not hold the memory after that step, or a file in it is broken.
        """
        self.folder, self.step, self.limit = Path(folder), step, limit
        self.width: int | None = None
        self._seen: dict[tuple[str, bool], np.ndarray] = {}
        self._oldest, self._floors, self._dying = 0, pd.Series(dtype=np.int64), []
        self._segments = files.list_segments(self.folder)
        self._load()
        self._cut()

    @property
    def keys(self) -> int:
        """Number of keys."""
        return len(self._seen)

    @property
    def points(self) -> int:
        """Number of visible points."""
        return sum(map(len, self._seen.values()))

    @property
    def files(self) -> int:
        """Number of files on disk."""
        return len(self._segments)

    @property
    def bytes(self) -> int:
        """Size of all files on disk."""
        return sum(segment.bytes for segment in self._segments)

    def history(self, key: str, right: bool) -> np.ndarray:
        """(n, d) float32 points of a key, oldest first."""
        return self._seen.get((key, right), np.empty((0, self.width or 0), np.float32))

    def append(self, keys: np.ndarray, right: np.ndarray, samples: np.ndarray, vectors: np.ndarray) -> int:
        """Append the next step's points, possibly none -> bytes written.

        keys (n,) text, right (n,) bool, samples (n,) int, vectors (n, d) finite; in storage order

        ValueError if the vectors' width differs from the memory's.
        """
        if len(vectors) and self.width not in (None, vectors.shape[1]):
            raise ValueError(f"the error memory holds vectors of {self.width} numbers, not {vectors.shape[1]}")
        segment = Segment.of(self.folder, self.step + 1, self.step + 1)
        steps = np.full(len(keys), segment.first)
        lists = pa.ListArray.from_arrays(
            np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1], np.asarray(vectors, np.float32).ravel()
        )
        table = pa.table([pa.array(keys, pa.string()), right, steps, samples, lists], SCHEMA.names).cast(SCHEMA)
        written = files.write(segment, table)
        self._segments.append(segment)
        self._add(table)
        self.step = segment.last
        return written

    def tidy(self, oldest: int = 0) -> int:
        """Merge small files, or rewrite one without its invisible points -> bytes written.

        oldest  the earliest step at which `Store` will be opened from now on

        At most one file is written, so that no step takes long.
        """
        if self.limit is not None and oldest > self._oldest:
            self._find_dead(oldest, self.limit)
        if self._dying:
            return self._replace([self._dying.pop(0)])
        for start in range(len(self._segments)):
            end, size = start, 0
            while end < len(self._segments) and (size := size + self._segments[end].bytes) <= MERGED:
                end += 1
            if end - start >= MERGE:
                return self._replace(self._segments[start:end])
        return 0

    def _load(self) -> None:
        """Load the points of the steps up to `step`; nothing is deleted yet, in case a file is broken."""
        for table in _tables(self.folder, self._segments, self.step):
            self._add(table.filter(pc.field("step") <= self.step))

    def _cut(self) -> None:
        """Delete the data of later steps, the last file first, so that there is never a gap in between."""
        while self._segments and self._segments[-1].first > self.step:
            self._segments.pop().remove()
        if self._segments and self._segments[-1].last > self.step:
            long = self._segments.pop()
            table = files.read(long)
            short = Segment.of(self.folder, long.first, self.step)
            files.write(short, table.filter(pc.field("step") <= self.step), files.complete_from(table))
            long.path.unlink()
            self._segments.append(short)

    def _add(self, table: pa.Table) -> None:
        """Add the points of a table after those that are already visible."""
        if not table.num_rows:
            return
        lists = table["vector"].combine_chunks()
        vectors = lists.flatten().to_numpy().reshape(table.num_rows, -1)
        self.width = vectors.shape[1]
        owners = table.select(["key", "right"]).to_pandas()
        for owner, rows in owners.groupby(["key", "right"], sort=False).indices.items():
            kept = np.concatenate([self.history(*owner), vectors[rows]])
            self._seen[owner] = kept if self.limit is None else kept[-self.limit :]

    def _find_dead(self, oldest: int, limit: int) -> None:
        """Find each key's first visible step, and the files with many points that are no longer visible."""
        self._oldest = oldest
        owned = [segment for segment in self._segments if segment.first <= oldest]
        tables = [files.read(segment, OWNER).to_pandas() for segment in owned]
        rows = pd.concat(tables or [pd.DataFrame(columns=pd.Index(OWNER))], ignore_index=True)
        rows = rows[rows["step"] <= oldest]
        # `nth` gives complete rows: the first that a run resumed at `oldest` sees; all of its step are kept
        self._floors = rows.groupby(["key", "right"]).nth(-limit).set_index(["key", "right"])["step"]
        self._dying = [
            segment
            for segment, table in zip(owned, tables, strict=True)
            if len(table) and self._dead(table).mean() >= DEAD
        ]

    def _dead(self, rows: pd.DataFrame) -> np.ndarray:
        owners = pd.MultiIndex.from_arrays([rows["key"], rows["right"]], names=["key", "right"])
        return rows["step"].to_numpy() < self._floors.reindex(owners, fill_value=0).to_numpy()

    def _replace(self, segments: list[Segment]) -> int:
        """Replace adjacent files with one file without dead points."""
        tables = [files.read(segment) for segment in segments]
        table, earliest = pa.concat_tables(tables), max(map(files.complete_from, tables))
        if len(self._floors):
            dead = self._dead(table.select(OWNER).to_pandas())
            if dead.any():
                table, earliest = table.filter(pa.array(~dead)), max(earliest, self._oldest)
        at = self._segments.index(segments[0])
        merged, written = files.replace(segments, table, earliest)
        self._segments[at : at + len(segments)] = [merged]
        return written
