"""A policy that the user brings, looked at without loading it: files, headers of weights, settings."""

import json
import os
import struct
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

from .snapshots import WEIGHTS, check

_POINTER = b"version https://git-lfs"
_FETCH = "download the file again"
_SETTINGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
_LARGEST_HEADER = 100_000_000  # bytes, which safetensors itself allows


def inspect(name: str, folder: Path) -> None:
    """InputError, one sentence with policy, file and fix, for what headers and small files show of a policy folder.

    Milliseconds, whatever the size of the policy. `loading.load` looks at the weights themselves.
    """
    where = f"policies: {name}: path: "
    if not folder.exists():
        raise InputError(f"{where}{folder}: no such policy folder; give the path of a Hugging Face model folder.")
    if not folder.is_dir():
        raise InputError(f"{where}{folder}: is a file; give the Hugging Face model folder around it.")
    if not os.access(folder, os.R_OK | os.X_OK) or not any(folder.iterdir()):
        raise InputError(f"{where}{folder}: the folder is empty or cannot be read; put a Hugging Face model there.")
    try:
        for file in sorted(folder.iterdir()):
            _readable(file)
        for file in _SETTINGS:
            if (folder / file).is_file():
                _object(folder / file)
        if (folder / WEIGHTS[1]).is_file():
            _shards(folder / WEIGHTS[1])
        check(folder)
        _settings(folder / "config.json")
        _weights(folder)
    except InputError as error:
        text = str(error).rstrip(".")
        # a sentence of `check` says what is missing, not what to do
        raise InputError(f"{where}{text}{'' if ';' in text else '; complete the folder'}.") from error


def _readable(file: Path) -> None:
    """Refuse links into nowhere, files without permission, and Git LFS pointers where a file should be."""
    if file.is_symlink() and not file.exists():
        raise InputError(f"{file}: is a link to {file.readlink()}, which is not there; copy the file itself")
    if not file.is_file():
        return
    try:
        with file.open("rb") as stream:
            begin = stream.read(len(_POINTER))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); change its permissions") from error
    if begin == _POINTER:
        raise InputError(f"{file}: is a Git LFS pointer, not the file; run `git lfs pull` in the folder")


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not whole JSON; {_FETCH}") from error
    if not isinstance(found, dict):
        raise InputError(f"{file}: holds no JSON object; {_FETCH}")
    return found


def _settings(file: Path) -> None:
    settings = _object(file)
    if not isinstance(settings.get("model_type"), str):
        raise InputError(f"{file}: has no model_type, which names the architecture; {_FETCH}")
    if "quantization_config" in settings:
        raise InputError(f"{file}: the policy is quantized, and cannot be trained; give the model in full precision")
    if "auto_map" in settings:
        raise InputError(f"{file}: auto_map asks for Python code from the folder, which is not run; remove it")


def _weights(folder: Path) -> None:
    """Refuse weights whose headers do not fit their files, or their index."""
    if not (folder / WEIGHTS[0]).is_file() and not (folder / WEIGHTS[1]).is_file():
        raise InputError(
            f"{folder}: has pickled weights alone ({WEIGHTS[2]}), which may run code; save the model as safetensors"
        )
    if (folder / WEIGHTS[0]).is_file():
        _header(folder / WEIGHTS[0])
        return
    index = folder / WEIGHTS[1]
    named = _shards(index)
    for shard in sorted(set(named.values())):
        held = _header(folder / shard)
        if missing := sorted(name for name, file in named.items() if file == shard and name not in held):
            raise InputError(f"{folder / shard}: lacks {missing[0]}, which {index.name} names; {_FETCH}")


def _shards(index: Path) -> dict[str, str]:
    """Name of a tensor -> the file of the folder that holds it."""
    named = _object(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(shard, str) for shard in named.values()):
        raise InputError(f"{index}: names no shards; {_FETCH}")
    for shard in named.values():
        if Path(shard).name != shard:
            raise InputError(f"{index}: names {shard}, which is no file of this folder; {_FETCH}")
    return named


def _header(file: Path) -> dict[str, Any]:
    """Name of a tensor -> what the head of a safetensors file says of it, once it agrees with the file's size."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        begin = stream.read(8)
        length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else size
        if length + 8 > size or length > _LARGEST_HEADER:
            raise InputError(f"{file}: is no whole safetensors file; {_FETCH}")
        text = stream.read(length)
    try:
        held = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in held.values()), default=0)
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{file}: is no whole safetensors file; {_FETCH}") from error
    if not held:
        raise InputError(f"{file}: holds no weights; {_FETCH}")
    if end + length + 8 != size:
        raise InputError(f"{file}: has {size} bytes where its head says {end + length + 8}; {_FETCH}")
    return held
