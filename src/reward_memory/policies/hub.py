"""Policies from the Hugging Face hub, at a pinned commit and verified.

`snapshot_download` is not used: it neither resumes another call's download (`data.hub.client`) nor checks SHA-256, and
its patterns cannot select the shards that the index names. Repositories hold the same weights in several formats.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reward_memory.data.hub.client import MODEL, HubFile, HubRepository
from reward_memory.data.hub.files import fetch, part, place
from reward_memory.errors import InputError

from .snapshots import check

#: Files that a policy needs besides its weights, if the repository has them.
SETTINGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "chat_template.json",
)
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def download(
    name: str,
    repository: str,
    revision: str,
    folder: Path,
    state: Path,
    expected: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Download the configuration, the tokenizer and the safetensors of policy `name` into `folder`.

    revision  the commit, 40 hexadecimal digits
    state     folder that keeps downloads under their digest: another call fetches only what is missing
    expected  path in the repository -> hex SHA-256 that the file must have
    returns   the manifest: commit and license of the repository, and bytes and SHA-256 of each file

    The folder appears complete or not at all. InputError, one sentence: no such commit on the hub; a gated repository;
    a hub that cannot be reached or keeps failing; a file with a wrong checksum, which is deleted; no safetensors; a
    policy that `snapshots.check` rejects.
    """
    where = f"policies: {name}"
    hub = HubRepository(where, repository, revision, MODEL)
    listing, license = hub.files()
    small = {path: listing[path] for path in SETTINGS if path in listing}
    files = small | _weights(hub, listing, state, f"weights' index of {name}")
    if absent := sorted({*(expected or {})} - {*files}):
        raise InputError(f"{where}: hub: sha256: {absent[0]} is not one of the files, {', '.join(files)}.")
    digests = fetch({path: (hub, file) for path, file in files.items()}, state, f"download of {name}", expected)

    def verify(new: Path) -> None:
        try:
            check(new)
        except InputError as error:
            reason = str(error).replace(f"{new}: ", "").replace(f"{new}/", "").rstrip(".")
            raise InputError(
                f"{where}: {repository} at commit {revision}: {reason}; choose another revision or repository."
            ) from error

    place(files, state, folder, verify)
    return {
        "repositories": {repository: {"revision": revision, "license": license}},
        "files": {path: {"bytes": file.size, "sha256": digests[path]} for path, file in files.items()},
    }


def _weights(hub: HubRepository, listing: Mapping[str, HubFile], state: Path, what: str) -> dict[str, HubFile]:
    """The safetensors of a repository: one file, or an index and the shards that it names."""
    if WEIGHTS in listing:
        return {WEIGHTS: listing[WEIGHTS]}
    if INDEX not in listing:
        raise InputError(
            f"{hub.where}: {hub.repository} has neither {WEIGHTS} nor {INDEX} at commit {hub.commit}, and weights in "
            f"other formats are not read; choose another revision or repository, or use {MODEL.instead}."
        )
    index = listing[INDEX]
    fetch({INDEX: (hub, index)}, state, what)
    try:
        shards = sorted(
            {str(shard) for shard in json.loads(part(state, index).read_text(encoding="utf-8"))["weight_map"].values()}
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{hub.where}: {INDEX} of {hub.repository} at commit {hub.commit} names no shards; choose another revision."
        ) from error
    for shard in shards:
        # a name with a slash would lead out of the folder
        if shard not in listing or "/" in shard:
            raise InputError(
                f"{hub.where}: {hub.repository} lacks {shard}, which {INDEX} names, at commit {hub.commit}; choose "
                "another revision."
            )
    return {INDEX: index} | {shard: listing[shard] for shard in shards}
