"""What a training run needs of a GPU's memory, by arithmetic: weights, logits, what layers keep for the gradient.

Logits need most of it: 14 bytes a token and word of the vocabulary without packing, 2.1 MB a token of Qwen2.5.
`activations` follows what perf/device_memory.py counts. What is assumed says so.
"""

from dataclasses import dataclass

from reward_memory.policies.size import Size
from reward_memory.settings import Training

from . import PROMPT_TOKENS
from .overrides import micro_batch_size

GB = 1e9
#: Tokens whose log-probabilities are computed at once: 2,048 rows of 152,000 logits are 1.2 GB in float32.
CHUNK = 2048
#: Assumed, in bytes: CUDA and NCCL, a vLLM that sleeps, attention's workspace, gaps between allocations.
FIXED = 5 * GB


@dataclass(frozen=True, slots=True)
class Pass:
    """What one GPU computes at once.

    tokens       of prompts and responses, padding included
    packed       whether there is no padding
    checkpoints  whether a layer's activations are computed again for the gradient
    """

    tokens: int
    packed: bool
    checkpoints: bool


def activations(size: Size, micro: Pass, gradient: bool) -> float:
    """Bytes of logits and activations at their peak, without weights and their gradients."""
    logits = 2 * micro.tokens * size.vocabulary  # in bfloat16
    chunk = 4 * min(CHUNK, micro.tokens) * size.vocabulary  # in float32
    if not gradient:
        # verl computes the entropy of padded logits in one piece; in float32 there are at once the probabilities, what
        # autocast makes of the logits for logsumexp, and logsumexp's own exponentials
        return logits + 2 * chunk if micro.packed else 7 * logits
    # logits, without packing a copy of them, the gradients of the chunks, and those joined
    head = max(3 * logits, 2 * logits + 3 * chunk) + (0 if micro.packed else logits)
    return head + _kept(size, micro)


def _kept(size: Size, micro: Pass) -> float:
    """Bytes that the layers keep for the gradient: each one's input, or all that its gradient needs."""
    if micro.checkpoints:
        return 2 * micro.tokens * size.layers * size.hidden
    width = 8 * size.hidden + 2 * (size.heads + size.kv_heads) * size.head + 4 * size.intermediate
    return 2 * micro.tokens * size.layers * width


def need(size: Size, training: Training, gpus: int, memory: float) -> dict[str, float]:
    """Bytes on each of a run's GPUs in its three phases: gradient step, log-probabilities, sampling.

    training  the section of one run, whose micro-batches are bounded (`unbounded`)
    gpus      of the whole run, which share weights, gradients and Adam's moments
    memory    bytes of one GPU
    """
    micro = Pass(_tokens(training, gpus), training.use_remove_padding, training.enable_gradient_checkpointing)
    weights = 4 * size.parameters / gpus
    trained = weights if training.lora is None else 4 * _adapters(size, training.lora.rank) / gpus
    moments = 2 * trained
    # FSDP gathers a few layers at a time; embedding and output layer stay gathered
    gathered = 2 * size.vocabulary * size.hidden * (1 if size.tied else 2) + 4 * _layer(size)
    sampler = training.gpu_memory_utilization * memory
    awake = FIXED + (0 if training.free_cache_engine else sampler)
    offload = training.offload
    # once the gradients are there, AdamW takes the square roots of all second moments at once
    passing = max(2 * gathered + activations(size, micro, True), trained)
    return {
        # what is offloaded comes back for a gradient step
        "a gradient step": weights + trained + moments + passing + awake,
        "log-probabilities": weights
        + (moments if offload == "none" else 0)
        + gathered
        + activations(size, micro, False)
        + awake,
        "sampling": sampler + (weights if offload != "all" else 0) + (moments if offload == "none" else 0) + FIXED,
    }


def unbounded(training: Training) -> bool:
    """Whether one long response could pad any number of short ones: micro-batches filled by tokens, but padded."""
    return training.ppo_max_token_len_per_gpu is not None and not training.use_remove_padding


def _tokens(training: Training, gpus: int) -> int:
    """Tokens of a micro-batch whose prompts and responses are as long as they may be."""
    longest = (training.max_prompt_tokens or PROMPT_TOKENS) + training.max_new_tokens
    return training.ppo_max_token_len_per_gpu or micro_batch_size(training, gpus) * longest


def _layer(size: Size) -> int:
    """Weights of one layer."""
    embeddings = size.vocabulary * size.hidden * (1 if size.tied else 2)
    return (size.parameters - embeddings) // size.layers


def _adapters(size: Size, rank: int) -> int:
    """Weights of adapters of all linear layers."""
    queries, keys = size.heads * size.head, size.kv_heads * size.head
    ends = 2 * (size.hidden + queries) + 2 * (size.hidden + keys) + 3 * (size.hidden + size.intermediate)
    return rank * size.layers * ends
