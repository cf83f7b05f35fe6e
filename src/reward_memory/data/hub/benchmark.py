"""Download a benchmark's files from the Hugging Face hub, at a pinned commit and verified, into a mirror folder.

`snapshot_download` is not used: it cannot resume (see `client`), and only the list of files shows in which of several
forms a commit holds a split.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

from .. import mirror
from ..mirror.formats import matches
from ..mirror.releases import RELEASES, Split
from ..registry import BENCHMARKS
from .client import HubFile, HubRepository
from .files import fetch, place
from .revisions import commits, owners


def download(
    name: str,
    revision: str | Mapping[str, str] | None,
    folder: Path,
    state: Path,
    expected: Mapping[str, str] | None = None,
    partial: bool = False,
) -> dict[str, Any]:
    """Download the files of benchmark `name` into `folder`.

    revision  the commit, or a commit of each repository where there are several
    folder    a mirror of this one benchmark; each split's folder has the files under their repository paths
    state     folder that keeps fetched files under their digests; another call fetches only what is missing
    expected  path in a repository -> hex SHA-256 that the file must have
    partial   also accept files with another number of rows than the release
    returns   the manifest: commit and license of each repository, and bytes and SHA-256 of each file

    InputError, one sentence: benchmark, commit or file does not exist; repository is gated; hub cannot be reached or
    keeps failing; checksum differs (the file is deleted); number of rows differs from the release.
    """
    pinned = commits(name, revision)
    hubs = {
        owner: HubRepository(f"benchmarks: {name}", BENCHMARKS[owner].repository, commit)
        for owner, commit in pinned.items()
    }
    listings = {owner: hub.files() for owner, hub in hubs.items()}
    wanted = _wanted(name, hubs, {owner: files for owner, (files, _) in listings.items()})
    if absent := sorted({*(expected or {})} - {file.path for _, file in wanted.values()}):
        raise InputError(f"benchmarks: {name}: sha256: {absent[0]} is not one of its files ({', '.join(wanted)}).")
    pairs = {local: (hubs[owner], file) for local, (owner, file) in wanted.items()}
    digests = fetch(pairs, state, f"download of {name}", expected)
    place({local: file for local, (_, file) in pairs.items()}, state, folder)
    mirror.load(name, folder, partial=partial)
    return {
        "repositories": {
            hub.repository: {"revision": hub.commit, "license": listings[owner][1]} for owner, hub in hubs.items()
        },
        "files": {local: {"bytes": file.size, "sha256": digests[local]} for local, (_, file) in wanted.items()},
    }


def _wanted(
    name: str, hubs: Mapping[str, HubRepository], listings: Mapping[str, Mapping[str, HubFile]]
) -> dict[str, tuple[str, HubFile]]:
    """Local path -> (benchmark whose repository has it, file), for all files that `mirror.load` will read."""
    release = RELEASES[name]
    wanted: dict[str, tuple[str, HubFile]] = {}
    for split, owner in owners(name).items():
        if wanted and release.any_of:
            break
        chosen = _choose(split, listings[owner])
        if not chosen and not split.optional and not release.any_of:
            raise _unreadable(name, split, hubs[owner])
        wanted |= {f"{split.folder}/{path}": (owner, listings[owner][path]) for path in chosen}
    if not wanted:
        raise _unreadable(name, split, hubs[owner])
    return wanted


def _choose(split: Split, paths: Iterable[str]) -> list[str]:
    """Return the files of a repository that hold a source split; empty if there are none."""
    form = split.find(paths)
    if form is None:
        return []
    file, names = form
    return names + [path for path in paths if file.labels and matches(path, file.labels)]


def _unreadable(name: str, split: Split, hub: HubRepository) -> InputError:
    return InputError(
        f"benchmarks: {name}: {hub.repository} has no supported file of source split {split.name} at "
        f"commit {hub.commit}; choose another revision (if it holds only a loading script, a commit of its branch "
        "refs/convert/parquet), or use source: mirror."
    )
