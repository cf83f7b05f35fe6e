"""The short temporary folder of a training: where it is, and that nothing stays of it."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from multiprocessing import shared_memory
from pathlib import Path

import pytest

from reward_memory.errors import InputError
from reward_memory.jobs import scratch

#: Holds a folder, starts a process that uses it and one that forgets its parent, says so, waits.
OWNER = """
import os, subprocess, sys
from reward_memory.jobs.scratch import scratch
with scratch() as folder:
    user = subprocess.Popen(["sleep", "60"], env=os.environ | {"TMPDIR": str(folder)}, start_new_session=True)
    print(folder, user.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(monkeypatch):
    """Set TMPDIR as a fresh process would see it."""

    def temporary(folder: Path | str) -> None:
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr(tempfile, "tempdir", None)

    return temporary


@pytest.fixture
def short():
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp") as folder:
        yield Path(folder)


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_short_plain_temporary_folder_is_used(temporary, short):
    temporary(short)
    with scratch.scratch() as folder:
        assert folder.parent == short


@pytest.mark.parametrize("name", ["a" * 90, "a" * 150, "with space", "d\u00e9j\u00e0", "quote'", "dollar$HOME"])
def test_any_other_temporary_folder_gives_way_to_a_short_one(temporary, short, name):
    (short / name).mkdir()
    temporary(short / name)
    with scratch.scratch() as folder:
        assert short not in folder.parents
        assert scratch.PLAIN.fullmatch(str(folder))
        assert len(str(folder)) <= scratch.LONGEST


def test_a_missing_temporary_folder_is_no_obstacle(temporary, short):
    temporary(short / "missing")
    with scratch.scratch() as folder:
        assert folder.is_dir()


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_path_still_holds_rays_longest_socket(temporary, short, more):
    place = short / ("a" * (scratch.LONGEST - len(f"{short}//rm-12345678") + more))
    place.mkdir()
    temporary(place)
    with scratch.scratch() as folder:
        assert (folder.parent == place) == (more == 0)
        # of two nodes on one machine, with the largest process id of Linux
        socket = folder / "session_2026-11-25_23-22-25_246956_4194304/sockets/plasma_store.1"
        assert len(str(socket)) <= 107


def test_without_any_place_one_sentence_says_what_to_set(monkeypatch):
    monkeypatch.setattr(scratch, "places", lambda: [Path("/proc")])
    with (
        pytest.raises(InputError, match="TMPDIR: Ray needs a temporary folder whose path has at most"),
        scratch.scratch(),
    ):
        pass


def test_a_folder_that_others_may_change_is_no_place(short):
    (short / "open").mkdir()
    (short / "open").chmod(0o777)
    assert not scratch._fits(str(short / "open"))
    (short / "open").chmod(0o1777)
    assert scratch._fits(str(short / "open"))


def test_the_folder_is_private_even_with_a_lax_umask(temporary, short):
    temporary(short)
    before = os.umask(0)
    try:
        with scratch.scratch() as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_what_uses_the_folder_ends_with_the_block(temporary, short):
    temporary(short)
    with scratch.scratch() as folder:
        (folder / "file").touch()
        user = subprocess.Popen(["sleep", "60"], env=os.environ | {"TMPDIR": str(folder)})
        stranger = subprocess.Popen(["sleep", "60"], env=os.environ | {"TMPDIR": str(folder) + "x"})
    assert not lives(user.pid)
    assert lives(stranger.pid)
    stranger.kill()
    for process in (user, stranger):
        process.wait()
    assert list(short.iterdir()) == []


def owner(short: Path) -> tuple[subprocess.Popen, Path, int]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env=os.environ | {"TMPDIR": str(short)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    folder, user = process.stdout.readline().split()
    return process, Path(folder), int(user)


def watchers(folder: Path) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-f", f"reward_memory.jobs.scratch {folder}"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def test_after_a_kill_the_watcher_ends_what_uses_the_folder_and_removes_it(short):
    process, folder, user = owner(short)
    process.kill()
    process.wait()
    until(lambda: not lives(user) and not folder.exists())


def test_where_the_watcher_was_killed_too_the_next_owner_does_so(temporary, short):
    process, folder, user = owner(short)
    until(lambda: watchers(folder))
    for one in [*watchers(folder), process.pid]:
        os.kill(one, 9)
    process.wait()
    assert folder.exists()
    temporary(short)
    with scratch.scratch():
        assert not folder.exists()
        assert not lives(user)


def test_a_sweep_leaves_living_owners_and_folders_of_others(short):
    process, folder, user = owner(short)
    (short / "rm-mine").mkdir()
    (short / "rm-mine/thesis").touch()
    (short / "rm-file").touch()
    (short / "rm-link").symlink_to(folder)
    scratch.sweep(short)
    assert lives(user)
    assert (short / "rm-mine/thesis").exists()
    process.stdin.close()
    assert process.wait(20) == 0
    assert sorted(path.name for path in short.iterdir()) == ["rm-file", "rm-link", "rm-mine"]


def test_shared_memory_of_a_killed_process_goes_with_the_folder_and_no_other_does(temporary, short, monkeypatch):
    for name in ("_SHM_NAME_PREFIX", "_SHM_SAFE_NAME_LENGTH"):
        monkeypatch.setattr(shared_memory, name, getattr(shared_memory, name))
    others = shared_memory.SharedMemory(create=True, size=1)
    temporary(short)
    with scratch.scratch() as folder:
        monkeypatch.setenv("TMPDIR", str(folder))
        scratch.name_shared_memory()
        own = shared_memory.SharedMemory(create=True, size=1)
        assert (scratch.SHARED_MEMORY / own.name.lstrip("/")).exists()
    assert not (scratch.SHARED_MEMORY / own.name.lstrip("/")).exists()
    assert (scratch.SHARED_MEMORY / others.name.lstrip("/")).exists()
    own.close()
    others.close()
    others.unlink()


def test_outside_of_such_a_folder_shared_memory_keeps_pythons_names(temporary, short, monkeypatch):
    temporary(short)
    before = shared_memory._SHM_NAME_PREFIX
    scratch.name_shared_memory()
    assert before == shared_memory._SHM_NAME_PREFIX
