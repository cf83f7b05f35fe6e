"""The responses of a run's steps in one file, without all of them in memory."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory.storage import parquet
from reward_memory.training import responses
from reward_memory.training.responses import STEP_RESPONSES, Response, join_steps


@pytest.fixture
def steps(tmp_path):
    """A folder of three steps, the last of them beyond the run's end."""
    folder = tmp_path / "responses"
    for step in (1, 2, 3):
        rows = {
            f"{query}_{sample}": Response(query, sample, 1, f"{step} {query}", [1] * step, 1.0, float("nan"), 0.5, size)
            for query, sample, size in (("b", 1, None), ("a", 0, 4), ("a", 1, None))
        }
        table = responses.frame(step, rows, set(rows))
        parquet.write(table, folder / f"step_{step:06d}.parquet", STEP_RESPONSES, checked=True)
    return folder


def test_steps_follow_one_another_with_all_their_columns(steps, tmp_path):
    join_steps(steps, 2, tmp_path / "all.parquet")
    expected = pd.concat([parquet.read(steps / f"step_{step:06d}.parquet", STEP_RESPONSES) for step in (1, 2)])
    found = pd.read_parquet(tmp_path / "all.parquet")
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))
    assert pq.read_schema(tmp_path / "all.parquet") == STEP_RESPONSES


def test_one_step_at_a_time_is_in_memory(steps, tmp_path, monkeypatch):
    read, most = pq.read_table, []

    def counted(*arguments, **settings):
        table = read(*arguments, **settings)
        most.append(len(table))
        return table

    monkeypatch.setattr(responses.pq, "read_table", counted)
    join_steps(steps, 3, tmp_path / "all.parquet")
    assert most == [3, 3, 3]


def test_a_file_that_cannot_be_joined_leaves_nothing(steps, tmp_path):
    pq.write_table(pa.table({"step": pa.array([2], pa.int32())}), steps / "step_000002.parquet")
    with pytest.raises(ValueError, match="schema"):
        join_steps(steps, 3, tmp_path / "all.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["responses"]
