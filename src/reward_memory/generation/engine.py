"""Engines that sample responses: queries in, one table of responses out."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from reward_memory.answers.responses import split_response
from reward_memory.errors import InputError
from reward_memory.jobs.gpus import check_driver, given
from reward_memory.jobs.progress import Progress
from reward_memory.seeds import derive
from reward_memory.settings import Sampling
from reward_memory.storage import parquet
from reward_memory.storage.files import digest

from .interface import Engine
from .vllm_engine import VllmEngine


class TransformersEngine(Engine):
    """Samples with transformers.generate on one device, in batches of prompts of similar length."""

    def __init__(self, folder: str | Path, settings: Sampling, device: str = "cpu"):
        import torch

        from reward_memory.policies import lean  # noqa: F401  before transformers

        # isort: split
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = (
            AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, settings.dtype)).to(device).eval()
        )
        self.batch_size = settings.batch_size

    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: Sampling) -> list[tuple[str, int, bool]]:
        from .decoding import decode

        tokens = self.tokenizer.apply_chat_template(prompts, add_generation_prompt=True, return_dict=True)["input_ids"]
        order = sorted(range(len(tokens)), key=lambda row: (len(tokens[row]), row))
        out: list = [None] * len(tokens)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            decoded = decode(
                self.model,
                [tokens[row] for row in rows],
                [seeds[row] for row in rows],
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_new_tokens=sampling.max_new_tokens,
            )
            for row, one in zip(rows, decoded, strict=True):
                text = self.tokenizer.decode(one.tokens, skip_special_tokens=True)
                out[row] = (text, len(one.tokens), one.finished)
        return out

    def close(self) -> None:
        del self.model


def load(folder: str | Path, settings: Sampling, *, gpus: int = 0) -> Engine:
    """Load the policy in `folder` (a Hugging Face directory) into the configured engine; auto is vllm on GPUs.

    gpus  number of the job's GPUs, 0 for the CPU; transformers uses the first

    InputError if the folder is not a complete policy, or GPUs are missing.
    """
    from reward_memory.policies.snapshots import check

    check(Path(folder))
    devices = given(gpus)
    check_driver(gpus)
    if settings.engine == "vllm" or (settings.engine == "auto" and gpus):
        return VllmEngine(folder, settings, devices=devices)
    return TransformersEngine(folder, settings, device="cuda" if devices else "cpu")


def sample_responses(
    engine: Engine,
    queries: pd.DataFrame,
    sampling: Sampling,
    seed: int,
    *,
    what: str = "rollouts",
    state: Path | None = None,
    shard: int | None = None,
) -> pd.DataFrame:
    """Sample `sampling.samples_per_query` responses per query (columns of parquet.RESPONSES).

    seed   each draw depends on (seed, query id, sample) and on nothing else
    state  a folder that keeps complete shards, so that a killed job resumes
    shard  responses per shard, None for the engine's default
    """
    shard = shard or engine.shard
    tasks = [(row, sample) for row in queries.itertuples() for sample in range(sampling.samples_per_query)]
    progress = Progress(what, len(tasks))

    def sampled(start: int) -> pd.DataFrame:
        part = tasks[start : start + shard]
        kept = state / f"{digest([start, [(row.id, sample) for row, sample in part]])}.parquet" if state else None
        if kept is not None and (frame := _kept_shard(kept, part)) is not None:
            return frame
        frame = _sample_shard(engine, part, sampling, seed)
        if kept is not None:
            parquet.write(frame, kept, parquet.RESPONSES, checked=True)
        return frame

    shards = []
    for frame in _in_order(sampled, range(0, len(tasks), shard), engine.concurrency):
        shards.append(frame)
        progress.advance(len(frame), f"{int(frame.tokens.sum())} tokens in the last {len(frame)} responses")
    return pd.concat(shards, ignore_index=True)


def _in_order(work: Callable[[int], pd.DataFrame], starts: Iterable[int], threads: int) -> Iterator[pd.DataFrame]:
    """Like `map`, with `threads` calls in parallel; after an error no further call starts."""
    if threads == 1:
        yield from map(work, starts)
        return
    with ThreadPoolExecutor(threads) as pool:
        calls = [pool.submit(work, start) for start in starts]
        try:
            for call in calls:
                yield call.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _kept_shard(path: Path, tasks: list) -> pd.DataFrame | None:
    """Read a shard that an earlier attempt sampled; None if it is missing, or damaged (prints a message)."""
    if not os.path.lexists(path):
        return None
    try:
        frame = parquet.read(path, parquet.RESPONSES)
        wanted = [(row.id, row.benchmark, row.domain, sample) for row, sample in tasks]
        names = ["query_id", "benchmark", "domain", "sample"]
        if [*frame[names].itertuples(index=False, name=None)] != wanted or frame.isna().any(axis=None):
            raise InputError(f"{path}: its {len(frame)} rows are not the {len(tasks)} responses of this shard.")
    except InputError as error:
        print(f"{str(error).partition(';')[0].rstrip('.')}; sampling its responses again.", file=sys.stderr)
        if path.is_dir():
            shutil.rmtree(path)
        return None
    return frame


def _sample_shard(engine, tasks: list, sampling: Sampling, seed: int) -> pd.DataFrame:
    prompts = [[dict(message) for message in row.messages] for row, _ in tasks]
    seeds = [derive(seed, row.id, sample) for row, sample in tasks]
    rows = []
    for (query, sample), (text, tokens, finished) in zip(tasks, engine.generate(prompts, seeds, sampling), strict=True):
        thinking, answer = split_response(text, query.domain)
        rows.append((query.id, query.benchmark, query.domain, sample, text, thinking, answer, tokens, finished))
    return pd.DataFrame(rows, columns=parquet.RESPONSES.names)
