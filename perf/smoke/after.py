"""What trainings showed: the transfer of weights, memory, speed."""

from collections.abc import Iterator

import numpy as np

from .shared import EXACT, PROMPT_TOKENS, ROOT, Smoke, nvidia_smi
from .table import Row

#: Largest difference of a token's probability between vLLM and the actor. In float32 on a GPU 0.003 was seen, on a CPU
#: 7.5e-6; in bfloat16 0.03 and 0.09.
FAR = {"float32": {True: 0.02, False: 1e-4}, "bfloat16": {True: 0.2, False: 0.2}}


def transfer(smoke: Smoke) -> Iterator[Row]:
    """Whether vLLM, which starts from made-up weights, sampled from the actor's: differences of probabilities."""
    for arm, steps in smoke.steps.items():
        far = worst("training/rollout_probs_diff_max", steps)
        kind = "float32" if arm == EXACT else "bfloat16"
        asked = FAR[kind][bool(smoke.gpu)]
        yield Row("transfer", f"{arm}, {kind}: largest difference of a probability", far, f"below {asked}", far < asked)
        alike = -worst("training/rollout_actor_probs_pearson_corr", steps, -1)
        yield Row("transfer", f"{arm}, {kind}: least correlation", alike, "above 0.99", alike > 0.99)


def worst(metric: str, steps: list[dict], sign: int = 1) -> float:
    """The largest of sign x a metric, NaN where verl had nothing to compare in one of the steps."""
    return float(np.max([sign * step[metric] for step in steps]))


def memory(smoke: Smoke) -> Iterator[Row]:
    """Peak of the device's memory and what docs/gpu_memory.md's arithmetic gives."""
    import psutil

    from reward_memory.training.device_memory import required_bytes

    card = float(nvidia_smi("memory.total")) * 2**20 if smoke.gpu else psutil.virtual_memory().total
    for arm, most in smoke.peak.items():
        phases = required_bytes(smoke.size(arm), smoke.settings(arm)[0], 1, card)
        phase, expected = max(phases.items(), key=lambda one: one[1])
        fits = most <= 1.05 * expected / 1e9 if smoke.gpu else None
        yield Row("memory", f"{arm}: peak, GB; arithmetic: {phase}", most, f"{expected / 1e9:.3g} or less", fits)
        allocated = [step.get("perf/max_memory_allocated_gb", 0.0) for step in smoke.steps.get(arm, [])]
        if any(allocated):  # torch tells nothing of a CPU's
            learning = max(phases["a gradient step"], phases["log-probabilities"]) / 1e9
            yield Row(
                "memory", f"{arm}: torch's part, GB (arithmetic, all: {learning:.3g})", max(allocated) * 2**30 / 1e9
            )


def speed(smoke: Smoke) -> Iterator[Row]:
    """Sampled and trained tokens a second beside those of the cost model (docs/cost.md)."""
    from reward_memory.cost.hardware import read
    from reward_memory.cost.throughput import sample_seconds, update_seconds

    devices = read(ROOT / "reference/hardware.yaml")
    known = [one for name, one in devices.items() if smoke.gpu and name in smoke.gpu.lower()]
    device = devices["cpu"] if smoke.gpu is None else (known or [devices["h100"]])[0]
    yield Row("speed", "cost model of", device.name)
    if smoke.sampled is not None:
        responses, seconds = smoke.sampled
        length, longest = float(responses["tokens"].mean()), int(responses["tokens"].max())
        asked = sample_seconds(smoke.size("r1-p"), device, 1, len(responses), length, longest, PROMPT_TOKENS / 2)
        tokens = int(responses["tokens"].sum())
        yield Row("speed", f"sampled tokens/s (cost model: {tokens / asked:.3g})", tokens / seconds)
    for arm, steps in smoke.steps.items():
        if len(steps) < 2:
            continue  # the arm failed, and its own line says so
        tokens = sum(step["perf/total_num_tokens"] for step in steps[1:])
        seconds = sum(step["timing_s/update_actor"] for step in steps[1:])
        section = smoke.settings(arm)[0]
        context = tokens / (2 * (len(steps) - 1) * section.train_batch_size * section.samples_per_query)
        asked = update_seconds(smoke.size(arm), device, 1, tokens, context, recomputed=True)
        yield Row("speed", f"{arm}: tokens/s of gradient steps (cost model: {tokens / asked:.3g})", tokens / seconds)
