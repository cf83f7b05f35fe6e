"""Whether the files of a policy are as long as when they were made: nothing is said of what kind of policy it is."""

import json
import struct
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

LARGEST_HEADER = 100_000_000  # bytes, which safetensors itself allows
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
#: What a policy's folder has, by one of these names.
_PARTS = {
    "settings": ("config.json",),
    "weights": ("*.safetensors", "pytorch_model*.bin"),
    "tokenizer": TOKENIZERS,
}
#: Files that hold a JSON object.
_OBJECTS = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
_INDEX, _TEMPLATE = "model.safetensors.index.json", "chat_template.jinja"


class DamageError(ValueError):
    """What is wrong with a file, as a part of a sentence after its name."""


def intact(folder: Path) -> None:
    """InputError if a file of a policy was cut, emptied or taken away since it was made. Takes milliseconds.

    Each job looks before it uses a policy: libraries say so late, in words of their own, or not at all.
    """
    file = folder
    try:
        for part, names in _PARTS.items():
            if not any(path for name in names for path in folder.glob(name)):
                raise DamageError(f"has no {part} ({names[0].replace('*', 'model')})")
        for file in [folder / name for name in (*_OBJECTS, _INDEX) if (folder / name).is_file()]:
            found = _object(file)
            shards = found.get("weight_map") if file.name == _INDEX else {}
            if not isinstance(shards, dict):
                raise DamageError("names no shards")
            for shard in shards.values():
                if not (folder / str(shard)).is_file():
                    raise DamageError(f"names {shard}, which is not there")
        file = folder / _TEMPLATE
        if file.is_file() and not file.read_bytes().strip():
            raise DamageError("is empty")
        for file in sorted(folder.glob("*.safetensors")):
            check_length(file)
    except (DamageError, OSError) as error:
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else error
        raise InputError(
            f"{file}: {why}; restore the file, or, where this workflow made the policy, delete the folder and run the "
            "same command again, which repeats the job that makes it."
        ) from error


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamageError("is not whole JSON") from error
    if not isinstance(found, dict):
        raise DamageError("holds no JSON object")
    return found


def head(file: Path) -> tuple[dict[str, Any], int]:
    """(name of a tensor -> what the head of a safetensors file says of it, bytes of the head). DamageError."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        begin = stream.read(8)
        length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else size
        if length + 8 > size or length > LARGEST_HEADER:
            raise DamageError("is no whole safetensors file")
        text = stream.read(length)
    try:
        held = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        for entry in held.values():
            _, _ = entry["dtype"], sum(entry["data_offsets"])
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
        raise DamageError("is no whole safetensors file") from error
    return held, length + 8


def check_length(file: Path) -> None:
    """DamageError if a safetensors file is not as long as its `head` says."""
    held, length = head(file)
    size, told = file.stat().st_size, length + max((entry["data_offsets"][-1] for entry in held.values()), default=0)
    if told != size:
        raise DamageError(f"has {size} bytes where its head says {told}")
