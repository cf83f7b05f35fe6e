"""The training texts of the tiny policy's bootstrap, step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import torch

from reward_memory.data import generated
from reward_memory.data.registry import CONTROLS, DOMAINS, MEDS, NAMES
from reward_memory.seeds import derive

from .tokenizer import END_OF_TEXT, TURN_END

BATCH = 32
BLOCK = 8  # batches that are drawn together and sorted by length; checkpoints are between blocks
DRILLED = 0.6  # share of practice text in the first half
DRILLS_END, NOISE_START = 0.5, 0.6  # of the steps
OUT_OF_DOMAIN = ("numina_math", "siqa", "piqa")
#: How often a benchmark is seen: arithmetic takes longer than facts; out-of-domain benchmarks are meant to be harder.
WEIGHTS = [(0.4 if name in OUT_OF_DOMAIN else 1.0) * (1.6 if DOMAINS[name] == "math" else 1.0) for name in NAMES]


@dataclass(frozen=True)
class Curriculum:
    """The benchmarks whose stand-ins are read, how often each is seen, and the practice texts that come first."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    drill: Callable[[Random], str]


CURRICULA = {
    "memreward": Curriculum(NAMES, tuple(WEIGHTS), generated.drill),
    # reinforcement learning starts from a policy that answers the training set well
    "meds": Curriculum(
        tuple(MEDS), tuple(1.5 if name == "dapo_math_17k" else 1.0 for name in MEDS), generated.competition_drill
    ),
    "watches": Curriculum(tuple(CONTROLS), (1.0,) * len(CONTROLS), generated.watches_drill),
}


class Batch(NamedTuple):
    """tokens (b, t) int64, padded on the right; learned (b, t) bool: the tokens in the loss."""

    tokens: torch.Tensor
    learned: torch.Tensor


def block(
    tokenizer: Any, index: int, steps: int, seed: int, noise: float, curriculum: Curriculum = CURRICULA["memreward"]
) -> list[Batch]:
    """The `BLOCK` batches from step `index * BLOCK` of a bootstrap of `steps` steps.

    First half: practice texts and clean answers; then clean answers; the last 40 %: a teacher with the error rate
    `noise`. A block depends only on its index and these arguments, so a resumed bootstrap reads the same.
    """
    rng, progress = Random(derive("bootstrap", seed, index)), index * BLOCK / steps
    count = BATCH * BLOCK
    drills = int(count * DRILLED) if progress < DRILLS_END else 0
    pairs = [("", curriculum.drill(rng) + END_OF_TEXT) for _ in range(drills)]
    rate = noise if progress >= NOISE_START else 0.0
    for name in rng.choices(curriculum.names, curriculum.weights, k=count - drills):
        problem = generated.draw(name, rng)
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": problem.question}], tokenize=False, add_generation_prompt=True
        )
        pairs.append((prompt, problem.respond(rng, rate) + TURN_END))
    prompts = tokenizer([prompt for prompt, _ in pairs], add_special_tokens=False)["input_ids"]
    texts = tokenizer([text for _, text in pairs], add_special_tokens=False)["input_ids"]
    rows = sorted(zip(prompts, texts, strict=True), key=lambda row: len(row[0]) + len(row[1]))
    batches = [_pad(rows[start : start + BATCH], tokenizer.pad_token_id) for start in range(0, count, BATCH)]
    rng.shuffle(batches)
    return batches


def _pad(rows: list[tuple[list[int], list[int]]], padding: int) -> Batch:
    longest = max(len(prompt) + len(text) for prompt, text in rows)
    tokens = torch.full((len(rows), longest), padding)
    learned = torch.zeros((len(rows), longest), dtype=torch.bool)
    for row, (prompt, text) in enumerate(rows):
        tokens[row, : len(prompt) + len(text)] = torch.tensor(prompt + text)
        learned[row, len(prompt) : len(prompt) + len(text)] = True
    return Batch(tokens, learned)
