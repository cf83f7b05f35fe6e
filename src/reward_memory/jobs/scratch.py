"""A temporary folder with a short path, and nothing left of it afterwards.

Ray puts Unix sockets in its temporary folder, and the path of a socket holds 107 bytes. The TMPDIR of a cluster is
often too long for that. The folder also takes what verl and torch leave in a temporary folder.

A watcher removes the folder when its owner is killed, and ends the processes that use it. If the watcher was killed
too, the next owner does so. A lock on the folder tells whether its owner is alive.
"""

import fcntl
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import shared_memory
from pathlib import Path

from reward_memory.errors import InputError

from .processes import kill_marked

#: The longest path of the folder, in bytes. Below it Ray makes /session_<date>_<time>_<microseconds>_<pid>, 43 bytes,
#: and there /sockets/plasma_store, 21 bytes, with a number where two nodes share a machine.
LONGEST = 107 - 43 - 21 - 3
PREFIX, MARK = "rm-", ".reward-memory"
#: Ray splits command lines that hold the path at spaces.
PLAIN = re.compile(r"[A-Za-z0-9._/+-]+")
#: Where Linux keeps shared memory.
SHARED_MEMORY = Path("/dev/shm")
#: Kept, as the process may change what it starts in Python's place.
_PYTHON = sys.executable


@contextmanager
def scratch() -> Iterator[Path]:
    """A new private folder with a short path; processes with it as TMPDIR end with the block, or with this process.

    InputError if there is no place for one.
    """
    for place in places():
        sweep(place)
    folder, lock = _new()
    watcher = subprocess.Popen(
        [_PYTHON, "-m", __name__, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # out of reach of what kills this process's group
    )
    try:
        yield folder
    finally:
        clear(folder)
        watcher.communicate()  # closes its input and waits
        os.close(lock)


def places() -> list[Path]:
    """Folders that a short one may be made in, the best first."""
    given = []
    with suppress(FileNotFoundError):
        given.append(tempfile.gettempdir())  # TMPDIR if it can be written to
    given += ["/tmp", "/var/tmp", "/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "")]
    return [Path(place) for place in dict.fromkeys(given) if place and _fits(place)]


def _fits(place: str) -> bool:
    """Whether a folder is short enough, plain, and safe from other users."""
    name = len(f"/{PREFIX}") + 8  # of mkdtemp
    if PLAIN.fullmatch(place) is None or len(place) + name > LONGEST:
        return False
    with suppress(OSError):
        mode = os.stat(place).st_mode
        # in a shared folder without the sticky bit anyone could replace ours
        return stat.S_ISDIR(mode) and (not mode & stat.S_IWOTH or bool(mode & stat.S_ISVTX))
    return False


def _new() -> tuple[Path, int]:
    for place in places():
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))  # of mode 0700
            try:
                with socket.socket(socket.AF_UNIX) as trial:
                    trial.bind(str(folder / "trial"))  # not every file system has sockets
                (folder / "trial").unlink()
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(lock, fcntl.LOCK_EX)
                (folder / MARK).touch()
                return folder, lock
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    raise InputError(
        f"TMPDIR: Ray needs a temporary folder whose path has at most {LONGEST - 12} plain characters, and neither "
        "TMPDIR nor /tmp, /var/tmp, /dev/shm or XDG_RUNTIME_DIR is one that this user can write to; set TMPDIR to such "
        "a folder."
    )


def sweep(place: Path) -> None:
    """Clear the folders in `place` that this user's killed processes left."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.getuid() and (folder / MARK).is_file():
                    clear(folder)
            finally:
                os.close(lock)


def clear(folder: Path) -> None:
    """End the processes that have `folder` as TMPDIR; remove their shared memory and the folder."""
    kill_marked("TMPDIR", str(folder))
    for segment in SHARED_MEMORY.glob(f"{folder.name}_*"):
        segment.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def name_shared_memory() -> None:
    """Name this process's shared memory after its TMPDIR, if that is such a folder, so that `clear` knows it.

    Python's own names, psm_..., do not say whose they are. Each process that makes some has to call this.
    """
    name = Path(os.environ.get("TMPDIR", "")).name
    if name.startswith(PREFIX):
        shared_memory._SHM_NAME_PREFIX = f"/{name}_"  # pyright: ignore[reportAttributeAccessIssue] - private
        # Linux allows 255
        shared_memory._SHM_SAFE_NAME_LENGTH = len(f"/{name}_") + 16  # pyright: ignore[reportAttributeAccessIssue]


def main() -> None:
    """Clear the folder that is the argument once standard input ends: with the process that holds its other end."""
    sys.stdin.buffer.read()
    folder = Path(sys.argv[1])
    if folder.exists():
        clear(folder)


if __name__ == "__main__":
    main()
