"""Pinned commits of the Hugging Face hub repositories that hold a benchmark's files."""

import re
from collections.abc import Mapping

from reward_memory.errors import InputError

from ..mirror.releases import RELEASES, Split
from ..registry import BENCHMARKS, check_name


def commits(name: str, revision: str | Mapping[str, str] | None) -> dict[str, str]:
    """Return {benchmark: commit} for each benchmark whose repository is needed.

    InputError if one is missing, or is a branch or tag, which may move.
    """
    check_name(name)
    needed = list(dict.fromkeys(owners(name).values()))
    if isinstance(revision, str) and len(needed) == 1:
        revision = {BENCHMARKS[name].repository: revision}
    pinned = {}
    for owner in needed:
        repository = BENCHMARKS[owner].repository
        commit = revision.get(repository) if isinstance(revision, Mapping) else None
        page = f"https://huggingface.co/datasets/{repository}/commits/main"
        if commit is None:
            form = "" if len(needed) == 1 else f", as a line `{repository}: <commit>` for each repository"
            raise InputError(
                f"benchmarks: {name}: source 'hub' needs the key 'revision' with the 40 hexadecimal digits of a commit"
                f"{form}; copy one from {page}."
            )
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise InputError(
                f"benchmarks: {name}: revision: {commit!r} is not a commit of 40 hexadecimal digits (a branch or tag "
                f"may move); copy one from {page}."
            )
        pinned[owner] = commit
    return pinned


def owners(name: str) -> dict[Split, str]:
    """Source split -> the benchmark whose repository holds it (MEDS also trains on MATH's files)."""
    folders = {other: {split.folder for split in release.splits} for other, release in RELEASES.items()}
    return {
        split: next(
            (other for other in BENCHMARKS if len(folders[other]) == 1 and split.folder in folders[other]), name
        )
        for split in RELEASES[name].splits
    }
