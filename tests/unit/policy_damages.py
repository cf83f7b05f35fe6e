"""Functions that damage the folder of a policy in one way each."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def change(file: str, **values: object) -> Callable[[Path], object]:
    """Set keys of a JSON file; None takes a key away."""

    def damage(folder: Path) -> None:
        found = json.loads((folder / file).read_text(encoding="utf-8")) | values
        kept = {name: value for name, value in found.items() if value is not None}
        (folder / file).write_text(json.dumps(kept), encoding="utf-8")

    return damage


def write(file: str, content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / file).write_bytes(data)


def cut(file: str, share: float) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: int(len(data) * share)])

    return damage


def remove(*files: str) -> Callable[[Path], object]:
    return lambda folder: [(folder / file).unlink() for file in files]


def weights(edit: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        held = load_file(folder / WEIGHTS)
        edit(held)
        save_file(held, folder / WEIGHTS, {"format": "pt"})

    return damage


def first(held: dict[str, torch.Tensor], part: str) -> str:
    return next(name for name in held if part in name)


def fill(part: str, value: float) -> Callable[[Path], object]:
    return weights(lambda held: held[first(held, part)].view(-1)[:1].fill_(value))


def shards(folder: Path) -> None:
    """The same weights in two files with an index, as large policies have them."""
    held = load_file(folder / WEIGHTS)
    names = sorted(held)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, some in parts.items():
        save_file({name: held[name] for name in some}, folder / file, {"format": "pt"})
    named = {name: file for file, some in parts.items() for name in some}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": named}), encoding="utf-8")
    (folder / WEIGHTS).unlink()


def sharded(damage: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: (shards(folder), damage(folder))


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def becomes_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("x", encoding="utf-8")


def linked(file: str, target: str = "../blobs/gone") -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).symlink_to(target)

    return damage


def made_a_folder(file: str) -> Callable[[Path], object]:
    return lambda folder: ((folder / file).unlink(), (folder / file).mkdir())


def adapters(folder: Path) -> None:
    emptied(folder)
    write("adapter_config.json", "{}")(folder)


def cached(folder: Path) -> None:
    emptied(folder)
    (folder / "snapshots/abc").mkdir(parents=True)


def head(edit: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change the head of the weights, whose length stays."""

    def damage(folder: Path) -> None:
        data = (folder / WEIGHTS).read_bytes()
        length = 8 + struct.unpack("<Q", data[:8])[0]
        (folder / WEIGHTS).write_bytes(edit(data[:length]) + data[length:])

    return damage


def dropped(key: str) -> Callable[[Path], object]:
    return weights(lambda held: held.pop(first(held, key)))


def pickled(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def surplus_token(folder: Path) -> None:
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    found["added_tokens"].append(found["added_tokens"][0] | {"id": 5000, "content": "<|extra|>"})
    (folder / "tokenizer.json").write_text(json.dumps(found), encoding="utf-8")


def smaller_embeddings(folder: Path) -> None:
    weights(lambda held: held.update({first(held, "embed"): held[first(held, "embed")][:1000].contiguous()}))(folder)
    change("config.json", vocab_size=1000, eos_token_id=2, pad_token_id=0)(folder)
