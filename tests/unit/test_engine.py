from pathlib import Path

import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.generation.engine import load, sample_responses
from reward_memory.generation.interface import Engine
from reward_memory.seeds import derive
from reward_memory.settings import Sampling
from reward_memory.storage import parquet

SAMPLING = Sampling(samples_per_query=3, temperature=1.0, max_new_tokens=8)


def queries(*ids: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": list(ids),
            "benchmark": "gsm8k",
            "domain": "math",
            "messages": [[{"role": "user", "content": f"question {name}"}] for name in ids],
        }
    )


class Fake(Engine):
    """An engine whose text tells its prompt and seed; it can break down after some calls."""

    def __init__(self, calls: int = 10**6):
        self.left, self.prompts, self.seeds = calls, [], []

    def generate(self, prompts, seeds, sampling):
        if self.left == 0:
            raise RuntimeError("power cut")
        self.left -= 1
        self.prompts += [prompt[0]["content"] for prompt in prompts]
        self.seeds += seeds
        return [
            (f"{prompt[0]['content']} by {seed} #### {seed % 7}", seed % 5, seed % 2 == 0)
            for prompt, seed in zip(prompts, seeds, strict=True)
        ]

    def close(self):
        self.left = 0


def run(engine: Fake, state: Path | None = None, shard: int = 4, names=("a", "b", "c", "d")) -> pd.DataFrame:
    return sample_responses(engine, queries(*names), SAMPLING, seed=7, state=state, shard=shard)


def test_a_response_is_seeded_by_seed_query_and_sample():
    engine = Fake()
    out = run(engine)
    expected = [derive(7, name, sample) for name in "abcd" for sample in range(3)]
    assert engine.seeds == expected
    assert [text.split(" by ")[1].split(" ")[0] for text in out["text"]] == [str(seed) for seed in expected]


def test_rows_come_in_the_order_of_queries_then_samples():
    out = run(Fake())
    assert list(zip(out["query_id"], out["sample"], strict=True)) == [(name, s) for name in "abcd" for s in range(3)]
    assert list(out.columns) == parquet.RESPONSES.names


def test_a_response_does_not_depend_on_the_other_queries():
    alone, among = run(Fake(), names=("c",)), run(Fake())
    assert alone["text"].tolist() == among.loc[among["query_id"] == "c", "text"].tolist()


def test_the_size_of_a_shard_changes_nothing():
    pd.testing.assert_frame_equal(run(Fake(), shard=1), run(Fake(), shard=512))


def test_thinking_and_answer_are_split_at_the_marker():
    first = run(Fake()).iloc[0]
    assert first["thinking"] + " " + first["answer"] == first["text"]
    assert first["answer"].startswith("#### ")


def test_a_shard_that_is_there_is_not_sampled_again(tmp_path):
    whole = run(Fake(), tmp_path)
    shards = sorted(tmp_path.glob("*.parquet"))
    assert len(shards) == 3
    lost = parquet.read(shards[0], parquet.RESPONSES)
    shards[0].unlink()
    engine = Fake()
    pd.testing.assert_frame_equal(run(engine, tmp_path), whole, check_dtype=False)
    assert engine.prompts == [f"question {name}" for name in lost["query_id"]]


def test_a_job_that_broke_down_goes_on_to_the_same_file(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"):
        run(Fake(calls=2), tmp_path / "state")
    engine = Fake()
    resumed = run(engine, tmp_path / "state")
    assert len(engine.seeds) == 4
    parquet.write(resumed, tmp_path / "resumed.parquet", parquet.RESPONSES)
    parquet.write(run(Fake()), tmp_path / "straight.parquet", parquet.RESPONSES)
    assert (tmp_path / "resumed.parquet").read_bytes() == (tmp_path / "straight.parquet").read_bytes()


def test_a_shard_of_other_queries_is_not_taken(tmp_path):
    run(Fake(), tmp_path, names=("a", "b", "c", "e"))
    engine = Fake()
    pd.testing.assert_frame_equal(run(engine, tmp_path), run(Fake()), check_dtype=False)
    assert set(engine.prompts) == {"question c", "question d"}  # the shard that held e, and no other


def rewrite(change):
    """Write a shard again as another program does, with other rows."""
    return lambda path: change(pd.read_parquet(path)).to_parquet(path)


def flip(path: Path) -> None:
    """One bit of the first page."""
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "short": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "all but the end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a bit": flip,
    "text": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "half of its rows": rewrite(lambda frame: frame.head(2)),
    "no rows": rewrite(lambda frame: frame.head(0)),
    "rows twice": rewrite(lambda frame: pd.concat([frame, frame])),
    "a row for another": rewrite(lambda frame: frame.iloc[[0, 0, 2, 3]]),
    "another order": rewrite(lambda frame: frame.iloc[::-1]),
    "other queries": rewrite(lambda frame: frame.assign(query_id="x")),
    "another benchmark": rewrite(lambda frame: frame.assign(benchmark="math")),
    "no texts": rewrite(lambda frame: frame.assign(text=None)),
    "a column less": rewrite(lambda frame: frame.drop(columns="answer")),
    "a column of another type": rewrite(lambda frame: frame.assign(tokens="many")),
    "a folder": folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_shard_is_named_and_sampled_again(tmp_path, capsys, damage):
    straight = run(Fake(), tmp_path)
    shard = min(tmp_path.glob("*.parquet"))
    content = shard.read_bytes()
    DAMAGES[damage](shard)
    capsys.readouterr()
    engine = Fake()
    pd.testing.assert_frame_equal(run(engine, tmp_path), straight, check_dtype=False)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("rollouts: ")]
    assert line.startswith(str(shard))
    assert line.endswith("; sampling its responses again.")
    assert len(engine.prompts) == 4  # and no other shard
    assert shard.read_bytes() == content


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Path:
    """A random policy with a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE({token: at for at, token in enumerate(specials + letters)}, []))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytewise,
        pad_token=specials[0],
        eos_token=specials[2],
        additional_special_tokens=[specials[1]],
        chat_template="{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}A:",
    )
    torch.manual_seed(0)
    ends = {"eos_token_id": 2, "pad_token_id": 0, "bos_token_id": None}
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        **ends,
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.normal_(0.0, 0.2)
    model.generation_config = GenerationConfig(**ends)
    folder = tmp_path_factory.mktemp("policy")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


NAMES = ("a", "much longer than b", "b", "of middling length")


@pytest.mark.slow
def test_the_batch_size_changes_no_response(policy):
    one, three, all_ = [
        sample_responses(load(policy, Sampling(batch_size=batch)), queries(*NAMES), SAMPLING, seed=0)
        for batch in (1, 3, 64)
    ]
    pd.testing.assert_frame_equal(one, all_)
    pd.testing.assert_frame_equal(three, all_)


def test_the_order_of_the_queries_changes_no_response(policy):
    engine = load(policy, SAMPLING)
    there, back = [
        sample_responses(engine, queries(*names), SAMPLING, seed=0).set_index(["query_id", "sample"])
        for names in (NAMES, NAMES[::-1])
    ]
    pd.testing.assert_frame_equal(there.sort_index(), back.sort_index())


def test_a_text_is_what_the_policy_says_after_the_chat_template(policy):
    from reward_memory.generation.decoding import decode

    engine = load(policy, SAMPLING)
    out = sample_responses(engine, queries(*NAMES), SAMPLING, seed=0)
    row = out.iloc[4]  # second sample of the second query
    prompt = engine.tokenizer("<|im_start|>user:question much longer than b<|im_end|>A:")["input_ids"]
    seed = derive(0, "much longer than b", 1)
    one = decode(engine.model, [prompt], [seed], temperature=1.0, top_p=1.0, max_new_tokens=8)[0]
    assert row["text"] == engine.tokenizer.decode(one.tokens, skip_special_tokens=True)
    assert (row["tokens"], row["finished"]) == (len(one.tokens), one.finished)


def test_another_seed_samples_other_responses(policy):
    engine = load(policy, SAMPLING)
    texts = [sample_responses(engine, queries("a"), SAMPLING, seed=seed)["text"].tolist() for seed in (0, 1)]
    assert not set(texts[0]) & set(texts[1])


def test_a_folder_that_is_no_policy_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no config\.json"):
        load(tmp_path, SAMPLING)
