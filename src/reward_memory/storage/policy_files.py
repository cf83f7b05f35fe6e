"""Check that the files of a policy are complete. The architecture of the policy is not checked."""

import json
import struct
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

LARGEST_HEADER = 100_000_000  # bytes; the limit of safetensors itself
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
#: Required parts of a policy's folder -> their possible file names.
_PARTS = {
    "settings": ("config.json",),
    "weights": ("*.safetensors", "pytorch_model*.bin"),
    "tokenizer": TOKENIZERS,
}
#: Files that hold a JSON object.
_OBJECTS = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
_INDEX, _TEMPLATE = "model.safetensors.index.json", "chat_template.jinja"


class DamageError(ValueError):
    """What is wrong with a file, as the rest of a sentence after its name."""


def intact(folder: Path) -> None:
    """Raise InputError if a file of a policy was truncated, emptied or removed. Takes milliseconds.

    Every job checks a policy before it uses it: libraries report damage late, unclearly, or not at all.
    """
    file = folder
    try:
        for part, names in _PARTS.items():
            if not any(path for name in names for path in folder.glob(name)):
                raise DamageError(f"has no {part} ({names[0].replace('*', 'model')})")
        for file in [folder / name for name in (*_OBJECTS, _INDEX) if (folder / name).is_file()]:
            content = _object(file)
            shards = content.get("weight_map") if file.name == _INDEX else {}
            if not isinstance(shards, dict):
                raise DamageError("names no shards")
            for shard in shards.values():
                if not (folder / str(shard)).is_file():
                    raise DamageError(f"names {shard}, which does not exist")
        file = folder / _TEMPLATE
        if file.is_file() and not file.read_bytes().strip():
            raise DamageError("is empty")
        for file in sorted(folder.glob("*.safetensors")):
            check_length(file)
    except (DamageError, OSError) as error:
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else error
        raise InputError(
            f"{file}: {why}; restore the file, or, if this workflow made the policy, delete the folder and run the "
            "same command again to rebuild it."
        ) from error


def _object(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamageError("is not complete JSON") from error
    if not isinstance(value, dict):
        raise DamageError("does not hold a JSON object")
    return value


def head(file: Path) -> tuple[dict[str, Any], int]:
    """Return (tensor name -> header entry, size of the header in bytes) of a safetensors file. Raise DamageError."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        begin = stream.read(8)
        length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else size
        if length + 8 > size or length > LARGEST_HEADER:
            raise DamageError("is not a complete safetensors file")
        text = stream.read(length)
    try:
        tensors = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        for entry in tensors.values():
            _, _ = entry["dtype"], sum(entry["data_offsets"])
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
        raise DamageError("is not a complete safetensors file") from error
    return tensors, length + 8


def check_length(file: Path) -> None:
    """Raise DamageError if a safetensors file does not have the length that its `head` states."""
    held, length = head(file)
    size, stated = file.stat().st_size, length + max((entry["data_offsets"][-1] for entry in held.values()), default=0)
    if stated != size:
        raise DamageError(f"has {size} bytes, but its header says {stated}")
