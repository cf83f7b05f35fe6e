"""The points that the error memory shows and keeps on disk, at the edges of what it merges and gives up."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reward_memory.error_memory.segments import Segment, complete_from, list_segments, read, replace, write
from reward_memory.error_memory.store import Store, open_error
from reward_memory.errors import InputError


def add(store: Store, keys: str, width: int = 2, right: bool = False) -> int:
    """Append a step with a point for each letter; its numbers tell the step and the place."""
    count = len(keys)
    vectors = np.zeros((count, width), np.float32)
    vectors[:, 0], vectors[:, -1] = store.step + 1, np.arange(count)
    return store.append(np.array(list(keys), str), np.full(count, right), np.arange(count), vectors)


def kept(folder: Path) -> list[tuple[int, int, list[int]]]:
    """Of each file: first step, last step, and the steps of its points."""
    return [(one.first, one.last, read(one)["step"].to_pylist()) for one in list_segments(folder)]


def test_eight_small_files_become_one_and_seven_stay(tmp_path):
    store = Store(tmp_path)
    for _ in range(7):
        add(store, "a")
        assert store.tidy() == 0
    assert store.files == 7
    add(store, "a")
    assert store.tidy() == store.bytes
    assert kept(tmp_path) == [(1, 8, list(range(1, 9)))]
    for _ in range(7):
        add(store, "a")
    assert (store.tidy(), store.files) == (store.bytes, 1)  # the merged file counts as one of eight
    assert [part.last for part in list_segments(tmp_path)] == [15]


def test_a_key_that_never_came_up_has_no_points_of_the_memorys_width(tmp_path):
    store = Store(tmp_path)
    assert store.history("a", False).shape == (0, 0)
    add(store, "a", 3)
    assert store.width == 3
    assert store.history("b", False).shape == store.history("a", True).shape == (0, 3)
    assert store.history("b", False).dtype == np.float32


def test_a_step_without_points_has_no_width(tmp_path):
    store = Store(tmp_path)
    add(store, "", 3)
    assert store.width is None
    add(store, "a", 2)
    add(store, "", 5)
    assert (store.width, store.step, store.points) == (2, 3, 1)
    with pytest.raises(ValueError, match="the error memory holds vectors of 2 numbers, not 5"):
        add(store, "a", 5)
    assert Store(tmp_path, 3).width == 2


@pytest.mark.parametrize("limit", [1, 2, 3, None])
def test_the_latest_points_of_a_key_are_seen(tmp_path, limit):
    store = Store(tmp_path, 0, limit)
    for keys in ("ab", "a", "aa"):
        add(store, keys)
    points = [[1, 0], [2, 0], [3, 0], [3, 1]]
    expected = points if limit is None else points[-limit:]
    for one in (store, Store(tmp_path, 3, limit)):
        assert one.history("a", False).tolist() == expected
        assert one.history("b", False).tolist() == [[1, 1]]
        assert (one.keys, one.points) == (2, len(expected) + 1)


def test_a_file_is_written_anew_once_half_of_its_points_are_dead(tmp_path):
    store = Store(tmp_path, 0, 2)
    for keys in ("aabb", "aaab", "ab", "a"):
        add(store, keys)
    # at step 3 a shows [2, 2] and [3, 0], b [2, 3] and [3, 1]: of step 1 all is dead, of step 2 nothing
    assert store.tidy(oldest=3) > 0
    assert kept(tmp_path) == [(1, 1, []), (2, 2, [2] * 4), (3, 3, [3, 3]), (4, 4, [4])]
    assert store.tidy(oldest=3) == 0
    # at step 4 a shows [3, 0] and [4, 0]: of step 2 the three of a are dead
    assert store.tidy(oldest=4) > 0
    assert kept(tmp_path)[1] == (2, 2, [2])


@pytest.mark.parametrize(("keys", "left"), [("aabb", [1, 1]), ("abbb", [1, 1, 1, 1]), ("aaab", [1])])
def test_half_is_enough_and_less_is_not(tmp_path, keys, left):
    store = Store(tmp_path, 0, 3)
    add(store, keys)
    add(store, "aaa")
    store.tidy(oldest=2)
    assert kept(tmp_path) == [(1, 1, left), (2, 2, [2] * 3)]


def test_no_point_is_dead_that_a_run_resumed_there_sees(tmp_path):
    store = Store(tmp_path, 0, 1)
    for _ in range(4):
        add(store, "a")
    store.tidy(oldest=2)  # a run resumed at 2 sees the point of step 2
    store.tidy(oldest=2)
    assert [steps for _, _, steps in kept(tmp_path)] == [[], [2], [3], [4]]
    assert [complete_from(read(one)) for one in list_segments(tmp_path)] == [2, 0, 0, 0]
    assert Store(tmp_path, 2, 1).history("a", False).tolist() == [[2, 0]]
    with pytest.raises(InputError) as error:
        Store(tmp_path, 1, 1)
    assert str(error.value) == (
        f"{tmp_path / 'steps-00000001-00000001.parquet'}: the error memory goes back to step 2, not to the "
        "checkpoint's step 1; resume from a later checkpoint, or empty the folder and train from the start."
    )


def test_without_a_limit_or_a_release_every_point_is_kept(tmp_path):
    for limit, oldest in ((None, 3), (1, 0)):
        folder = tmp_path / str(limit)
        store = Store(folder, 0, limit)
        for _ in range(4):
            add(store, "a")
        assert store.tidy(oldest) == 0
        assert [steps for _, _, steps in kept(folder)] == [[1], [2], [3], [4]]


def test_right_and_wrong_points_die_apart(tmp_path):
    store = Store(tmp_path, 0, 1)
    for right in (False, True, True):
        add(store, "a", right=right)
    store.tidy(oldest=3)
    store.tidy(oldest=3)
    assert [steps for _, _, steps in kept(tmp_path)] == [[1], [], [3]]


def test_a_merge_drops_the_dead_and_keeps_where_its_parts_are_whole_from(tmp_path):
    store = Store(tmp_path, 0, 1)
    add(store, "abcde")
    for _ in range(5):
        add(store, "a")
    add(store, "f")
    for _ in range(6):
        store.tidy(oldest=6)  # the files of steps 2 to 5, one at a time; of the first a fifth is dead
    assert kept(tmp_path)[0] == (1, 1, [1] * 5)
    add(store, "g")
    assert store.tidy(oldest=6) > 0
    assert kept(tmp_path) == [(1, 8, [1, 1, 1, 1, 6, 7, 8])]
    assert complete_from(read(list_segments(tmp_path)[0])) == 6
    assert Store(tmp_path, 6, 1).points == 5


def test_a_merge_without_dead_points_can_be_opened_at_any_step(tmp_path):
    store = Store(tmp_path, 0, 9)
    for _ in range(8):
        add(store, "a")
    store.tidy(oldest=5)
    assert kept(tmp_path) == [(1, 8, list(range(1, 9)))]
    assert [Store(tmp_path, step, 9).points for step in (8, 5, 3, 1)] == [8, 5, 3, 1]


def test_opening_an_earlier_step_cuts_the_files(tmp_path):
    store = Store(tmp_path)
    for keys in ("a", "ab", "a", "a"):
        add(store, keys)
    again = Store(tmp_path, 2)
    assert kept(tmp_path) == [(1, 1, [1]), (2, 2, [2, 2])]
    assert (again.step, again.points, again.files) == (2, 3, 2)
    assert Store(tmp_path, 0).files == 0
    assert kept(tmp_path) == []


def test_a_cut_file_stays_whole_from_where_it_was(tmp_path):
    store = Store(tmp_path, 0, 1)
    for _ in range(8):
        add(store, "a")
    while store.tidy(oldest=4):
        pass
    assert [complete_from(read(one)) for one in list_segments(tmp_path)] == [4]
    assert Store(tmp_path, 6, 1).history("a", False).tolist() == [[6, 0]]
    assert kept(tmp_path) == [(1, 6, [4, 5, 6])]
    assert [complete_from(read(one)) for one in list_segments(tmp_path)] == [4]


def test_the_last_of_several_files_is_cut_and_the_memory_goes_on(tmp_path):
    store = Store(tmp_path)
    for _ in range(4):
        add(store, "a")
    last = list_segments(tmp_path)[1:]
    replace(last, pa.concat_tables([read(segment) for segment in last]), 0)
    again = Store(tmp_path, 3)
    assert kept(tmp_path) == [(1, 1, [1]), (2, 3, [2, 3])]
    assert (again.files, again.points) == (2, 3)
    assert again.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    add(again, "a")
    assert kept(tmp_path)[1:] == [(2, 3, [2, 3]), (4, 4, [4])]


def test_a_damaged_file_after_the_step_does_not_matter(tmp_path):
    store = Store(tmp_path)
    for _ in range(3):
        add(store, "a")
    (tmp_path / "steps-00000002-00000002.parquet").write_bytes(b"")
    assert open_error(tmp_path, 1) is None
    assert open_error(tmp_path, 2) == f"{tmp_path / 'steps-00000002-00000002.parquet'}: is not a complete parquet file"
    assert Store(tmp_path, 1).points == 1


def test_why_a_memory_cannot_be_opened_is_said_in_one_sentence(tmp_path):
    store = Store(tmp_path)
    for _ in range(5):
        add(store, "a")
    assert [open_error(tmp_path, step) for step in range(6)] == [None] * 6
    assert open_error(tmp_path, 6) == f"{tmp_path}: the error memory ends with step 5, before the checkpoint's step 6"
    for step in (2, 3):
        (tmp_path / f"steps-{step:08d}-{step:08d}.parquet").unlink()
    assert open_error(tmp_path, 1) is None
    with pytest.raises(InputError) as error:
        Store(tmp_path, 4)
    assert str(error.value) == (
        f"{tmp_path}: the error memory lacks steps 2 to 3; put its files back, or empty the folder and train from "
        "the start."
    )
    assert open_error(tmp_path, 4) == f"{tmp_path}: the error memory lacks steps 2 to 3"
    assert open_error(tmp_path / "new", 1) == (
        f"{tmp_path / 'new'}: the error memory ends with step 0, before the checkpoint's step 1"
    )


def test_a_file_of_another_width_is_refused(tmp_path):
    store = Store(tmp_path)
    for keys in ("a", "", "a"):
        add(store, keys)
    other = Store(tmp_path / "other")
    for _ in range(3):
        add(other, "a", 3)
    path = tmp_path / "steps-00000003-00000003.parquet"
    write(Segment.of(tmp_path, 3, 3), read(list_segments(tmp_path / "other")[2]))
    with pytest.raises(InputError) as error:
        Store(tmp_path, 3)
    assert str(error.value) == (
        f"{path}: holds points of 3 numbers, and the files before it of 2; resume from a checkpoint of at most step 2."
    )
    assert Store(tmp_path, 2).points == 1
