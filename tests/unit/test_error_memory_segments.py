"""Files of the error memory one by one: which there are, what is refused in one, and what a merge leaves."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory.error_memory.segments import SCHEMA, Segment, complete_from, list_segments, read, replace, write
from reward_memory.errors import InputError


def points(steps: list, vectors: list | None = None, **columns: list) -> pa.Table:
    """A point of each step; its sample is its place."""
    count = len(steps)
    given = {
        "key": [f"k{place}" for place in range(count)],
        "right": [False] * count,
        "step": steps,
        "sample": list(range(count)),
        "vector": vectors or [[0.5, float(place)] for place in range(count)],
    }
    return pa.table(given | columns, SCHEMA)


def name(first: int, last: int) -> str:
    return f"steps-{first:08d}-{last:08d}.parquet"


def put(folder: Path, first: int, last: int, table: pa.Table | None = None) -> Segment:
    segment = Segment.of(folder, first, last)
    write(segment, points(list(range(first, last + 1))) if table is None else table)
    return segment


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_read_as_it_was_written(tmp_path):
    segment, table = Segment.of(tmp_path, 2, 4), points([2, 2, 4])
    assert write(segment, table) == segment.path.stat().st_size == segment.bytes
    assert segment.path.name == name(2, 4)
    back = read(segment)
    assert back.equals(table)
    assert complete_from(back) == 0
    assert read(segment, ("key", "step")).to_pydict() == {"key": ["k0", "k1", "k2"], "step": [2, 2, 4]}
    write(segment, table, 3)
    assert complete_from(read(segment)) == complete_from(read(segment, ("key",))) == 3


def test_a_file_of_no_points_can_be_read(tmp_path):
    assert read(put(tmp_path, 1, 1, points([]))).num_rows == 0


def test_the_files_in_order_without_what_a_killed_process_left(tmp_path):
    folder = tmp_path / "new" / "memory"
    assert list_segments(folder) == []
    # a merge of 2 to 4 and a cut of 5 to 7 that were not finished
    for first, last in [(10, 12), (1, 1), (2, 4), (2, 2), (4, 4), (5, 7), (5, 6), (8, 9)]:
        put(folder, first, last)
    (folder / f".{name(13, 13)}.x.part").write_bytes(b"PAR1")
    (folder / "notes.txt").write_text("mine")
    (folder / "steps-14-14.parquet").write_text("no name of ours")
    assert [(one.first, one.last) for one in list_segments(folder)] == [(1, 1), (2, 4), (5, 7), (8, 9), (10, 12)]
    kept = [name(*pair) for pair in ((1, 1), (2, 4), (5, 7), (8, 9), (10, 12))]
    assert listing(folder) == sorted([*kept, "notes.txt", "steps-14-14.parquet"])


def test_a_folder_in_the_place_of_a_file_can_be_deleted(tmp_path):
    segment = Segment.of(tmp_path, 1, 1)
    segment.path.mkdir()
    (segment.path / "x").write_text("x")
    segment.remove()
    put(tmp_path, 1, 1).remove()
    assert listing(tmp_path) == []


NOT_OURS = "does not hold the points that were written; resume from a checkpoint of at most step 1."


@pytest.mark.parametrize(
    "table",
    [
        # steps that the name does not say
        points([1, 3]),
        points([2, 5]),
        # vectors of several widths, or of none
        points([2, 3], [[1.0, 2.0], [1.0]]),
        points([2, 3], [[], []]),
        # what is missing or no number
        points([2, None]),
        points([2, 3], key=["a", None]),
        points([2, 3], [[1.0, 2.0], None]),
        points([2, 3], [[1.0, 2.0], [1.0, None]]),
        points([2, 3], [[1.0, 2.0], [1.0, float("nan")]]),
        points([2, 3], [[float("-inf"), 2.0], [1.0, 2.0]]),
    ],
)
def test_what_cannot_be_of_these_steps_is_refused(tmp_path, table):
    segment = put(tmp_path, 2, 4, table)
    with pytest.raises(InputError) as error:
        read(segment)
    assert str(error.value) == f"{segment.path}: {NOT_OURS}"
    assert isinstance(error.value.__cause__, ValueError)


@pytest.mark.parametrize("steps", [[2], [4], [2, 4], [3, 3], [2, 2, 2, 4]])
def test_the_first_and_the_last_step_of_the_name_may_be_there_or_not(tmp_path, steps):
    assert read(put(tmp_path, 2, 4, points(steps)))["step"].to_pylist() == steps


@pytest.mark.parametrize(
    ("metadata", "fine"),
    [
        ({"whole_from": "0", "rows": "2"}, True),
        ({"whole_from": "0"}, True),  # an earlier version's
        ({"whole_from": "0", "rows": "3"}, False),
        ({"whole_from": "0", "rows": "1"}, False),
        ({"whole_from": "-1", "rows": "2"}, False),
        ({"whole_from": "x"}, False),
        ({"rows": "2"}, False),  # another program wrote it
        ({}, False),
    ],
)
def test_a_file_tells_how_many_points_were_written_to_it(tmp_path, metadata, fine):
    segment = Segment.of(tmp_path, 2, 4)
    pq.write_table(points([2, 3]).replace_schema_metadata(metadata), segment.path)
    if fine:
        assert read(segment).num_rows == 2
    else:
        with pytest.raises(InputError, match="does not hold the points that were written"):
            read(segment)


def test_columns_of_another_program_are_refused(tmp_path):
    segment, table = Segment.of(tmp_path, 2, 4), points([2, 3])
    for odd in (table.drop_columns("sample"), table.set_column(3, "sample", pa.array(["a", "b"]))):
        pq.write_table(odd.replace_schema_metadata({"whole_from": "0"}), segment.path)
        with pytest.raises(InputError, match=r"resume from a checkpoint of at most step 1\."):
            read(segment)
    segment.path.unlink()
    with pytest.raises(InputError) as error:
        read(segment)
    assert str(error.value) == (
        f"{segment.path}: is not a complete parquet file; resume from a checkpoint of at most step 1."
    )


def test_a_number_that_changed_on_the_disk_is_found(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((60, 4)).tolist()
    segment = put(tmp_path, 2, 4, points([3] * 60, vectors))
    column = pq.ParquetFile(segment.path).metadata.row_group(0).column(4)
    end = column.data_page_offset + column.total_compressed_size
    written = segment.path.read_bytes()
    for place in range(end - 400, end, 57):
        segment.path.write_bytes(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])
        with pytest.raises(InputError, match="is not a complete parquet file"):
            read(segment)


def test_one_file_takes_the_place_of_several(tmp_path):
    several = [put(tmp_path, step, step) for step in (3, 4, 5)]
    other = put(tmp_path, 6, 6)
    table = pa.concat_tables([read(segment) for segment in several])
    merged, written = replace(several, table, 2)
    assert merged == Segment.of(tmp_path, 3, 5)
    assert written == merged.bytes
    assert read(merged)["step"].to_pylist() == [3, 4, 5]
    assert complete_from(read(merged)) == 2
    assert listing(tmp_path) == [name(3, 5), other.path.name]


def test_a_file_can_take_its_own_place(tmp_path):
    segment = put(tmp_path, 3, 5)
    merged, _ = replace([segment], read(segment).slice(0, 1), 4)
    assert merged == segment
    assert read(merged)["step"].to_pylist() == [3]
    assert listing(tmp_path) == [name(3, 5)]
