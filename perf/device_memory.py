"""Device memory of a forward pass, counted on tensors without data: `python perf/device_memory.py` (CPU, a minute).

It runs the real models of transformers and the lines of verl 0.9.1 that turn logits into log-probabilities and entropy
(workers/engine/fsdp/transformer_impl.py, `prepare_model_outputs`), with this project's chunked log-probabilities, on
meta tensors, and counts what is alive. Weights, their gradients and attention's workspace are left out. The last lines
compare with the arithmetic that checks a configuration (reward_memory.training.device_memory).
"""

import json
import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from reward_memory.cost import sizes
from reward_memory.training.device_memory import Pass, activations
from reward_memory.training.verl.gpu_patches import log_probs

GB = 1e9
#: policy, responses, tokens of each, gradient step or log-probability pass, packed, checkpoints of layers
CASES = [
    ("Qwen/Qwen2.5-3B-Instruct", 32, 2048, False, False, True),
    ("Qwen/Qwen2.5-3B-Instruct", 32, 2048, True, False, True),
    ("Qwen/Qwen2.5-3B-Instruct", 8, 2048, False, False, True),
    ("Qwen/Qwen2.5-3B-Instruct", 8, 2048, True, False, True),
    ("Qwen/Qwen2.5-Math-7B", 4, 4096, False, False, True),
    ("Qwen/Qwen2.5-Math-7B", 4, 4096, True, False, True),
    ("Qwen/Qwen2.5-Math-7B", 2, 4096, True, True, True),
    ("Qwen/Qwen3-8B", 4, 4096, False, False, True),
    ("Qwen/Qwen3-8B", 4, 4096, True, False, True),
    ("Qwen/Qwen3-8B", 2, 4096, False, True, True),
    ("Qwen/Qwen3-8B", 2, 4096, True, True, True),
    ("Qwen/Qwen2.5-3B-Instruct", 8, 2048, True, False, False),
    ("Qwen/Qwen3-8B", 2, 4096, True, True, False),
]


class Live(TorchDispatchMode):
    """Bytes of the meta tensors that are alive, and the most at any time."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.now = self.peak = 0
        # weights and their gradients are counted by arithmetic, since FSDP shares them out
        self._seen = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor) and leaf.device.type == "meta":
                self._count(leaf.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._seen:
            self._seen.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.now -= size


def model_of(size: sizes.Size) -> torch.nn.Module:
    """A policy of that size in bfloat16, whose attention is left out."""
    ALL_ATTENTION_FUNCTIONS["none"] = lambda module, query, key, value, mask, **_: (query.transpose(1, 2), None)
    shape = {
        "hidden_size": size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "head_dim": size.head,
        "intermediate_size": size.intermediate,
        "vocab_size": size.vocabulary,
        "tie_word_embeddings": size.tied,
    }
    kind, config = (Qwen3ForCausalLM, Qwen3Config) if size.normed else (Qwen2ForCausalLM, Qwen2Config)
    settings = config(**shape)
    settings._attn_implementation = "none"
    # no initial weights: meta tensors have none
    kept = torch.Tensor.normal_, torch.Tensor.uniform_
    torch.Tensor.normal_ = torch.Tensor.uniform_ = lambda self, *_, **__: self
    try:
        with torch.device("meta"):
            return kind(settings).to(torch.bfloat16)
    finally:
        torch.Tensor.normal_, torch.Tensor.uniform_ = kept


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """verl's entropy_from_logits under CUDA's autocast, which computes softmax, logsumexp and sum in float32."""
    probabilities = torch.softmax(logits.float(), dim=-1)
    return logsumexp(logits.float()) - torch.sum(probabilities * logits, dim=-1)


def logsumexp(values: torch.Tensor) -> torch.Tensor:
    """What torch.logsumexp does over the last dimension; on meta tensors it hides what it keeps meanwhile."""
    largest = values.amax(-1, keepdim=True)
    return (values - largest).exp_().sum(-1).log_().add_(largest.squeeze(-1))


def peak(size: sizes.Size, batch: int, length: int, gradient: bool, packed: bool, checkpoints: bool) -> int:
    """Most bytes alive in one micro-batch of `batch` responses of `length` tokens, prompt included."""
    model = model_of(size).train(gradient)
    for weight in model.parameters():  # FSDP keeps a share of a gradient, as of the weights
        weight.register_post_accumulate_grad_hook(lambda weight: setattr(weight, "grad", None))
    if gradient and checkpoints:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    shape = (1, batch * length) if packed else (batch, length)
    ids = torch.zeros(shape, dtype=torch.long, device="meta")
    labels = torch.zeros(batch * length, dtype=torch.long, device="meta")
    with Live(model) as live, torch.set_grad_enabled(gradient):
        mask = {"full_attention": None}
        logits = model(input_ids=ids, position_ids=ids, attention_mask=mask, use_cache=False).logits
        if packed:  # there the entropy is compiled and keeps nothing
            rows = logits.squeeze(0)
        else:
            kept = None if gradient else entropy(logits)  # noqa: F841  verl keeps the entropy until the pass ends
            rows = torch.cat(list(logits.unbind()))
        loss = log_probs(rows, labels).sum()
        if gradient:
            loss.backward()
    return live.peak


def main() -> None:
    known, figures = sizes.read("reference/policies.csv"), []
    print(f"{'policy':<26}{'tokens':>14}{'pass':>10}{'packed':>8}{'kept':>7}{'counted, GB':>13}{'arithmetic':>12}")
    for name, batch, length, gradient, packed, checkpoints in CASES:
        size = known[name]
        counted = peak(size, batch, length, gradient, packed, checkpoints) / GB
        told = activations(size, Pass(batch * length, packed, checkpoints), gradient) / GB
        kind = "gradient" if gradient else "log-prob"
        kept = "some" if checkpoints else "all"
        print(
            f"{name:<26}{f'{batch} x {length}':>14}{kind:>10}{packed!s:>8}{kept:>7}{counted:>13.1f}{told:>12.1f}",
            flush=True,
        )
        figures.append([name, batch, length, gradient, packed, checkpoints, round(counted, 2), round(told, 2)])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
