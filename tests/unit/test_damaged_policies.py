"""Policies that lost a part since they were made, or looked at: each job says so before it starts."""

import json
import re

import pytest
from policy_damages import WEIGHTS, cut, remove, sharded, write
from safetensors.torch import load_file, save_file
from test_policy_damages import folder, whole  # noqa: F401  two are fixtures

import reward_memory
from reward_memory.errors import InputError
from reward_memory.storage.policy_files import intact

END = "; restore the file, or, if this workflow made the policy, delete the folder and run the same command again"
#: damage -> the file that is named, and words of the sentence
DAMAGES = {
    "settings cut": (cut("config.json", 0.5), "config.json", "is not complete JSON"),
    "settings emptied": (write("config.json", ""), "config.json", "is not complete JSON"),
    "settings of sampling cut": (cut("generation_config.json", 0.5), "generation_config.json", "is not complete JSON"),
    "tokenizer cut": (cut("tokenizer.json", 0.5), "tokenizer.json", "is not complete JSON"),
    "settings of the tokenizer cut": (
        cut("tokenizer_config.json", 0.5),
        "tokenizer_config.json",
        "is not complete JSON",
    ),
    "no tokenizer": (remove("tokenizer.json"), "", "has no tokenizer .tokenizer.json"),
    "template emptied": (write("chat_template.jinja", "\n"), "chat_template.jinja", "is empty"),
    "weights cut": (cut(WEIGHTS, 0.6), WEIGHTS, "bytes, but its header says"),
    "weights cut in the head": (cut(WEIGHTS, 0.001), WEIGHTS, "is not a complete safetensors file"),
    "weights emptied": (write(WEIGHTS, ""), WEIGHTS, "is not a complete safetensors file"),
    "weights longer than they were": (lambda path: (path / WEIGHTS).open("ab").write(b"x"), WEIGHTS, "its header says"),
    "a head that is a list": (write(WEIGHTS, b"\2\0\0\0\0\0\0\0[]"), WEIGHTS, "is not a complete safetensors file"),
    "offsets in words": (
        write(WEIGHTS, b"\x2e\0\0\0\0\0\0\0" + json.dumps({"a": {"dtype": "F32", "data_offsets": "05"}}).encode()),
        WEIGHTS,
        "is not a complete safetensors file",
    ),
    "no weights": (remove(WEIGHTS), "", "has no weights .model.safetensors"),
    "a shard is gone": (sharded(remove("model-2.safetensors")), "model.safetensors.index.json", "names model-2.saf"),
    "a shard cut": (sharded(cut("model-2.safetensors", 0.5)), "model-2.safetensors", "its header says"),
    "an index that was cut": (
        sharded(cut("model.safetensors.index.json", 0.5)),
        "model.safetensors.index.json",
        "is not complete JSON",
    ),
    "an index of nothing": (write("model.safetensors.index.json", "{}"), "model.safetensors.index.json", "no shards"),
    "a list for settings": (write("config.json", "[]"), "config.json", "does not hold a JSON object"),
}


@pytest.mark.parametrize(("damage", "file", "words"), DAMAGES.values(), ids=DAMAGES)
def test_a_policy_that_lost_a_part_is_named_with_the_way_out(folder, damage, file, words):  # noqa: F811
    damage(folder)
    with pytest.raises(InputError) as caught:
        intact(folder)
    told = str(caught.value)
    assert told.startswith(f"{folder / file}: "), told
    assert re.search(f"{words}.*{END}", told), told
    assert told.count(";") == 1


def test_a_policy_that_lost_a_part_is_told_to_those_who_load_it(folder, tmp_path):  # noqa: F811
    place = tmp_path / "results/policies/mine"
    place.parent.mkdir(parents=True)
    folder.rename(place)
    cut(WEIGHTS, 0.6)(place)
    with pytest.raises(InputError, match=r"model\.safetensors: has .*; restore the file"):
        reward_memory.load(tmp_path / "results").policy("mine")


def test_the_kind_of_a_policy_is_not_judged(folder):  # noqa: F811
    held = load_file(folder / WEIGHTS)
    save_file({name: value.round().byte() for name, value in held.items()}, folder / WEIGHTS)
    intact(folder)
    sharded(lambda path: None)(folder)
    intact(folder)
