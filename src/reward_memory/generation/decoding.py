"""Batched sampling with transformers; a response's random draws depend only on its seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reward_memory.policies import lean  # noqa: F401  before transformers

# isort: split
from transformers import Cache, DynamicCache, GenerationConfig, LogitsProcessor, LogitsProcessorList, PreTrainedModel

from reward_memory.seeds import uniforms

#: Finished responses leave the batch every so many tokens: most are far shorter than the longest.
ROUND = 12


@dataclass(frozen=True, slots=True)
class Decoded:
    """One sampled response: its tokens with the closing end token, if any, and their log-probabilities."""

    tokens: list[int]
    log_probs: list[float] | None
    finished: bool


class SeededDraw(LogitsProcessor):
    """Turns greedy search into inverse transform sampling, with one uniform number per row and position.

    Each row's numbers come from its own seed, so neither the order nor the size of a batch changes a draw.
    """

    def __init__(self, seeds: Sequence[int], prompt_length: int, max_new_tokens: int, temperature: float, top_p: float):
        self.prompt_length, self.temperature, self.top_p = prompt_length, temperature, top_p
        self.draws = torch.from_numpy(np.stack([uniforms(seed, max_new_tokens) for seed in seeds]))

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only these rows, in this order."""
        self.draws = self.draws[list(rows)]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        probabilities = torch.softmax(scores.float() / self.temperature, dim=-1)
        order = None
        if self.top_p < 1:
            probabilities, order = probabilities.sort(dim=-1, descending=True)
            outside = probabilities.cumsum(-1) - probabilities >= self.top_p
            probabilities = probabilities.masked_fill(outside, 0.0)
        # float64: a float32 sum over 150,000 tokens ends visibly short of 1
        cumulative = probabilities.double().cumsum(-1)
        draw = self.draws[:, input_ids.shape[1] - self.prompt_length].to(scores.device)
        token = torch.searchsorted(cumulative, (draw * cumulative[:, -1])[:, None], right=True)
        token = token.clamp_(max=scores.shape[-1] - 1)
        if order is not None:
            token = order.gather(-1, token)
        return torch.full_like(scores, -torch.inf).scatter_(-1, token, 0.0)


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    *,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    log_probs: bool = False,
) -> list[Decoded]:
    """Sample one response per prompt.

    prompts      token ids, one list per row; left-padded here
    seeds        one per row (seeds.derive)
    temperature  0 is greedy
    log_probs    also return each token's log-probability at the sampling temperature (1 if greedy), over the full
                 vocabulary, not the nucleus, as verl's actor computes it
    """
    plain = _plain(model.generation_config)
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), plain.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(list(prompt))
        mask[row, width - len(prompt) :] = 1
    ids, mask = ids.to(model.device), mask.to(model.device)
    draw = SeededDraw(seeds, width, max_new_tokens, temperature, top_p) if temperature > 0 else None
    tokens: list[list[int]] = [[] for _ in prompts]
    scores: list[list[float]] = [[] for _ in prompts]
    removable = _rows_can_leave(model)
    # log-probabilities come from one batch: their last digits depend on its shape, and training on them
    per_call = ROUND if removable and not log_probs else max_new_tokens
    cache, rows = _shared_prefill(model, ids, mask) if removable else None, list(range(len(prompts)))
    original, model.generation_config = model.generation_config, plain
    try:
        while rows and (remaining := max_new_tokens + width - ids.shape[1]) > 0:
            done = ids.shape[1]
            out: Any = model.generate(
                ids,
                attention_mask=mask,
                past_key_values=cache,
                logits_processor=LogitsProcessorList([draw] if draw else []),
                do_sample=False,
                max_new_tokens=min(per_call, remaining),
                output_logits=log_probs,
                return_dict_in_generate=True,
            )
            drawn = out.sequences[:, done:]
            picked = _log_probs(out.logits, drawn, temperature) if log_probs else None
            running = []
            for place, (row, new) in enumerate(zip(rows, drawn.tolist(), strict=True)):
                end = next((at + 1 for at, token in enumerate(new) if token in plain.eos_token_id), None)
                tokens[row] += new[:end]
                if picked is not None:
                    scores[row] += picked[place, :end].tolist()
                if end is None:
                    running.append(place)
            rows = [rows[place] for place in running]
            kept = torch.tensor(running, dtype=torch.long, device=model.device)
            ids = out.sequences[kept]
            mask = torch.cat([mask[kept], mask.new_ones(len(running), drawn.shape[1])], dim=-1)
            if removable:
                cache = out.past_key_values
                cache.batch_select_indices(kept)
            if draw:
                draw.keep(running)
    finally:
        model.generation_config = original
    unfinished = set(rows)
    return [
        Decoded(tokens[row], scores[row] if log_probs else None, row not in unfinished) for row in range(len(prompts))
    ]


def _log_probs(logits: Sequence[torch.Tensor], tokens: torch.Tensor, temperature: float) -> torch.Tensor:
    """(n, t) on the CPU: the log-probability of each token; logits are t tensors of (n, V), tokens (n, t)."""
    picked = [
        (step.float() / (temperature or 1.0)).log_softmax(-1).gather(-1, tokens[:, place, None].to(step.device))
        for place, step in enumerate(logits)
    ]
    return torch.cat(picked, dim=-1).cpu()


def _plain(settings: GenerationConfig) -> GenerationConfig:
    """Keep only the policy's special tokens: the rest, such as a repetition penalty, would distort its distribution.

    generate() falls back on the model's settings for whatever a call leaves out, so they are replaced completely.
    """
    ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    ends = [end for end in ends if end is not None]
    pad = settings.pad_token_id if settings.pad_token_id is not None else (ends or [0])[0]
    return GenerationConfig(eos_token_id=ends, pad_token_id=pad, bos_token_id=settings.bos_token_id)


def _rows_can_leave(model: PreTrainedModel) -> bool:
    """Return whether rows can leave a running batch: the states of linear attention do not allow that."""
    layers = DynamicCache(config=model.config).layers
    return bool(layers) and all(hasattr(layer, "batch_select_indices") for layer in layers)


def _shared_prefill(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor) -> Cache | None:
    """Compute the key-value cache of all prompt tokens but the last, once per distinct prompt; None if none repeats.

    A query's samples share their prompt, which is most of the work if responses are short.
    """
    # -1 marks padding: a prompt may contain the pad token itself
    distinct, back = torch.unique(ids.masked_fill(mask == 0, -1), dim=0, return_inverse=True)
    if len(distinct) == len(ids) or ids.shape[1] < 2:
        return None
    first = torch.zeros(len(distinct), dtype=torch.long, device=ids.device).scatter_(
        0, back, torch.arange(len(ids), device=ids.device)
    )
    distinct, distinct_mask = ids[first], mask[first, :-1]
    positions = (distinct_mask.cumsum(-1) - 1).clamp_(min=0)
    cache = model.model(
        input_ids=distinct[:, :-1], attention_mask=distinct_mask, position_ids=positions, use_cache=True
    ).past_key_values
    cache.batch_select_indices(back)
    return cache
