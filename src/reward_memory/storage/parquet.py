"""Parquet tables that rules exchange: their columns, and functions to read and write them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.errors import InputError

from .files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

#: One row per query. Truths are in a separate file, so that only rules with TRUTHS among their inputs read them.
QUERIES = pa.schema(
    [
        ("id", pa.string()),  # benchmark/source_split/row
        ("benchmark", pa.string()),
        ("domain", pa.string()),  # math | qa | code
        ("template", pa.string()),  # items made from one template share it; null otherwise
        ("messages", MESSAGES),
        ("options", pa.list_(pa.string())),  # qa: the options in order A, B, ...; null otherwise
        ("content_hash", pa.string()),  # of messages and options, not of the truth
    ]
)

#: One row per query: its truth.
TRUTHS = pa.schema(
    [
        ("query_id", pa.string()),
        ("ground_truth", pa.string()),  # math: the answer; qa: the letter; code: null
        ("tests", pa.string()),  # code: JSON, see verifiers.GroundTruth
    ]
)

#: One row per response. Rewards are in a separate file, so that readers of rollouts do not see them.
RESPONSES = pa.schema(
    [
        ("query_id", pa.string()),
        ("benchmark", pa.string()),
        ("domain", pa.string()),
        ("sample", pa.int32()),
        ("text", pa.string()),
        ("thinking", pa.string()),
        ("answer", pa.string()),
        ("tokens", pa.int32()),
        ("finished", pa.bool_()),  # the policy ended it itself
    ]
)

#: One row per response that was imported with a reward; separate from the responses, as TRUTHS from QUERIES.
REWARDS = pa.schema(
    [
        ("query_id", pa.string()),
        ("sample", pa.int32()),
        ("reward", pa.float32()),  # 1 correct, 0 wrong
    ]
)

#: One row per graded response.
VERDICTS = pa.schema(
    [
        ("query_id", pa.string()),
        ("benchmark", pa.string()),
        ("sample", pa.int32()),
        ("reward", pa.float32()),  # 1 correct, 0 wrong
        ("extracted", pa.string()),
        ("path", pa.string()),  # how the verdict was reached
    ]
)

#: Columns that identify the run of a row; tables group by them.
RUN = pa.schema(
    [
        ("suite", pa.string()),
        ("policy", pa.string()),
        ("method", pa.string()),
        ("label_ratio", pa.int32()),  # percent
        ("seed", pa.int64()),
    ]
)

#: One row per graded response to a test query. `optional` columns are null if an older file lacks them.
GRADED = pa.schema(
    [
        *RUN,
        *VERDICTS,
        ("template", pa.string()),  # of the query, see QUERIES
        ("tokens", pa.int32()),  # of the response
        ("finished", pa.bool_()),  # the policy ended it itself; false: cut at the length limit
    ],
    metadata={"optional": "template tokens finished"},
)

#: Label routing: the training queries whose ground truth may be used.
LABELS = pa.schema(
    [
        ("id", pa.string()),
        ("benchmark", pa.string()),
        ("label_ratio", pa.int32()),
        ("labeled", pa.bool_()),
    ]
)

#: A reward model's predictions for responses to queries whose labels it has not seen, with their true rewards.
PREDICTIONS = pa.schema(
    [
        ("suite", pa.string()),
        ("policy", pa.string()),
        ("predictor", pa.string()),
        ("label_ratio", pa.int32()),
        ("seed", pa.int64()),
        ("split", pa.string()),
        ("query_id", pa.string()),
        ("benchmark", pa.string()),
        ("sample", pa.int32()),
        ("reward", pa.float32()),  # the truth: nothing that trains or selects reads this table
        ("probability", pa.float32()),
        ("template", pa.string()),  # of the query, see QUERIES
    ],
    metadata={"optional": "template"},
)

#: PREDICTIONS of a model on another suite, with other numbers of neighbors than it was fitted with.
TOP_K = pa.schema([("tested", pa.string()), ("num_neighbors", pa.int32()), *PREDICTIONS])


def read(path: str | Path, schema: pa.Schema) -> pd.DataFrame:
    """Read a parquet table and check its columns; missing `optional` columns of the schema are filled with null.

    Raise InputError that names the file if it is missing or truncated, or a column is missing or has another type.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder; delete it and" if path.is_dir() else "no such file;"
        raise InputError(f"{path}: {what} run the same command again to build it.")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: is not a complete parquet file; delete it and run again to rebuild it.") from error
    for name in (schema.metadata or {}).get(b"optional", b"").decode().split():
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing; it has "
            f"{', '.join(table.column_names)}; delete the file and run again to rebuild it."
        )
    try:
        return table.select(schema.names).cast(schema).to_pandas()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        wrong = next(field for field in schema if not _fits(table.column(field.name), field.type))
        raise InputError(
            f"{path}: column {wrong.name!r} holds {table.column(wrong.name).type}, not {wrong.type}; "
            "delete the file and run again to rebuild it."
        ) from error


def read_all(paths: Iterable[str | Path], schema: pa.Schema) -> pd.DataFrame:
    """Read and concatenate the tables at `paths`, with a new index from 0. Raise InputError as `read` does."""
    import pandas as pd  # not at the top: it would slow down planning

    return pd.concat([read(path, schema) for path in paths], ignore_index=True)


def with_truths(queries: pd.DataFrame, truths: pd.DataFrame) -> pd.DataFrame:
    """Add the columns `ground_truth` and `tests` of TRUTHS to `queries`; None if `truths` has no row for a query."""
    aligned = truths.set_index("query_id").astype(object).reindex(queries["id"])
    aligned = aligned.where(aligned.notna(), None).set_axis(queries.index)
    return queries.assign(ground_truth=aligned["ground_truth"], tests=aligned["tests"])


def write(frame: pd.DataFrame, path: str | Path, schema: pa.Schema, *, checked: bool = False) -> None:
    """Write a table with exactly the columns of `schema`, atomically and without a timestamp.

    checked  add a checksum to each page, which `read` verifies; this changes the bytes of the file
    """
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    with atomic_path(path) as temporary:
        pq.write_table(table.replace_schema_metadata(None), temporary, compression="zstd", write_page_checksum=checked)


def _fits(column: pa.ChunkedArray, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True
