"""Files of the Hugging Face hub: stored under their digests, verified, then put into a folder, all or none."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from huggingface_hub.utils.sha import git_hash

from reward_memory.errors import InputError
from reward_memory.jobs.progress import Progress
from reward_memory.storage.files import atomic_folder, file_digest

from .client import HubFile, HubRepository


def fetch(
    wanted: Mapping[str, tuple[HubRepository, HubFile]],
    state: Path,
    what: str,
    expected: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Download the files that `state` lacks; return the hex SHA-256 digests of all files by local name.

    wanted    local name -> (repository, file)
    state     folder that keeps fetched files under their digests; another call fetches only what is missing
    what      name of the download in progress lines
    expected  path in a repository -> hex SHA-256 that the file must have

    InputError, one sentence: the hub cannot be reached or keeps failing; a checksum differs (the file is deleted).
    """
    progress = Progress(f"{what}, bytes", sum(file.size for _, file in wanted.values()))
    digests = {}
    for local, (hub, file) in wanted.items():
        hub.fetch(file, part(state, file), progress)
        digests[local] = _verify(hub.where, file, part(state, file), (expected or {}).get(file.path))
    return digests


def place(
    files: Mapping[str, HubFile], state: Path, folder: Path, check: Callable[[Path], object] | None = None
) -> None:
    """Put fetched files into `folder` under their local names, all or none.

    check  is called with the new folder before it replaces the old one
    """
    with atomic_folder(folder) as new:
        for local, file in files.items():
            (new / local).parent.mkdir(parents=True, exist_ok=True)
            _link(part(state, file), new / local)
        if check is not None:
            check(new)


def part(state: Path, file: HubFile) -> Path:
    """Return the path under which a complete or partial file is stored."""
    return state / f"{file.digest}.part"


def _link(kept: Path, path: Path) -> None:
    """Hard-link a file; copy it if the file system has no hard links."""
    try:
        os.link(kept, path)
    except OSError:
        shutil.copyfile(kept, path)


def _verify(where: str, file: HubFile, kept: Path, expected: str | None) -> str:
    """Return a file's SHA-256; delete it and raise InputError if it does not match the hub's digest or `expected`."""
    actual = file_digest(kept)
    large = len(file.digest) == 64
    if actual == (expected or actual) and file.digest == (actual if large else git_hash(kept.read_bytes())):
        return actual
    kept.unlink()
    if expected and actual != expected:
        raise InputError(
            f"{where}: {file.path} has SHA-256 {actual}, not {expected}; it was deleted: run again, and if that does "
            "not help, correct revision or sha256."
        )
    raise InputError(
        f"{where}: {file.path} does not match the digest that the hub lists ({file.digest}); it was deleted: run the "
        "same command again."
    )
