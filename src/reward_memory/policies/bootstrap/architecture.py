"""The tiny policy: a small Qwen2 with a special initialization."""

from typing import Any

import torch
from torch import nn

from .shape import HEAD, shape
from .tokenizer import CONTEXT, NUMBERS

EMBEDDING_STD = 0.08
PERIODS = (2.0, 3.0, 5.0, 10.0, 10.0, 20.0, 20.0, 40.0, 100.0, 400.0)
LEAD = 6.0  # scaled attention score of the previous token minus that of the token itself


def new_model(tokenizer: Any, hidden_size: int, num_hidden_layers: int, seed: int) -> Any:
    """Create a Qwen2ForCausalLM in float32, with the sizes from `shape`."""
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    config = Qwen2Config(
        **shape(hidden_size, num_hidden_layers, len(tokenizer)),
        max_position_embeddings=CONTEXT,
        use_sliding_window=False,
        attn_implementation="eager",  # fused CPU attention takes twice as long in the backward pass at these lengths
        **ends,
    )
    model = Qwen2ForCausalLM(config)
    initialize(model, [tokenizer.convert_tokens_to_ids(f" {number}") for number in range(NUMBERS)], seed)
    # top_k 0, because transformers otherwise samples from the best 50 tokens only
    model.generation_config = GenerationConfig(do_sample=True, temperature=1.0, top_p=1.0, top_k=0, **ends)
    return model


@torch.no_grad()
def initialize(model: nn.Module, numbers: list[int], seed: int) -> None:
    """Initialize the weights in place, so that arithmetic is learned in a few hundred steps.

    numbers  token ids of 0, 1, 2, ...

    Embeddings are N(0, 0.08), matrices N(0, 1/sqrt(fan-in)) and every block's output zero, so that each block
    starts as the identity and the first layer sees the tokens. Numbers get periodic embeddings, in which addition is
    a rotation; the first head of the first layer attends to the previous token at the start.
    """
    source = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if weight.dim() != 2:
            continue
        if "o_proj" in name or "down_proj" in name:
            nn.init.zeros_(weight)
        else:
            nn.init.normal_(weight, 0.0, EMBEDDING_STD if "embed" in name else weight.shape[1] ** -0.5, source)
    embedding = model.get_input_embeddings().weight
    embedding[numbers] = 0.5 * embedding[numbers] + periodic_embeddings(len(numbers), embedding.shape[1], source)
    _look_one_back(model, source)


def periodic_embeddings(count: int, width: int, source: torch.Generator) -> torch.Tensor:
    """(count, width) float32 embeddings of 0 ... count-1 whose inner product depends only on the difference.

    Sines and cosines with PERIODS along random orthogonal directions, with the norm of the other embeddings.
    """
    angles = 2 * torch.pi * torch.arange(count)[:, None] / torch.tensor(PERIODS)
    waves = torch.cat([angles.cos(), angles.sin()], 1)
    directions = torch.linalg.qr(torch.randn(width, waves.shape[1], generator=source))[0].T
    return nn.functional.normalize(waves @ directions) * EMBEDDING_STD * width**0.5


def _look_one_back(model: nn.Module, source: torch.Generator) -> None:
    """Set the biases of head 0 so that, after the rotary embedding, the previous token scores highest."""
    attention = model.model.layers[0].self_attn
    frequencies = model.model.rotary_emb.inv_freq
    size = (LEAD * HEAD**0.5 / (1 - frequencies.cos()).sum()).sqrt()
    attention.q_proj.weight[:HEAD] *= 0.1
    attention.k_proj.weight[:HEAD] *= 0.1
    attention.k_proj.bias[:HEAD] = torch.cat([torch.ones_like(frequencies), torch.zeros_like(frequencies)]) * size
    attention.q_proj.bias[:HEAD] = torch.cat([frequencies.cos(), -frequencies.sin()]) * size
    width = attention.o_proj.weight.shape[0]
    attention.o_proj.weight[:, :HEAD] = torch.randn(width, HEAD, generator=source) * EMBEDDING_STD / HEAD**0.5
