import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.error_memory import segments as segments_module
from reward_memory.error_memory import store as store_module
from reward_memory.error_memory.store import Store
from reward_memory.errors import InputError


class Killed(BaseException):
    """In the place of SIGKILL: nothing catches it on purpose."""


def rows(step: int, count: int = 6) -> tuple:
    """What a step appends: `count` points of three prompts, telling their step and number."""
    samples = np.arange(count)
    keys = np.array(["a", "b", "c"])[np.sort(samples % 3)]
    right = samples % 4 == 3
    return keys, right, samples, np.stack([np.full(count, step), samples], axis=1).astype(np.float32)


def seen(store: Store) -> dict:
    return {(key, right): store.history(key, right).tolist() for key in "abc" for right in (False, True)}


def expected(step: int, limit: int | None = None, counts=None) -> dict:
    """What is seen after a step, from the rows alone."""
    found = {(key, right): [] for key in "abc" for right in (False, True)}
    for past in range(1, step + 1):
        for key, right, _, vector in zip(*rows(past, counts[past - 1] if counts else 6), strict=True):
            found[str(key), bool(right)].append(vector.tolist())
    return {owner: points if limit is None else points[-limit:] for owner, points in found.items()}


def run(store: Store, last: int, oldest=lambda step: 0) -> Store:
    """Append and tidy up to step `last`."""
    for step in range(store.step + 1, last + 1):
        store.append(*rows(step))
        store.tidy(oldest(step))
    return store


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def small_files(monkeypatch):
    """Sizes as in a long run: a step's file is a tenth of the largest merged one."""
    monkeypatch.setattr(store_module, "MERGED", 13_500)


def test_a_new_memory_is_empty(tmp_path):
    store = Store(tmp_path / "new")
    assert (store.points, store.keys, store.files, store.bytes, store.step) == (0, 0, 0, 0, 0)
    assert store.history("a", False).shape == (0, 0)


def test_a_step_is_seen_at_once_and_after_opening_again(tmp_path):
    store = run(Store(tmp_path), 2)
    assert seen(store) == expected(2) == seen(Store(tmp_path, 2))
    assert store.history("a", False).tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]
    assert store.history("a", False).dtype == np.float32


def test_growth_is_told(tmp_path):
    store = run(Store(tmp_path), 3)
    assert (store.points, store.keys, store.files) == (18, 4, 3)
    assert store.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_bytes_written_are_those_of_the_steps_file(tmp_path):
    store = Store(tmp_path)
    written = store.append(*rows(1))
    assert written == (tmp_path / "steps-00000001-00000001.parquet").stat().st_size


def test_a_step_may_add_nothing(tmp_path):
    store = Store(tmp_path)
    store.append(*(column[:0] for column in rows(1)))
    store.append(*rows(2))
    assert Store(tmp_path, 2).history("a", False).tolist() == [[2, 0], [2, 1]]


def test_vectors_of_another_width_are_an_error(tmp_path):
    store = run(Store(tmp_path), 1)
    keys, right, samples, vectors = rows(2)
    with pytest.raises(ValueError, match="holds vectors of 2 numbers, not 3"):
        store.append(keys, right, samples, np.hstack([vectors, vectors[:, :1]]))


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=24), st.data(), st.none() | st.integers(1, 12))
def test_opened_at_any_step_the_memory_is_as_it_was_then(tmp_path_factory, counts, data, limit):
    folder = tmp_path_factory.mktemp("memory")
    store = Store(folder, 0, limit)
    for step, count in enumerate(counts, 1):
        store.append(*rows(step, count))
        store.tidy()
    resumed = data.draw(st.integers(0, len(counts)))
    again = Store(folder, resumed, limit)
    assert seen(again) == expected(resumed, limit, counts)
    # and goes on as if nothing had come in between
    for step, count in enumerate(counts[resumed:], resumed + 1):
        again.append(*rows(step, count))
        again.tidy()
    assert seen(again) == seen(store) == seen(Store(folder, len(counts), limit))


def test_a_step_done_again_takes_the_first_ones_place(tmp_path):
    run(Store(tmp_path), 3)
    store = Store(tmp_path, 2)
    keys, right, samples, vectors = rows(3)
    store.append(keys, right, samples, -vectors)
    assert store.history("a", False)[-2:].tolist() == [[-3, 0], [-3, -1]]
    assert seen(Store(tmp_path, 3)) == seen(store)


def test_what_later_steps_wrote_is_deleted_on_opening(tmp_path):
    run(Store(tmp_path), 20)
    Store(tmp_path, 5)
    with pytest.raises(InputError, match="ends with step 5, before the checkpoint's step 6; put its files back"):
        Store(tmp_path, 6)


def test_a_merged_file_is_cut_on_opening_a_step_within_it(tmp_path):
    run(Store(tmp_path), 20)
    short = Store(tmp_path, 5)
    assert short.files == len(listing(tmp_path)) == len(segments_module.list_segments(tmp_path))
    assert short.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_merging_keeps_the_files_few(tmp_path, small_files):
    store, most = Store(tmp_path), 0
    for step in range(1, 151):
        run(store, step)
        most = max(most, store.files)
    # at most one for each MERGED / MERGE bytes, and MERGE at the end
    assert most <= store.bytes * store_module.MERGE / store_module.MERGED + store_module.MERGE
    assert most < 50
    assert len(listing(tmp_path)) == store.files
    assert seen(store) == expected(150) == seen(Store(tmp_path, 150))


def test_files_are_merged_where_they_are_together_no_larger_than_a_merged_one_may_be(tmp_path, monkeypatch):
    store = Store(tmp_path)
    for step in range(1, store_module.MERGE + 1):
        store.append(*rows(step))
    monkeypatch.setattr(store_module, "MERGED", store.bytes - 1)
    assert store.tidy() == 0
    monkeypatch.setattr(store_module, "MERGED", store.bytes)
    assert store.tidy() > 0
    assert store.files == 1


def test_no_step_writes_more_than_one_merged_file(tmp_path, small_files):
    store, tidied = Store(tmp_path, 0, 4), []
    for step in range(1, 101):
        store.append(*rows(step))
        tidied.append(store.tidy(oldest=step // 10 * 10))
    assert 0 < max(tidied) <= store_module.MERGED
    assert sum(map(bool, tidied)) > 20


def test_points_that_no_resumed_run_can_see_are_given_up(tmp_path, small_files):
    bounded = run(Store(tmp_path / "bounded", 0, 10), 200, oldest=lambda step: step // 10 * 10)
    assert bounded.points == 40
    kept = sum(
        segments_module.read(segment).num_rows for segment in segments_module.list_segments(tmp_path / "bounded")
    )
    # of 1,200; the oldest that is seen of a key with one point a step was added in step 191
    assert kept == 2 * 10 + 4 * 5 + 2 * 4
    assert seen(bounded) == expected(200, 10)


@pytest.mark.slow
@pytest.mark.parametrize("resumed", [190, 193, 199, 200])
def test_what_a_resumed_run_can_see_is_kept(tmp_path, small_files, resumed):
    run(Store(tmp_path, 0, 10), 200, oldest=lambda step: max(step // 10 * 10 - 10, 0))
    again = Store(tmp_path, resumed, 10)
    assert seen(again) == expected(resumed, 10)
    assert seen(run(again, 230)) == expected(230, 10)


@pytest.mark.slow
def test_a_step_whose_points_were_given_up_cannot_be_opened_and_nothing_is_lost_by_the_try(tmp_path, small_files):
    run(Store(tmp_path, 0, 10), 200, oldest=lambda step: step // 10 * 10)
    before = listing(tmp_path)
    with pytest.raises(InputError, match=r"back to step \d+, not to the checkpoint's step 20; resume from a later"):
        Store(tmp_path, 20, 10)
    assert listing(tmp_path) == before
    assert seen(Store(tmp_path, 200, 10)) == expected(200, 10)


def test_a_gap_is_an_error(tmp_path):
    run(Store(tmp_path), 3)
    (tmp_path / "steps-00000002-00000002.parquet").unlink()
    with pytest.raises(InputError, match="lacks steps 2 to 2; put its files back, or empty the folder"):
        Store(tmp_path, 3)


def test_a_broken_file_is_an_error_and_nothing_is_lost_by_the_try(tmp_path):
    run(Store(tmp_path), 3)
    broken = tmp_path / "steps-00000002-00000002.parquet"
    broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(
        InputError, match=r"00000002\.parquet: is not a complete parquet file; resume .* at most step 1"
    ):
        Store(tmp_path, 2)
    assert len(listing(tmp_path)) == 3
    assert seen(Store(tmp_path, 1)) == expected(1)


# --- killed


@pytest.mark.parametrize("moment", ["while writing", "before the rename"])
def test_killed_during_an_append_the_old_memory_is_there(tmp_path, monkeypatch, moment):
    store = run(Store(tmp_path), 2)
    with monkeypatch.context() as patch:
        if moment == "while writing":

            def write(table, path, **_):
                Path(path).write_bytes(b"PAR1 half")
                raise Killed

            patch.setattr(segments_module.pq, "write_table", write)
        else:
            patch.setattr(Path, "replace", kill)
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # a killed process does not clean up
        with pytest.raises(Killed):
            store.append(*rows(3))
    assert any(name.endswith(".part") for name in listing(tmp_path))
    again = Store(tmp_path, 2)
    assert seen(again) == expected(2)
    assert len(listing(tmp_path)) == 2
    assert seen(run(again, 3)) == expected(3)


def kill(*_, **__):
    raise Killed


def every_moment(tmp_path: Path, monkeypatch, prepare, act) -> Iterator[Path]:
    """The folders that `act` leaves if it is killed before each of its changes in turn."""
    moment = 0
    while True:
        folder = tmp_path / str(moment)
        state = prepare(folder)
        left = [moment]

        def counted(change, left=left):
            def wrapped(*arguments, **options):
                if left[0] == 0:
                    raise Killed
                left[0] -= 1
                return change(*arguments, **options)

            return wrapped

        with monkeypatch.context() as patch:
            for change in ("replace", "unlink"):
                patch.setattr(Path, change, counted(getattr(Path, change)))
            try:
                act(folder, state)
                break
            except Killed:
                pass
        yield folder
        moment += 1
    assert moment >= 2


@pytest.mark.slow
@pytest.mark.parametrize("resumed", [22, 20, 7, 0])
def test_killed_at_any_moment_of_a_merge_the_memory_is_whole(tmp_path, monkeypatch, small_files, resumed):
    def prepare(folder):
        store = run(Store(folder, 0, 10), 21)
        store.append(*rows(22))
        assert store.files == store_module.MERGE
        return store

    for folder in every_moment(tmp_path, monkeypatch, prepare, lambda _, store: store.tidy()):
        again = Store(folder, resumed, 10)
        assert seen(again) == expected(resumed, 10)
        assert seen(run(again, 30)) == expected(30, 10)


@pytest.mark.slow
def test_killed_at_any_moment_while_points_are_given_up_the_memory_is_whole(tmp_path, monkeypatch, small_files):
    def prepare(folder):
        return run(Store(folder, 0, 4), 40)

    def act(_, store):
        while store.tidy(oldest=38):
            pass

    for number, folder in enumerate(every_moment(tmp_path, monkeypatch, prepare, act)):
        again = Store(folder, 38 + number % 3, 4)
        assert seen(again) == expected(38 + number % 3, 4)


@pytest.mark.slow
@pytest.mark.parametrize("resumed", [0, 3, 17])
def test_killed_at_any_moment_of_opening_an_earlier_step_it_can_be_opened_again(tmp_path, monkeypatch, resumed):
    def prepare(folder):
        run(Store(folder), 19)

    for folder in every_moment(tmp_path, monkeypatch, prepare, lambda folder, _: Store(folder, resumed)):
        again = Store(folder, resumed)
        assert seen(again) == expected(resumed)
        assert seen(run(again, 21)) == expected(21)


def test_a_full_disk_is_told_and_leaves_the_old_memory(tmp_path, monkeypatch):
    store = run(Store(tmp_path), 2)
    monkeypatch.setattr(
        segments_module.pq, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError(28, os.strerror(28)))
    )
    with pytest.raises(InputError, match="no space left on the disk"):
        store.append(*rows(3))
    assert seen(Store(tmp_path, 2)) == expected(2)


def test_a_copy_of_the_folder_is_the_memory(tmp_path):
    run(Store(tmp_path / "memory"), 12)
    shutil.copytree(tmp_path / "memory", tmp_path / "copy")
    assert seen(Store(tmp_path / "copy", 9)) == expected(9)


def test_files_are_plain_parquet_tables(tmp_path):
    run(Store(tmp_path), 1)
    table = pa.parquet.read_table(tmp_path / "steps-00000001-00000001.parquet")
    assert table.slice(0, 1).to_pylist() == [{"key": "a", "right": False, "step": 1, "sample": 0, "vector": [1.0, 0.0]}]
