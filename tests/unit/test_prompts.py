"""Prompts that are too long for training: counted as the policy sees them, refused or left out, never unsaid."""

import re
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from reward_memory.errors import InputError
from reward_memory.settings import Training
from reward_memory.storage import parquet
from reward_memory.training import prompts
from reward_memory.training.rows import ROWS, verl_rows
from reward_memory.training.turns import EMPTY_TURN

TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    "{{ message['role'] + ' ' + message['content'] + ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant' }}{% endif %}"
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """A folder with a tokenizer that has a token a word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[unk]": 0, "a": 1}, unk_token="[unk]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder = tmp_path_factory.mktemp("policy")
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[unk]", chat_template=TEMPLATE).save_pretrained(folder)
    return folder


def queries(benchmark: str, *lengths: int, role: str = "user") -> pd.DataFrame:
    """A query of so many words each; the template adds two tokens."""
    rows = [
        {
            "id": f"{benchmark}/train/{row}",
            "benchmark": benchmark,
            "domain": "math",
            "messages": [{"role": role, "content": " ".join(["a"] * length)}],
            "ground_truth": "1",
        }
        for row, length in enumerate(lengths)
    ]
    return pd.DataFrame(rows).reindex(columns=[*parquet.QUERIES.names, *parquet.TRUTHS.names]).assign(ground_truth="1")


def training(most=None, overlong="refuse", batch=1) -> Training:
    limits = {"max_prompt_tokens": most, "overlong_prompts": overlong, "train_batch_size": batch}
    return Training.model_validate(limits)


@pytest.fixture(scope="module")
def counted(policy):
    return prompts.lengths(policy, {"train": queries("math", 3, 48, 199), "valid": queries("mmlu", 50, 10)})


def test_template_and_generation_mark_are_counted(counted):
    assert counted["tokens"].tolist() == [5, 50, 201, 52, 12]
    assert counted["split"].tolist() == ["train"] * 3 + ["valid"] * 2


def test_a_template_that_refuses_a_prompt_names_the_query(policy):
    with pytest.raises(InputError, match=rf"^{re.escape(str(policy))}: the policy's chat template .* math/train/0 "):
        prompts.lengths(policy, {"train": queries("math", 3, role="tool")})


def test_prompts_that_leave_no_room_for_their_responses_are_told(counted):
    prompts.check_room("tiny", counted, "evaluation", 55, 256, 256)
    prompts.check_room("tiny", counted, "evaluation", 10**6, None)
    with pytest.raises(InputError) as caught:
        prompts.check_room("tiny", counted, "evaluation", 60, 512, 256)
    assert str(caught.value) == (
        "evaluation: max_new_tokens: 60 leaves too little room for 1 of 5 prompts within max_model_len, 256: the "
        "longest prompt has 201 tokens (math/train/2); raise it."
    )
    with pytest.raises(InputError, match=r"within the 256 positions of policy tiny: the longest .*; lower it"):
        prompts.check_room("tiny", counted, "suites: meds: evaluation", 210, 256)


@pytest.mark.parametrize(("longest", "most"), [(1, 128), (128, 128), (129, 192), (192, 192), (193, 256), (1000, 1024)])
def test_the_limit_follows_from_the_longest_prompt(longest, most):
    assert prompts.fitting(longest) == most


def test_a_limit_that_is_set_counts(counted):
    assert prompts.limit(training(), counted) == 256
    assert prompts.limit(training(300), counted) == 300
    assert prompts.limit(training(30), counted) == 30


def test_prompts_over_the_limit_are_counted_in_one_sentence(counted):
    with pytest.raises(InputError) as caught:
        prompts.check("tiny", counted, training(51))
    assert str(caught.value) == (
        "training: max_prompt_tokens: 51 is too few for policy tiny: 2 of 5 training and validation queries have "
        "longer prompts (1 of math, 1 of mmlu), the longest 201 tokens (math/train/2); set max_prompt_tokens: 256 or "
        "leave the key out, which has the same effect."
    )


@pytest.mark.parametrize("most", [None, 201, 4000])
def test_prompts_that_fit_are_taken(counted, most):
    prompts.check("tiny", counted, training(most, batch=10**6))


def test_what_is_to_be_left_out_must_leave_a_batch_and_a_validation_query(counted):
    prompts.check("tiny", counted, training(51, "leave_out", 2))
    with pytest.raises(InputError, match=r"leaves 2 training queries for a batch of 3; set max_prompt_tokens: 256"):
        prompts.check("tiny", counted, training(51, "leave_out", 3))
    with pytest.raises(InputError, match="keeps too few queries"):
        prompts.check("tiny", counted, training(11, "leave_out", 1))


def test_training_reads_the_rows_that_fit(tmp_path, counted):
    parquet.write(verl_rows(queries("math", 3, 48, 199), "train"), tmp_path / "train.parquet", ROWS)
    path = tmp_path / "train.parquet"
    assert prompts.fitting_rows(path, counted, 201, tmp_path) == path
    shorter = prompts.fitting_rows(path, counted, 50, tmp_path)
    assert [row["extra_info"]["id"] for row in pq.read_table(shorter).to_pylist()] == ["math/train/0", "math/train/1"]
    assert pq.read_schema(shorter).equals(pq.read_schema(path))
    assert pq.read_metadata(path).num_rows == 3


def test_a_row_that_nobody_counted_is_named(tmp_path, counted):
    parquet.write(verl_rows(queries("gsm8k", 3), "train"), tmp_path / "train.parquet", ROWS)
    with pytest.raises(InputError, match=r"the prompt of gsm8k/train/0 was not counted; rebuild the data\.$"):
        prompts.fitting_rows(tmp_path / "train.parquet", counted, 50, tmp_path)


@pytest.mark.parametrize(("train", "valid", "named"), [(3, 1, None), (2, 1, "train.parquet"), (3, 0, "valid.parquet")])
def test_training_stops_where_verl_keeps_fewer_rows_than_it_was_given(tmp_path, monkeypatch, train, valid, named):
    trainer = pytest.importorskip("reward_memory.training.verl.trainer", reason="verl is not installed")
    for split, lengths in (("train", (1, 2, 3)), ("valid", (4,))):
        parquet.write(verl_rows(queries("math", *lengths), split), tmp_path / f"{split}.parquet", ROWS)
    files = {
        f"{key}_files": str(tmp_path / f"{split}.parquet") for key, split in (("train", "train"), ("val", "valid"))
    }
    run = object.__new__(trainer.RewardMemoryTrainer)
    run.config = SimpleNamespace(data=SimpleNamespace(**files, max_prompt_length=40))

    def kept(self):
        self.train_dataset, self.val_dataset = [None] * train, [None] * valid

    monkeypatch.setattr(trainer.PPOTrainerSync, "_init_dataloader", kept)
    if named is None:
        run._init_dataloader()
    else:
        with pytest.raises(InputError, match=rf"{named}: verl keeps {min(train, 3) if valid else 0} of its "):
            run._init_dataloader()


def test_an_empty_reply_counts_as_the_template_writes_it(policy):
    table = {"train": queries("x", 1, 3)}
    assert prompts.lengths(policy, table)["tokens"].tolist() == [3, 5]
    # its role is a word more
    assert prompts.lengths(policy, table, EMPTY_TURN)["tokens"].tolist() == [4, 6]
