"""GPU memory that a training run needs, by arithmetic: weights, logits, activations kept for the gradient.

Logits need most of it: 14 bytes per token and vocabulary entry without packing, 2.1 MB per token for Qwen2.5.
`activations` follows the counts of perf/device_memory.py. Assumed values are marked.
"""

from dataclasses import dataclass

from reward_memory.policies.size import Size
from reward_memory.settings import Training

from . import PROMPT_TOKENS
from .overrides import micro_batch_size

GB = 1e9
#: Tokens whose log-probabilities are computed at once: 2,048 rows of 152,000 logits are 1.2 GB in float32.
CHUNK = 2048
#: Assumed, in bytes: CUDA and NCCL, a sleeping vLLM, attention workspace, gaps between allocations.
FIXED = 5 * GB


@dataclass(frozen=True, slots=True)
class Pass:
    """What one GPU computes at once.

    tokens       in prompts and responses, padding included
    packed       whether there is no padding
    checkpoints  whether a layer's activations are recomputed for the gradient
    """

    tokens: int
    packed: bool
    checkpoints: bool


def activations(size: Size, micro: Pass, gradient: bool) -> float:
    """Peak bytes of logits and activations, without weights and their gradients."""
    logits = 2 * micro.tokens * size.vocabulary  # in bfloat16
    chunk = 4 * min(CHUNK, micro.tokens) * size.vocabulary  # in float32
    if not gradient:
        # verl computes the entropy of padded logits in one piece; three float32 tensors coexist: the probabilities,
        # autocast's copy of the logits for logsumexp, and the exponentials within logsumexp
        return logits + 2 * chunk if micro.packed else 7 * logits
    # logits, a copy of them without packing, the gradients of the chunks, and these concatenated
    head = max(3 * logits, 2 * logits + 3 * chunk) + (0 if micro.packed else logits)
    return head + _kept(size, micro)


def _kept(size: Size, micro: Pass) -> float:
    """Bytes that the layers keep for the gradient: only their inputs, or everything that the backward pass needs."""
    if micro.checkpoints:
        return 2 * micro.tokens * size.layers * size.hidden
    width = 8 * size.hidden + 2 * (size.heads + size.kv_heads) * size.head + 4 * size.intermediate
    return 2 * micro.tokens * size.layers * width


def required_bytes(size: Size, training: Training, gpus: int, memory: float) -> dict[str, float]:
    """Bytes on each of a run's GPUs in its three phases: gradient step, log-probabilities, sampling.

    training  settings of one run with bounded micro-batches (see `unbounded`)
    gpus      number in the complete run; they share weights, gradients and Adam's moments
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
    # after the backward pass, AdamW takes the square roots of all second moments at once
    transient = max(2 * gathered + activations(size, micro, True), trained)
    return {
        # offloaded tensors come back for a gradient step
        "a gradient step": weights + trained + moments + transient + awake,
        "log-probabilities": weights
        + (moments if offload == "none" else 0)
        + gathered
        + activations(size, micro, False)
        + awake,
        "sampling": sampler + (weights if offload != "all" else 0) + (moments if offload == "none" else 0) + FIXED,
    }


def unbounded(training: Training) -> bool:
    """Whether one long response could pad any number of short ones: micro-batches limited by tokens, but padded."""
    return training.ppo_max_token_len_per_gpu is not None and not training.use_remove_padding


def _tokens(training: Training, gpus: int) -> int:
    """Tokens of a micro-batch whose prompts and responses have the maximum length."""
    longest = (training.max_prompt_tokens or PROMPT_TOKENS) + training.max_new_tokens
    return training.ppo_max_token_len_per_gpu or micro_batch_size(training, gpus) * longest


def _layer(size: Size) -> int:
    """Number of weights in one layer."""
    embeddings = size.vocabulary * size.hidden * (1 if size.tied else 2)
    return (size.parameters - embeddings) // size.layers


def _adapters(size: Size, rank: int) -> int:
    """Number of weights in the adapters of all linear layers."""
    queries, keys = size.heads * size.head, size.kv_heads * size.head
    ends = 2 * (size.hidden + queries) + 2 * (size.hidden + keys) + 3 * (size.hidden + size.intermediate)
    return rank * size.layers * ends
