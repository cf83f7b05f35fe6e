"""Prompt lengths in a policy's tokens, and the training limit derived from them: no prompt is dropped silently."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.errors import InputError
from reward_memory.settings import Training
from reward_memory.storage.files import atomic_path

from . import PROMPT_TOKENS

#: One row per training or validation query.
PROMPTS = pa.schema([("id", pa.string()), ("benchmark", pa.string()), ("split", pa.string()), ("tokens", pa.int32())])
#: A limit derived from the queries is a multiple of this.
STEP = 64


def lengths(folder: str | Path, queries: Mapping[str, pd.DataFrame], ending: Sequence[dict] = ()) -> pd.DataFrame:
    """Tokens of every prompt (columns of PROMPTS), chat template and generation prompt included, as verl counts them.

    folder   of the policy, in the Hugging Face layout
    queries  split -> parquet.QUERIES
    ending   messages appended to each prompt

    InputError names the query whose messages the chat template rejects.
    """
    from reward_memory.policies import lean  # noqa: F401  must precede transformers

    # isort: split
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    parts = []
    for split, table in queries.items():
        prompts = [[dict(message) for message in (*messages, *ending)] for messages in table["messages"]]
        tokens = [_count(tokenizer, prompt, name, folder) for prompt, name in zip(prompts, table["id"], strict=True)]
        parts.append(table[["id", "benchmark"]].assign(split=split, tokens=tokens))
    return pd.concat(parts, ignore_index=True)


def _count(tokenizer: Any, prompt: list[dict], name: str, folder: str | Path) -> int:
    try:
        encoded = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)
    except Exception as error:  # a template is a program that comes with the policy, and may raise anything
        raise InputError(
            f"{folder}: the policy's chat template rejects the prompt of {name} ({error}); use another template or "
            "leave the benchmark out."
        ) from error
    return len(encoded["input_ids"])


def fitting(longest: int) -> int:
    """Limit that allows prompts of `longest` tokens: a multiple of STEP, at least PROMPT_TOKENS."""
    return max(PROMPT_TOKENS, -(-longest // STEP) * STEP)


def limit(training: Training, prompts: pd.DataFrame) -> int:
    """Tokens of the longest prompt that training accepts.

    training  its max_prompt_tokens, or if that is null a limit for the longest of `prompts`
    prompts   PROMPTS of the policy
    """
    return training.max_prompt_tokens or fitting(int(prompts["tokens"].max()))


def check(policy: str, prompts: pd.DataFrame, training: Training, section: str = "training") -> None:
    """Raise InputError if prompts exceed the limit, unless they are to be left out and enough remain.

    policy    its name
    prompts   PROMPTS of the policy
    training  its max_prompt_tokens, overlong_prompts and train_batch_size are read
    section   configuration section of the limit
    """
    most = limit(training, prompts)
    over = prompts[prompts["tokens"] > most]
    if over.empty:
        return
    longest = over.loc[over["tokens"].idxmax()]
    key = f"{section}: max_prompt_tokens: {most}"
    counts = ", ".join(f"{count} of {name}" for name, count in over["benchmark"].value_counts(sort=False).items())
    if training.overlong_prompts == "leave_out":
        left = int(((prompts["split"] == "train") & (prompts["tokens"] <= most)).sum())
        if left < training.train_batch_size or not ((prompts["split"] == "valid") & (prompts["tokens"] <= most)).any():
            raise InputError(
                f"{key}: policy {policy} keeps too few queries: {counts} have longer prompts, which leaves {left} "
                f"training queries for a batch of {training.train_batch_size}; set max_prompt_tokens: "
                f"{fitting(longest['tokens'])}, or leave the key out."
            )
        return
    raise InputError(
        f"{key} is too few for policy {policy}: {len(over)} of {len(prompts)} training and validation queries have "
        f"longer prompts ({counts}), the longest {longest['tokens']} tokens ({longest['id']}); set max_prompt_tokens: "
        f"{fitting(longest['tokens'])} or leave the key out, which has the same effect."
    )


def check_room(
    policy: str, prompts: pd.DataFrame, section: str, answers: int, positions: int | None, length: int | None = None
) -> None:
    """Raise InputError if there is no room for a prompt and the longest response to it together.

    policy     its name
    prompts    PROMPTS of the queries
    section    configuration section of max_new_tokens
    answers    max_new_tokens
    positions  of the policy, None if unknown
    length     max_model_len of vLLM; None if transformers samples, or vLLM uses all positions
    """
    for most, what, fix in (
        (length, f"max_model_len, {length}", "raise it"),
        (
            positions,
            f"the {positions} positions of policy {policy}",
            "lower it, or use a policy with more",
        ),
    ):
        over = prompts[prompts["tokens"] + answers > most] if most else prompts[:0]
        if len(over):
            longest = over.loc[over["tokens"].idxmax()]
            raise InputError(
                f"{section}: max_new_tokens: {answers} leaves too little room for {len(over)} of {len(prompts)} "
                f"prompts within {what}: the longest prompt has {longest['tokens']} tokens ({longest['id']}); {fix}."
            )


def fitting_rows(path: Path, prompts: pd.DataFrame, most: int, state: Path) -> Path:
    """Path of the training rows (rows.ROWS), or of a copy in `state` without prompts of more than `most` tokens.

    InputError if a row's prompt was not counted.
    """
    table = pq.read_table(path)
    names = [info["id"] for info in table["extra_info"].to_pylist()]
    tokens = prompts.set_index("id")["tokens"].reindex(names)
    if tokens.isna().any():
        raise InputError(
            f"{path}: the prompt of {names[int(tokens.isna().argmax())]} was not counted; rebuild the data."
        )
    fits = (tokens <= most).to_numpy()
    if fits.all():
        return path
    shorter = state / f"{path.stem}.fitting.parquet"
    with atomic_path(shorter) as temporary:
        pq.write_table(table.filter(pa.array(fits)), temporary)
    return shorter
