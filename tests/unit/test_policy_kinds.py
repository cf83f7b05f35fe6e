"""Policy folders of other kinds than the workflow trains: one sentence that says what they are and what to give."""

import json
from pathlib import Path

import pytest
import torch
from policy_damages import WEIGHTS, change, emptied
from safetensors.torch import load_file, save_file
from test_policy_damages import folder, sentence, whole  # noqa: F401  two are fixtures
from transformers import BertConfig, BertModel

from reward_memory.errors import InputError
from reward_memory.policies import kinds
from reward_memory.policies.inspection import inspect
from reward_memory.policies.loading import load


def marked(path: Path) -> None:
    (path / "config.json").write_bytes(b"\xef\xbb\xbf" + (path / "config.json").read_bytes())


def pieces(path: Path) -> None:
    """What verl's trainer saves."""
    emptied(path)
    (path / "actor").mkdir()
    (path / "actor/model_world_size_2_rank_0.pt").write_bytes(b"x")


def judging(path: Path) -> None:
    """A reward model, whose head gives one number."""
    change("config.json", architectures=["Qwen2ForSequenceClassification"], num_labels=1)(path)
    save_file(load_file(path / WEIGHTS) | {"score.weight": torch.zeros(1, 32)}, path / WEIGHTS, {"format": "pt"})


def encoding(path: Path) -> None:
    """A text encoder with a policy's tokenizer, as sentence-transformers have it."""
    sizes = {"vocab_size": 1224, "hidden_size": 32, "num_hidden_layers": 1, "intermediate_size": 32}
    encoder = BertModel(BertConfig(**sizes, num_attention_heads=1, pad_token_id=0))
    encoder.save_pretrained(path)


def headless(path: Path) -> None:
    """A body without a head, which names no family of encoders."""
    change("config.json", architectures=["Qwen2Model"], tie_word_embeddings=False)(path)
    held = load_file(path / WEIGHTS)
    held.pop("lm_head.weight", None)
    save_file(held, path / WEIGHTS, {"format": "pt"})


def wrapped(path: Path) -> None:
    """The policy lies in a folder of its own inside, as archives are unpacked."""
    inner = path.rename(path.with_name("moved"))
    path.mkdir()
    inner.rename(path / "policy")


def small(path: Path) -> None:
    held = load_file(path / WEIGHTS)
    less = {name: value.to(torch.float8_e4m3fn) if "proj.weight" in name else value for name, value in held.items()}
    save_file(less, path / WEIGHTS, {"format": "pt"})


def stretched(path: Path) -> None:
    change("config.json", rope_scaling={"type": "yarn", "factor": "four"})(path)


def renamed(prefix: str):
    def edit(path: Path) -> None:
        held = load_file(path / WEIGHTS)
        save_file({prefix + name: value for name, value in held.items()}, path / WEIGHTS, {"format": "pt"})

    return edit


def adapted(path: Path) -> None:
    held = load_file(path / WEIGHTS)
    held["model.layers.0.self_attn.q_proj.lora_A.default.weight"] = torch.zeros(8, 32)
    save_file(held, path / WEIGHTS, {"format": "pt"})


def original(path: Path) -> None:
    """As Llama's makers publish it."""
    emptied(path)
    (path / "params.json").write_text('{"dim": 4096}')
    (path / "consolidated.00.pth").write_bytes(b"x")


#: kind -> (what is done, the file that the sentence names, words of the sentence)
SEEN = {
    "saved within a wrapper": (
        renamed("module."),
        "mine",
        "tensors begin with 'module.', .*; save the model inside the",
    ),
    "saved within PEFT": (renamed("base_model.model."), "mine", "begin with 'base_model.model.', which a wrapper adds"),
    "adapters beside the weights": (adapted, "mine", "q_proj.lora_A.default.weight.; merge them, and save the policy"),
    "its makers' layout": (
        original,
        "params.json",
        "in its makers' layout; give it in Hugging Face's, with config",
    ),
    "a model of its own code": (
        change("config.json", model_type="own", auto_map={"AutoConfig": "x.Y"}),
        "config.json",
        "not run; remove it, or choose another policy if transformers has no model_type own of its own",
    ),
    "a byte order mark": (marked, "config.json", "begins with a byte order mark, .*; save it as UTF-8 without one"),
    "a trainer's pieces": (pieces, "model_world_size_2_rank_0.pt", "merge the pieces first .*verl.model_merger"),
    "a folder around it": (wrapped, "mine/policy", "but a subfolder has; give that one, such as .*mine/policy"),
    "eight bits": (small, WEIGHTS, "in F8_E4M3, as quantized policies do; give the model in full precision"),
    "a reward model": (judging, "config.json", "Qwen2ForSequenceClassification does not continue text"),
    "an encoder": (encoding, "config.json", 'model_type: "bert" encodes text and does not continue it; give a policy'),
    "masked words": (
        change("config.json", model_type="roberta", architectures=["RobertaForMaskedLM"]),
        "config.json",
        'model_type: "roberta" encodes text and does not continue',
    ),
    "encoder and decoder": (
        change("config.json", model_type="t5", is_encoder_decoder=True),
        "config.json",
        "is_encoder_decoder: true: the model turns one text into another and does not continue it",
    ),
    "a stretch in words": (stretched, "config.json", 'rope_scaling: factor: "four" is text; write a number'),
}


def templated(path: Path) -> None:
    """A template within the settings of the tokenizer, which leaves out the user's question."""
    (path / "chat_template.jinja").unlink()
    change("tokenizer_config.json", chat_template="{{ messages[0].content }}")(path)


#: likewise, for what only loading shows
LOADED = {
    "an unknown activation": (change("config.json", hidden_act="swiglu"), "config.json", "unknown name 'swiglu'"),
    "an unknown number format": (change("config.json", torch_dtype="bf16", dtype="bf16"), "config.json", "name 'bf16'"),
    "a template within settings": (
        templated,
        "tokenizer_config.json",
        "correct chat_template in tokenizer_config.json",
    ),
    "no end": (
        lambda path: [change(name, eos_token_id=None)(path) for name in ("config.json", "generation_config.json")],
        "generation_config.json",
        "names no eos_token_id, so no response would end",
    ),
    "a family from the future": (
        change("config.json", model_type="qwen9"),
        "config.json",
        r"does not load .the installed transformers has no model_type qwen9.; correct config.json, or choose a policy",
    ),
    "layers below 0": (
        change("config.json", num_hidden_layers=-1),
        "config.json",
        "load .`num_hidden_layers` .-1. must",
    ),
    "layers in words": (
        change("config.json", num_hidden_layers="2"),
        "config.json",
        "num_hidden_layers has the wrong type",
    ),
    "sampling settings of a greedy policy": (
        change("generation_config.json", do_sample=False, temperature=0.6),
        "generation_config.json",
        "sets temperature, top_k although do_sample is not true, and transformers refuses to save a policy with such "
        "settings; correct or remove them",
    ),
    "an unknown cache of sampling": (
        change("generation_config.json", cache_implementation="large"),
        "generation_config.json",
        "does not load .*; correct or remove it",
    ),
    "a tokenizer of sentencepiece that cannot be read": (
        lambda path: (path / "tokenizer.json").rename(path / "tokenizer.model"),
        "tokenizer.model",
        "cannot be read with the installed packages; run `pip install sentencepiece tiktoken`, or put .* "
        "tokenizer.json",
    ),
    "a body without head": (headless, "config.json", "Qwen2Model does not continue text, but is .* an encoder; give a"),
    "a policy that sees": (change("config.json", model_type="qwen2_vl"), "config.json", "does not continue text"),
}


@pytest.mark.parametrize(("edit", "file", "words"), SEEN.values(), ids=SEEN)
def test_a_folder_of_another_kind_is_told_before_any_job(folder, edit, file, words):  # noqa: F811
    edit(folder)
    with pytest.raises(InputError) as caught:
        inspect("mine", folder)
    sentence(str(caught.value), file, words)


@pytest.mark.parametrize(("edit", "file", "words"), LOADED.values(), ids=LOADED)
def test_settings_that_transformers_does_not_know_are_told_in_plain_words(folder, edit, file, words):  # noqa: F811
    edit(folder)
    inspect("mine", folder)
    with pytest.raises(InputError) as caught:
        load("mine", folder)
    sentence(str(caught.value), file, words)
    assert "int" not in str(caught.value).split()


@pytest.mark.parametrize(
    ("settings", "tensors"),
    [
        ({"architectures": ["Qwen2Model"]}, ["embed_tokens.weight"]),  # with tied embeddings it is whole
        ({"architectures": ["Qwen2ForSequenceClassification"]}, ["model.norm.weight", "lm_head.weight"]),
        ({"architectures": ["Qwen2ForCausalLM"]}, ["lm_head.weight", "v_head.summary.weight"]),
        ({"model_type": "bert", "is_decoder": True}, []),
    ],
)
def test_what_may_be_a_policy_is_left_to_loading(settings, tensors):
    kinds.check(Path("config.json"), {"model_type": "qwen2"} | settings, tensors)


def test_a_stretch_by_a_number_is_taken(folder):  # noqa: F811
    given = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 512}
    change("config.json", rope_scaling=given)(folder)
    assert json.loads((folder / "config.json").read_text())["rope_scaling"] == given
    inspect("mine", folder)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("mine/model.safetensors", "is a file; give the Hugging Face model folder around it"),
        ("q4.gguf", "is the policy as GGUF; give a Hugging Face model folder"),
        ("mine.zip", "is a file with no config.json next to it; give a Hugging Face model folder"),
    ],
)
def test_a_file_in_place_of_the_folder_is_told(folder, file, words):  # noqa: F811
    path = folder.parent / file
    path.touch()
    with pytest.raises(InputError) as caught:
        inspect("mine", path)
    sentence(str(caught.value), file, words)


def test_the_settings_beside_a_trainers_pieces_are_no_policy(folder):  # noqa: F811
    inner = folder.rename(folder.with_name("huggingface"))
    (inner.parent / "model_world_size_2_rank_0.pt").touch()
    inspect("mine", inner)  # with weights of its own
    (inner / WEIGHTS).unlink()
    with pytest.raises(InputError) as caught:
        inspect("mine", inner)
    sentence(
        str(caught.value),
        "huggingface",
        "has no weights; they are in pieces in the folder above; merge the pieces first",
    )
