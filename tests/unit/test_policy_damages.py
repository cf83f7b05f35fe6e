"""Policies that the user brings, each damaged in one way: one sentence with policy, file and fix before their use."""

import os
import re
import shutil
import struct
from pathlib import Path

import pytest
import torch
from policy_damages import (
    INDEX,
    WEIGHTS,
    adapters,
    becomes_a_file,
    cached,
    change,
    cut,
    dropped,
    emptied,
    fill,
    first,
    head,
    linked,
    made_a_folder,
    pickled,
    remove,
    sharded,
    shards,
    smaller_embeddings,
    surplus_token,
    weights,
    write,
)
from safetensors.torch import load_file

from reward_memory.errors import InputError
from reward_memory.policies.bootstrap.architecture import new_model
from reward_memory.policies.bootstrap.tokenizer import train_tokenizer
from reward_memory.policies.inspection import inspect
from reward_memory.policies.loading import load
from reward_memory.policies.snapshots import save

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 711528\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("policies") / "tiny"
    tokenizer = train_tokenizer(0)
    save(new_model(tokenizer, 32, 2, seed=0), tokenizer, path)
    return path


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "mine")


#: damage -> (what is done, the file that the sentence names, words of the sentence)
SEEN = {
    "no folder": (shutil.rmtree, "mine", "no such policy folder"),
    "a file": (becomes_a_file, "mine", "is a file"),
    "an empty folder": (emptied, "mine", "is empty"),
    "no config": (remove("config.json"), "config.json", "has no"),
    "config of a pointer": (write("config.json", POINTER), "config.json", "git lfs pull"),
    "config cut": (cut("config.json", 0.5), "config.json", "is not complete JSON"),
    "config empty": (write("config.json", ""), "config.json", "is not complete JSON"),
    "config is a list": (write("config.json", "[]"), "config.json", "does not hold a JSON object"),
    "config in Latin 1": (write("config.json", b'{"a": "\xe9"}'), "config.json", "is not complete JSON"),
    "config without a type": (change("config.json", model_type=None), "config.json", "no model_type"),
    "type is a number": (change("config.json", model_type=3), "config.json", "no model_type"),
    "quantized": (change("config.json", quantization_config={"bits": 4}), "config.json", "quantized"),
    "code of its own": (change("config.json", auto_map={"AutoConfig": "x.Y"}), "config.json", "not run"),
    "weights of a pointer": (write(WEIGHTS, POINTER), WEIGHTS, "git lfs pull"),
    "weights cut": (cut(WEIGHTS, 0.9), WEIGHTS, "bytes, but its header says"),
    "weights cut in the head": (cut(WEIGHTS, 0.001), WEIGHTS, "is not a complete safetensors file"),
    "weights of 3 bytes": (write(WEIGHTS, b"abc"), WEIGHTS, "is not a complete safetensors file"),
    "weights empty": (write(WEIGHTS, b""), "model.safetensors", "no weights"),
    "weights with a tail": (lambda f: (f / WEIGHTS).open("ab").write(b"x") and None, WEIGHTS, "bytes, but its header"),
    "head no JSON": (
        write(WEIGHTS, struct.pack("<Q", 8) + b"notjson!" + b"x" * 9),
        WEIGHTS,
        "is not a complete safetensors file",
    ),
    "head a list": (write(WEIGHTS, struct.pack("<Q", 2) + b"[]"), WEIGHTS, "is not a complete safetensors file"),
    "head without tensors": (write(WEIGHTS, struct.pack("<Q", 2) + b"{}"), WEIGHTS, "holds no weights"),
    "HTML instead of weights": (write(WEIGHTS, "<!DOCTYPE html>" * 40), WEIGHTS, "is not a complete safetensors file"),
    "pickle alone": (pickled, "pytorch_model.bin", "save the model as safetensors"),
    "weights a dead link": (linked(WEIGHTS), WEIGHTS, "is a link to"),
    "tokenizer a dead link": (linked("tokenizer.json"), "tokenizer.json", "is a link to"),
    "tokenizer of a pointer": (write("tokenizer.json", POINTER), "tokenizer.json", "git lfs pull"),
    "tokenizer cut": (cut("tokenizer.json", 0.7), "tokenizer.json", "is not complete JSON"),
    "no tokenizer": (remove("tokenizer.json"), "tokenizer.json", "no tokenizer"),
    "tokenizer's settings cut": (cut("tokenizer_config.json", 0.7), "tokenizer_config.json", "is not complete JSON"),
    "no template": (remove("chat_template.jinja"), "chat_template.jinja", "no chat template"),
    "generation settings cut": (cut("generation_config.json", 0.5), "generation_config.json", "is not complete JSON"),
    "a shard gone": (sharded(remove("model-2.safetensors")), "model-2.safetensors", "lacks model-2"),
    "a shard cut": (sharded(cut("model-2.safetensors", 0.5)), "model-2.safetensors", "bytes, but its header says"),
    "a shard of a pointer": (sharded(write("model-1.safetensors", POINTER)), "model-1.safetensors", "git lfs pull"),
    "index cut": (sharded(cut(INDEX, 0.5)), INDEX, "is not complete JSON"),
    "index a list": (sharded(write(INDEX, "[]")), INDEX, "does not hold a JSON object"),
    "index without shards": (sharded(write(INDEX, '{"weight_map": {}}')), INDEX, "names no shards"),
    "index a list of names": (sharded(write(INDEX, '{"weight_map": ["a"]}')), INDEX, "names no shards"),
    "index leads away": (
        sharded(lambda f: (write("../x", "x")(f), write(INDEX, '{"weight_map": {"a": "../x"}}')(f))),
        INDEX,
        "is not a file in this folder",
    ),
    "config a folder": (made_a_folder("config.json"), "mine", "has no config.json"),
    "config a link to itself": (linked("config.json", "config.json"), "config.json", "is a link to"),
    "adapters alone": (adapters, "adapter_config.json", "holds adapters; merge them into their policy"),
    "a cache of the hub": (cached, "snapshots", "is a cache of the hub; give the folder in"),
    "GGUF alone": (lambda f: (emptied(f), write("m.gguf", "GGUF")(f)), "mine", "holds the policy as GGUF; give it as"),
    "no positions": (change("config.json", max_position_embeddings=0), "config.json", "max_position_embeddings: 0 is"),
    "positions of text": (change("config.json", max_position_embeddings="512"), "config.json", '"512" is not a whole'),
    "code of its tokenizer": (
        change("tokenizer_config.json", auto_map={"A": "x.Y"}),
        "tokenizer_config.json",
        "not run",
    ),
    "special tokens a list": (
        write("special_tokens_map.json", "[]"),
        "special_tokens_map.json",
        "does not hold a JSON object",
    ),
    "template in Latin 1": (write("chat_template.jinja", b"\xe9{{ messages }}"), "chat_template.jinja", "is not UTF-8"),
    "whole numbers": (
        weights(lambda held: held.update({k: v.int() for k, v in held.items()})),
        WEIGHTS,
        "whole numbers",
    ),
    "an unknown number format": (
        head(lambda text: text.replace(b'"F32"', b'"F99"')),
        WEIGHTS,
        "do not fit their bytes",
    ),
    "shapes that do not fit": (head(lambda text: text.replace(b"[32]", b"[33]")), WEIGHTS, "do not fit their bytes"),
    "index of another policy": (
        sharded(write(INDEX, '{"weight_map": {"lm_head.weight": "model-1.safetensors"}}')),
        "model-1.safetensors",
        "lacks lm_head.weight",
    ),
}

#: The same for damages that only the loaded policy shows.
LOADED = {
    "a layer too many": (change("config.json", num_hidden_layers=3, layer_types=None), "config.json", "random"),
    "a layer too few": (
        change("config.json", num_hidden_layers=1, layer_types=None),
        "config.json",
        "do not belong to the model in config",
    ),
    "another width": (change("config.json", intermediate_size=64), "config.json", "different shapes"),
    "another vocabulary": (change("config.json", vocab_size=2000), "config.json", "different shapes"),
    "heads that do not divide": (change("config.json", num_attention_heads=5), "config.json", "does not|shapes"),
    "an unknown type": (change("config.json", model_type="qwen99"), "config.json", "does not load"),
    "no language model": (change("config.json", model_type="vit", architectures=["V"]), "config.json", "does not load"),
    "a size of text": (change("config.json", hidden_size="big"), "config.json", "does not load"),
    "a tensor gone": (dropped("down_proj"), "config.json", "would be random"),
    "a surplus tensor": (
        weights(lambda h: h.update({"model.extra.weight": torch.ones(2)})),
        "config.json",
        "do not belong to the model in config",
    ),
    "NaN": (fill("norm", float("nan")), "", "not finite"),
    "infinity": (fill("q_proj", float("inf")), "", "not finite"),
    "zero embeddings": (weights(lambda held: held[first(held, "embed")].zero_()), "", "all zero"),
    "weights of ones": (
        weights(lambda held: [value.fill_(1) for value in held.values()]),
        "",
        "next tokens the same logit",
    ),
    "another kind of model": (
        change("config.json", model_type="t5", architectures=["T"]),
        "config.json",
        "does not load",
    ),
    "no epsilon": (change("config.json", rms_norm_eps="tiny"), "config.json", "does not load"),
    "heads of none": (change("config.json", num_attention_heads=0), "config.json", "does not load"),
    "an unknown number format": (change("config.json", dtype="float99"), "config.json", "does not load"),
    "end beyond the vocabulary": (change("config.json", eos_token_id=99999), "config.json", "eos_token_id: 99999"),
    "an end of several beyond it": (
        change("generation_config.json", eos_token_id=[1, 99999]),
        "generation_config.json",
        "eos_token_id: 99999",
    ),
    "padding below 0": (
        change("generation_config.json", pad_token_id=-7),
        "generation_config.json",
        "pad_token_id: -7",
    ),
    "more tokens than embeddings": (smaller_embeddings, "tokenizer.json", "but the policy has only 1000 embeddings"),
    "a surplus token": (surplus_token, "tokenizer.json", "but the policy has only"),
    "a tokenizer of nothing": (write("tokenizer.json", "{}"), "tokenizer.json", "does not load"),
    "another program's tokenizer": (
        change("tokenizer.json", model={"type": "Unheard", "vocab": {}}),
        "tokenizer.json",
        "does not load",
    ),
    "a template that ignores": (write("chat_template.jinja", "Hello."), "chat_template.jinja", "leaves out"),
    "a template of roles alone": (
        write("chat_template.jinja", "{% for m in messages %}{{ m['role'] }}{% endfor %}"),
        "chat_template.jinja",
        "leaves out",
    ),
    "a template without the system": (
        write("chat_template.jinja", "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"),
        "chat_template.jinja",
        "leaves out the system message",
    ),
    "a template that refuses the system": (
        write("chat_template.jinja", "{{ raise_exception('No system') if messages[0].role == 'system' }}"),
        "chat_template.jinja",
        "cannot be rendered .No system.",
    ),
    "a template of the first message": (
        write("chat_template.jinja", "{{ messages[0].content }}"),
        "chat_template.jinja",
        "leaves out the user's question",
    ),
    "an empty template": (write("chat_template.jinja", ""), "chat_template.jinja", "chat template"),
    "a template that does not end": (
        write("chat_template.jinja", "{% for m in x %}"),
        "chat_template.jinja",
        "rendered",
    ),
    "a template that raises": (
        write("chat_template.jinja", "{{ raise_exception('no') }}"),
        "chat_template.jinja",
        "cannot be rendered",
    ),
    "a template of unknown names": (
        write("chat_template.jinja", "{{ messages[0]['content'] + nothing.at.all }}"),
        "chat_template.jinja",
        "cannot be rendered",
    ),
}


def sentence(told: str, file: str, words: str) -> None:
    assert told.startswith("policies: mine: path: ")
    assert file in told
    assert re.search(words, told), told
    assert told.endswith(".")
    assert "\n" not in told
    assert ";" in told  # what to do
    assert not re.search(r"\w(Error|Exception): |<class|codec can't", told), told


@pytest.mark.parametrize(("damage", "file", "words"), SEEN.values(), ids=SEEN.keys())
def test_what_files_and_heads_show_is_told_before_any_job(folder, damage, file, words):
    damage(folder)
    with pytest.raises(InputError) as caught:
        inspect("mine", folder)
    sentence(str(caught.value), file, words)


@pytest.mark.parametrize(("damage", "file", "words"), LOADED.values(), ids=LOADED.keys())
def test_what_only_loading_shows_is_told_before_the_policy_is_used(folder, damage, file, words):
    damage(folder)
    inspect("mine", folder)
    with pytest.raises(InputError) as caught:
        load("mine", folder)
    sentence(str(caught.value), file, words)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "tokenizer.json"])
def test_a_file_without_permission_is_told(folder, file):
    (folder / file).chmod(0)
    with pytest.raises(InputError) as caught:
        inspect("mine", folder)
    sentence(str(caught.value), file, "Permission denied")


def test_a_whole_policy_is_loaded_and_counted(whole):
    inspect("mine", whole)
    found = load("mine", whole)
    assert found["tokens"] == found["embeddings"] == 1224
    assert found["weights"] == sum(value.numel() for value in load_file(whole / WEIGHTS).values())


def harmless(folder: Path) -> None:
    """Files that policies often have beside what is read."""
    (folder / ".git").mkdir()
    for name in ("README.md", "LICENSE", "training_args.bin"):
        (folder / name).write_text("x", encoding="utf-8")


@pytest.mark.parametrize(
    "edit",
    [
        shards,
        harmless,
        remove("generation_config.json"),
        change("config.json", torch_dtype="float32"),
        change("config.json", bos_token_id=None),
        # saved twice, though it is the embedding
        weights(lambda held: held.update({"lm_head.weight": held[first(held, "embed")].clone()})),
    ],
)
def test_what_is_only_unusual_is_taken(folder, edit):
    edit(folder)
    inspect("mine", folder)
    load("mine", folder)


def test_embeddings_may_be_more_than_the_tokens(folder):
    def grow(held):
        name = first(held, "embed")
        held[name] = torch.cat([held[name], held[name][:56]]).contiguous()

    weights(grow)(folder)
    change("config.json", vocab_size=1280)(folder)
    inspect("mine", folder)
    assert load("mine", folder)["embeddings"] == 1280
