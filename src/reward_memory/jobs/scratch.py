"""A temporary folder with a short path that is always cleaned up.

Ray puts Unix sockets in its temporary folder, and a socket's path is limited to 107 bytes. A cluster's TMPDIR is often
too long for that. The folder also holds the temporary files of verl and torch.

When the owner is killed, a watcher process removes the folder and ends the processes that use it. If the watcher was
killed too, the next owner does so. A lock on the folder shows whether its owner is alive.
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

#: Maximum length of the folder's path, in bytes. Ray appends /session_<date>_<time>_<microseconds>_<pid>, 43 bytes,
#: and /sockets/plasma_store, 21 bytes, plus a number if two nodes share a machine.
LONGEST = 107 - 43 - 21 - 3
PREFIX, MARK = "rm-", ".reward-memory"
#: Paths that are allowed: Ray splits command lines with the path at spaces.
PLAIN = re.compile(r"[A-Za-z0-9._/+-]+")
#: Where Linux keeps shared memory.
SHARED_MEMORY = Path("/dev/shm")
#: Saved at import, because sys.executable may be replaced later.
_PYTHON = sys.executable


@contextmanager
def scratch() -> Iterator[Path]:
    """Create a private folder with a short path; processes with it as TMPDIR end with the block or this process.

    InputError if no place is suitable.
    """
    for place in places():
        sweep(place)
    folder, lock = _new()
    watcher = subprocess.Popen(
        [_PYTHON, "-m", __name__, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # not killed with this process's group
    )
    try:
        yield folder
    finally:
        clear(folder)
        watcher.communicate()  # closes its input and waits
        os.close(lock)


def places() -> list[Path]:
    """Folders in which the scratch folder can be created, best first."""
    candidates = []
    with suppress(FileNotFoundError):
        candidates.append(tempfile.gettempdir())  # TMPDIR if it can be written to
    candidates += ["/tmp", "/var/tmp", "/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "")]
    return [Path(place) for place in dict.fromkeys(candidates) if place and _fits(place)]


def _fits(place: str) -> bool:
    """Whether a folder is short enough, plain, and safe from other users."""
    name = len(f"/{PREFIX}") + 8  # random part of mkdtemp's names
    if PLAIN.fullmatch(place) is None or len(place) + name > LONGEST:
        return False
    with suppress(OSError):
        mode = os.stat(place).st_mode
        # in a shared folder without the sticky bit anyone could replace our folder
        return stat.S_ISDIR(mode) and (not mode & stat.S_IWOTH or bool(mode & stat.S_ISVTX))
    return False


def _new() -> tuple[Path, int]:
    for place in places():
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))  # mode 0700
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
    """Clear the folders in `place` that this user's killed processes left behind."""
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
    """Name this process's shared memory after its TMPDIR, if that is such a folder, so that `clear` finds it.

    Python's default names, psm_..., do not show the owner. Each process that creates shared memory has to call this.
    """
    name = Path(os.environ.get("TMPDIR", "")).name
    if name.startswith(PREFIX):
        shared_memory._SHM_NAME_PREFIX = f"/{name}_"  # pyright: ignore[reportAttributeAccessIssue] - private
        # Linux allows 255 characters
        shared_memory._SHM_SAFE_NAME_LENGTH = len(f"/{name}_") + 16  # pyright: ignore[reportAttributeAccessIssue]


def main() -> None:
    """Clear the folder given as argument once standard input closes, that is, once the owner process has ended."""
    sys.stdin.buffer.read()
    folder = Path(sys.argv[1])
    if folder.exists():
        clear(folder)


if __name__ == "__main__":
    main()
