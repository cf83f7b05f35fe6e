"""Checks of a user's policy without loading it: files, headers of weights, settings."""

import json
import math
import os
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.storage import policy_files

from . import kinds
from .snapshots import WEIGHTS, check

_POINTER = b"version https://git-lfs"
_FETCH = "download the file again"
_ADAPTERS = "adapter_config.json"
#: Settings file in the original layout of Llama and Mistral.
_OTHER_LAYOUT = "params.json"
#: Bytes per number, for the formats that policies are trained in.
_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
#: Bytes per number, for formats that are allowed only in other tensors, such as tables of positions.
_OTHERS = {"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}
#: Keys of config.json with a number of positions.
_POSITIONS = ("max_position_embeddings", "n_positions")
_SETTINGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
#: Number formats of quantized weights.
_SMALL = ("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4")
#: Keys of config.json that scale positions, and the entries in them that are names.
_SCALINGS = ("rope_scaling", "rope_parameters")
_NAMES = ("type", "rope_type")
#: Weights as verl and other FSDP trainers save them, one file per process.
_PIECES = "**/model_world_size_*_rank_*.pt"


def inspect(name: str, folder: Path) -> None:
    """Raise InputError, one sentence with policy, file and fix, for faults in a policy's headers and small files.

    This takes milliseconds for any policy. `loading.load` checks the weights themselves.
    """
    where = f"policies: {name}: path: "
    if not folder.exists():
        raise InputError(
            f"{where}{folder}: no such policy folder; give the path of a Hugging Face model folder, or name a "
            "hub repository with hub: {repository, revision} instead of path."
        )
    if not folder.is_dir():
        raise InputError(f"{where}{folder}: {_no_folder(folder)}.")
    if not os.access(folder, os.R_OK | os.X_OK) or not any(folder.iterdir()):
        raise InputError(f"{where}{folder}: the folder is empty or cannot be read; put a Hugging Face model there.")
    try:
        _kind_of_folder(folder)
        for file in sorted(folder.iterdir()):
            _readable(file)
        for file in _SETTINGS:
            if (folder / file).is_file():
                _object(folder / file)
        if (folder / WEIGHTS[1]).is_file():
            _shards(folder / WEIGHTS[1])
        check(folder)
        settings = _settings(folder / "config.json")
        _template(folder / "chat_template.jinja")
        tensors = _weights(folder)
        kinds.saved_within(folder, tensors)
        kinds.check(folder / "config.json", settings, tensors)
    except InputError as error:
        text = str(error).rstrip(".")
        # a message of `check` says what is missing, not what to do
        raise InputError(f"{where}{text}{'' if ';' in text else '; complete the folder'}.") from error


def _no_folder(file: Path) -> str:
    """Message about a file that is given in place of a policy folder."""
    if (file.parent / "config.json").is_file() and file.suffix != ".gguf":
        return "is a file; give the Hugging Face model folder around it"
    kind = "the policy as GGUF" if file.suffix == ".gguf" else "a file with no config.json next to it"
    return f"is {kind}; give a Hugging Face model folder, with config.json, tokenizer and safetensors"


def _merge(piece: Path) -> str:
    return (
        f"merge the pieces first (python -m verl.model_merger merge --backend fsdp --local_dir {piece.parent} "
        "--target_dir FOLDER) and give that folder"
    )


def _kind_of_folder(folder: Path) -> None:
    """Reject common kinds of model folders that are not a trainable policy."""
    if (folder / _ADAPTERS).is_file():  # transformers would load them into the weights next to them
        raise InputError(f"{folder / _ADAPTERS}: the folder holds adapters; merge them into their policy first")
    if (folder / "config.json").is_file():
        shards = sorted(folder.parent.glob(Path(_PIECES).name)) if folder.name == "huggingface" else []
        if shards and not any(file.suffix in (".safetensors", ".bin") for file in folder.iterdir()):
            raise InputError(f"{folder}: has no weights; they are in pieces in the folder above; {_merge(shards[0])}")
        return
    if (folder / "snapshots").is_dir():
        raise InputError(f"{folder}: is a cache of the hub; give the folder in {folder / 'snapshots'}")
    if any(folder.glob("*.gguf")):
        raise InputError(f"{folder}: holds the policy as GGUF; give it as safetensors, in Hugging Face's layout")
    if (folder / _OTHER_LAYOUT).is_file():
        raise InputError(
            f"{folder / _OTHER_LAYOUT}: the folder holds the policy in its makers' layout; give it in Hugging "
            "Face's, with config.json, tokenizer and safetensors"
        )
    inner = [file.parent for deep in ("*", "*/*", "*/*/*") for file in sorted(folder.glob(f"{deep}/config.json"))]
    valid = [one for one in inner if any((one / name).is_file() for name in WEIGHTS)]
    if valid:
        raise InputError(f"{folder}: has no config.json, but a subfolder has; give that one, such as {valid[0]}")
    if pieces := sorted(folder.glob(_PIECES)):
        raise InputError(f"{pieces[0]}: is one piece of a checkpoint that a trainer saved; {_merge(pieces[0])}")


def _template(file: Path) -> None:
    try:
        if file.is_file():
            file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not UTF-8 text; save it as UTF-8") from error


def _readable(file: Path) -> None:
    """Reject broken links, unreadable files, and Git LFS pointers in place of files."""
    if file.is_symlink() and not file.exists():
        raise InputError(f"{file}: is a link to {file.readlink()}, which does not exist; copy the file itself")
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
        text = file.read_text(encoding="utf-8")
        content = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: is not complete JSON; {_FETCH}") from error
    if text.startswith("\ufeff"):
        raise InputError(f"{file}: begins with a byte order mark, which readers reject; save it as UTF-8 without one")
    if not isinstance(content, dict):
        raise InputError(f"{file}: does not hold a JSON object; {_FETCH}")
    return content


def _settings(file: Path) -> dict[str, Any]:
    settings = _object(file)
    if not isinstance(settings.get("model_type"), str):
        raise InputError(f"{file}: has no model_type, which names the architecture; {_FETCH}")
    if "quantization_config" in settings:
        raise InputError(f"{file}: the policy is quantized, and cannot be trained; give the model in full precision")
    for key in _POSITIONS:
        count = settings.get(key, 1)
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise InputError(f"{file}: {key}: {json.dumps(count)} is not a whole number of at least 1; correct it")
    for key in _SCALINGS:
        _scaling(file, key, settings.get(key))
    tokenizer = file.with_name("tokenizer_config.json")
    for one, found in ((file, settings), (tokenizer, _object(tokenizer) if tokenizer.is_file() else {})):
        if "auto_map" in found:
            raise InputError(
                f"{one}: auto_map requests Python code from the folder, which is not run; remove it, or choose another "
                f"policy if transformers has no model_type {settings['model_type']} of its own"
            )
    return settings


def _scaling(file: Path, key: str, given: Any) -> None:
    """Reject text where position scaling needs a number."""
    for name, value in given.items() if isinstance(given, dict) else ():
        if isinstance(value, dict):  # one entry for each kind of layer
            _scaling(file, f"{key}: {name}", value)
        elif name not in _NAMES and isinstance(value, str):
            raise InputError(f"{file}: {key}: {name}: {json.dumps(value)} is text; write a number")


def _weights(folder: Path) -> list[str]:
    """Names of the tensors. Rejects weights whose headers do not match their files or the index."""
    if not (folder / WEIGHTS[0]).is_file() and not (folder / WEIGHTS[1]).is_file():
        raise InputError(
            f"{folder}: has only pickled weights ({WEIGHTS[2]}), which may run code; save the model as safetensors"
        )
    if (folder / WEIGHTS[0]).is_file():
        return [*_header(folder / WEIGHTS[0])]
    index = folder / WEIGHTS[1]
    named = _shards(index)
    for shard in sorted(set(named.values())):
        held = _header(folder / shard)
        if missing := sorted(name for name, file in named.items() if file == shard and name not in held):
            raise InputError(f"{folder / shard}: lacks {missing[0]}, which {index.name} names; {_FETCH}")
    return [*named]


def _shards(index: Path) -> dict[str, str]:
    """Tensor name -> file of the folder that holds it."""
    named = _object(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(shard, str) for shard in named.values()):
        raise InputError(f"{index}: names no shards; {_FETCH}")
    for shard in named.values():
        if Path(shard).name != shard:
            raise InputError(f"{index}: names {shard}, which is not a file in this folder; {_FETCH}")
    return named


def _header(file: Path) -> dict[str, Any]:
    """Tensor name -> its entry in a safetensors header, after checking the header against the file's size."""
    try:
        held, length = policy_files.head(file)
        spans = sorted((*entry["data_offsets"], _bytes(entry)) for entry in held.values())
    except policy_files.DamageError as error:
        raise InputError(f"{file}: {error}; {_FETCH}") from error
    except (AttributeError, LookupError, TypeError) as error:
        raise InputError(f"{file}: is not a complete safetensors file; {_FETCH}") from error
    if not held:
        raise InputError(f"{file}: holds no weights; {_FETCH}")
    for name, entry in held.items():
        if entry["dtype"] in _OTHERS and (name.endswith(".weight") or name.endswith("proj.bias")):
            raise InputError(
                f"{file}: holds {name} in whole numbers ({entry['dtype']}), as quantized policies do; give the model "
                "in full precision"
            )
        if entry["dtype"] in _SMALL:
            raise InputError(
                f"{file}: holds {name} in {entry['dtype']}, as quantized policies do; give the model in full precision"
            )
    end = 0
    for begin, stop, wanted in spans:
        if wanted is None or begin != end or stop - begin != wanted:
            raise InputError(f"{file}: its header describes tensors that do not fit their bytes; {_FETCH}")
        end = stop
    if end + length != file.stat().st_size:
        raise InputError(f"{file}: has {file.stat().st_size} bytes, but its header says {end + length}; {_FETCH}")
    return held


def _bytes(entry: dict[str, Any]) -> int | None:
    """Bytes of a tensor, by its shape; None for a number format that policies do not use."""
    size = (_FLOATS | _OTHERS).get(entry["dtype"])
    return None if size is None else math.prod(entry["shape"]) * size
