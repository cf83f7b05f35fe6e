"""Engines that sample responses: queries in, one table of responses out."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .. import schemas
from ..errors import InputError
from ..progress import Progress
from ..provenance import digest
from ..randomness import derive
from ..reading.responses import split_response


@dataclass(frozen=True, slots=True)
class Sampling:
    """How responses are drawn.

    samples         responses a query
    temperature     0 is greedy
    top_p           nucleus mass in (0, 1]
    max_new_tokens  cut after this many tokens
    """

    samples: int
    temperature: float
    max_new_tokens: int
    top_p: float = 1.0


class TransformersEngine:
    """Samples with transformers.generate on one device, in batches of prompts of similar length."""

    def __init__(self, folder: str | Path, dtype: str = "float32", batch: int = 256, device: str = "cpu"):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).to(device).eval()
        self.batch = batch

    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: Sampling) -> list[tuple[str, int, bool]]:
        """(text, tokens, finished) of one response a prompt; `prompts` are chat messages."""
        from .decoding import decode

        tokens = self.tokenizer.apply_chat_template(prompts, add_generation_prompt=True, return_dict=True)["input_ids"]
        order = sorted(range(len(tokens)), key=lambda row: (len(tokens[row]), row))
        out: list = [None] * len(tokens)
        for start in range(0, len(order), self.batch):
            rows = order[start : start + self.batch]
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


ENGINES = {"transformers": TransformersEngine}


def load(folder: str | Path, engine: str = "transformers", **options) -> TransformersEngine:
    """The engine of that name with the policy in `folder` (a Hugging Face directory).

    InputError if the folder is no whole policy.
    """
    from ..policies import check

    check(Path(folder))
    if engine not in ENGINES:
        raise InputError(f"rollouts: engine: {engine!r} is not one of {', '.join(ENGINES)}.")
    return ENGINES[engine](folder, **options)


def sample_responses(
    engine: TransformersEngine,
    queries: pd.DataFrame,
    sampling: Sampling,
    seed: int,
    *,
    what: str = "rollouts",
    state: Path | None = None,
    shard: int = 512,
) -> pd.DataFrame:
    """Sample `sampling.samples` responses a query (columns of schemas.RESPONSES).

    seed   each draw depends on (seed, query id, sample) and on nothing else
    state  a folder in which whole shards of `shard` responses are kept, so that a killed job goes on
    """
    tasks = [(row, sample) for row in queries.itertuples() for sample in range(sampling.samples)]
    progress = Progress(what, len(tasks))
    shards = []
    for start in range(0, len(tasks), shard):
        part = tasks[start : start + shard]
        kept = state / f"{digest([start, [(row.id, sample) for row, sample in part]])}.parquet" if state else None
        if kept is not None and kept.exists():
            frame = schemas.read(kept, schemas.RESPONSES)
        else:
            frame = _sample_shard(engine, part, sampling, seed)
            if kept is not None:
                schemas.write(frame, kept, schemas.RESPONSES)
        shards.append(frame)
        progress.advance(len(part), f"{int(frame.tokens.sum())} tokens in the last {len(part)} responses")
    return pd.concat(shards, ignore_index=True)


def _sample_shard(engine, tasks: list, sampling: Sampling, seed: int) -> pd.DataFrame:
    prompts = [[dict(message) for message in row.messages] for row, _ in tasks]
    seeds = [derive(seed, row.id, sample) for row, sample in tasks]
    rows = []
    for (query, sample), (text, tokens, finished) in zip(tasks, engine.generate(prompts, seeds, sampling), strict=True):
        thinking, answer = split_response(text, query.domain)
        rows.append((query.id, query.benchmark, query.domain, sample, text, thinking, answer, tokens, finished))
    return pd.DataFrame(rows, columns=schemas.RESPONSES.names)
