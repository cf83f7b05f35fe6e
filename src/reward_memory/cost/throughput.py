"""Floating-point operations of a policy, and the seconds that they take on a device.

A token costs 2 operations per weight in a forward pass and 6 in a gradient step (Kaplan et al. 2020, arXiv 2001.08361,
section 2.1). Attention adds 4 * layers * heads * head * context forward, and three times as much in a gradient step.
"""

import math

from reward_memory.policies.size import Size

from .hardware import Hardware

BYTES = 2  # of a weight in bfloat16


def forward_flops(size: Size, tokens: float, context: float) -> float:
    """Operations of a forward pass of `tokens` tokens, each of which attends to `context` tokens on average."""
    return tokens * (2 * size.active + 4 * size.layers * size.heads * size.head * context)


def read_seconds(size: Size, device: Hardware, devices: int, tokens: float, context: float) -> float:
    """Seconds for a forward pass of many tokens at once: prompts, or log-probabilities of complete responses."""
    return device.seconds(forward_flops(size, tokens, context), device.prefill_utilization, devices)


def update_seconds(
    size: Size, device: Hardware, devices: int, tokens: float, context: float, recomputed: bool = False
) -> float:
    """Seconds for forward and backward passes of `tokens` tokens.

    recomputed  whether activations are recomputed for the backward pass (gradient checkpointing)
    """
    operations = (4 if recomputed else 3) * forward_flops(size, tokens, context)
    return device.seconds(operations, device.training_utilization, devices)


def sample_seconds(
    size: Size,
    device: Hardware,
    devices: int,
    responses: float,
    length: float,
    longest: int,
    prompt: float,
    memory: float = 0.9,
) -> float:
    """Seconds to sample responses, which the devices share evenly.

    length, longest  mean and largest number of tokens of a response
    prompt           mean number of tokens of a prompt, which is read once per response
    memory           share of the device's memory for weights and KV cache

    A device samples `concurrency` responses in parallel, or as many as its memory holds, and starts the next one when
    one ends. So it takes responses * length / concurrency decoding steps, and at least those of the longest response.
    """
    per_device = math.ceil(responses / max(devices, 1))
    if not per_device:
        return 0.0
    room = 1e9 * device.memory_gb * memory - BYTES * size.parameters
    fitting = int(room / (BYTES * size.cached * (prompt + length)))
    together = min(device.concurrency, per_device, max(fitting, 1))
    steps = max(per_device * length / together, min(longest, 2 * length))
    context = prompt + length / 2
    reading = BYTES * (size.active + together * context * size.cached)
    loading = reading / (1e9 * device.bandwidth_gb_s * device.bandwidth_utilization)
    computing = read_seconds(size, device, 1, together, context)
    step = max(loading, computing) + 1e-6 * device.layer_microseconds * size.layers
    return steps * step + read_seconds(size, device, 1, per_device * prompt, prompt / 2)
