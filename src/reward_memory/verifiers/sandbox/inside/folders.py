"""Folders that a program filled as it liked: how much is in one, and its removal, which never raises."""

import contextlib
import itertools
import os


def is_full(folder, entries, size):
    """Whether a folder holds more than so many entries or bytes, or paths too long to follow; looks no further."""
    pending = [folder]
    while pending:
        try:
            with contextlib.suppress(FileNotFoundError, PermissionError), os.scandir(pending.pop()) as listing:
                for entry in listing:
                    entries -= 1
                    size -= entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    if entries < 0 or size < 0:
                        return True
        except OSError:
            return True
    return False


class Removal:
    """Removes folders of any depth: what is below moves up into `bin`, an empty folder on the same file system, so that
    no path grows long and nothing recurses. What cannot be removed stays.
    """

    def __init__(self, bin):
        self.bin, self.numbers = bin, itertools.count()

    def remove(self, folder):
        pending = [folder]
        while pending:
            path = pending.pop()
            with contextlib.suppress(OSError):
                os.chmod(path, 0o700)
            with contextlib.suppress(OSError), os.scandir(path) as listing:
                for entry in listing:
                    with contextlib.suppress(OSError):
                        if not entry.is_dir(follow_symlinks=False):
                            os.unlink(entry.path)
                            continue
                        os.chmod(entry.path, 0o700)  # to move a folder is to write to it
                        moved = f"{self.bin}/{next(self.numbers)}"
                        os.rename(entry.path, moved)
                        pending.append(moved)
            with contextlib.suppress(OSError):
                os.rmdir(path)
