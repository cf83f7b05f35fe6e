"""Files of a benchmark from the Hugging Face hub, at a pinned commit and verified, as a folder that mirrors read."""

import re
import shutil
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from huggingface_hub.utils.sha import git_hash

from ..errors import InputError
from ..progress import Progress
from ..provenance import atomic_folder, file_digest, write_json
from .hub_client import HubFile, HubRepository
from .registry import BENCHMARKS, check_name

#: Beside the files: the repository, the commit, the licence, and bytes and SHA-256 of every file.
MANIFEST = "manifest.json"
#: Files that hold rows; cards, scripts and dataset_infos.json are left where they are.
SUFFIXES = (".parquet", ".jsonl", ".csv", ".zip")


def download(
    name: str, revision: str | None, folder: Path, state: Path, expected: Mapping[str, str] | None = None
) -> None:
    """Download the files of benchmark `name` at commit `revision` into `folder`, with a manifest.json beside them.

    folder    gets the files under their paths in the repository, below a folder with the benchmark's name
    state     folder where unfinished files wait for the next call, which fetches only what is missing
    expected  path in the repository -> hex SHA-256 that the file must have

    InputError, one sentence: no such benchmark, commit or file on the hub; a gated repository; a hub that cannot be
    reached or keeps failing; a file with another checksum, which is deleted.
    """
    commit, where = check_revision(name, revision), BENCHMARKS[name].repository
    repository = HubRepository(name, where, commit)
    listed, licence = repository.files()
    wanted = [listed[path] for path in _chosen(BENCHMARKS[name].folder, listed)]
    absent = sorted({*(expected or {})} - {file.path for file in wanted})
    if absent or not wanted:
        what = absent[0] if absent else f"data files in {BENCHMARKS[name].folder or 'its top folder or data'}"
        raise InputError(f"benchmarks: {name}: {where} has no {what} at commit {commit}; choose another revision.")
    progress = Progress(f"download of {where}, bytes", sum(file.size for file in wanted))
    digests = {}
    for file in wanted:
        repository.fetch(file, _part(state, file), progress)
        digests[file.path] = _verify(name, file, _part(state, file), (expected or {}).get(file.path))
    with atomic_folder(folder) as new:
        for file in wanted:
            (new / name / file.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_part(state, file), new / name / file.path)
        files = {file.path: {"bytes": file.size, "sha256": digests[file.path]} for file in wanted}
        write_json(new / MANIFEST, {"repository": where, "revision": commit, "licence": licence, "files": files})


def check_revision(name: str, revision: str | None) -> str:
    """The commit to download; InputError if it is missing, or a branch or tag, which may move."""
    check_name(name)
    commits = f"https://huggingface.co/datasets/{BENCHMARKS[name].repository}/commits/main"
    if revision is None:
        raise InputError(
            f"benchmarks: {name}: source 'hub' needs the key 'revision' with the 40 hexadecimal digits of a commit; "
            f"copy one from {commits}."
        )
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise InputError(
            f"benchmarks: {name}: revision: {revision!r} is not a commit of 40 hexadecimal digits (a branch or tag may "
            f"move); copy one from {commits}."
        )
    return revision


def _chosen(folder: str, paths: Iterable[str]) -> list[str]:
    """The data files of a repository that lie in `folder`; `*` is any one folder, "" is the top or `data`."""

    def inside(parent: str) -> bool:
        if not folder:
            return parent in ("", "data")
        return bool(parent) and "/" not in parent and fnmatchcase(parent, folder)

    return sorted(path for path in paths if path.endswith(SUFFIXES) and inside(path.rpartition("/")[0]))


def _part(state: Path, file: HubFile) -> Path:
    return state / f"{file.digest}.part"


def _verify(name: str, file: HubFile, part: Path, expected: str | None) -> str:
    """The SHA-256 of a downloaded file; a file that is not what the hub or `expected` says is deleted."""
    found = file_digest(part)
    large = len(file.digest) == 64
    if found == (expected or found) and file.digest == (found if large else git_hash(part.read_bytes())):
        return found
    part.unlink()
    if expected and found != expected:
        raise InputError(
            f"benchmarks: {name}: {file.path} has SHA-256 {found}, not {expected}; it was deleted: run again, and if "
            "that does not help, correct revision or sha256."
        )
    raise InputError(
        f"benchmarks: {name}: {file.path} did not arrive as the hub lists it (digest {file.digest}); it was deleted: "
        "run the same command again."
    )
