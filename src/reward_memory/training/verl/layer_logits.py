"""The logit that every layer gives to one token of each response: MEDS' features, captured in a forward pass.

For layer l = 1..L the logit is `lm_head(h_l[p])` of the token at p + 1. h_1 ... h_(L-1) are the layers' outputs,
without the final norm; h_L is the input of lm_head, after the final norm. These are transformers'
`hidden_states[1:]`, which the published code feeds to lm_head unchanged (Linxi000/MEDS, extract_layer_logits.py).
"""

from functools import partial

import torch
from torch import nn


def layer_logits(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """(n, L) float32: one dot product per layer and response, summed in float32.

    hidden  (L, n, H), the hidden states at n positions after each layer
    weight  (n, H), the row of lm_head for each position's next token
    bias    (n,), the same tokens' biases, if lm_head has any
    """
    # verl's bfloat16 pass runs under autocast, which would round each product to 3 digits
    with torch.autocast(hidden.device.type, enabled=False):
        weight = weight.float()
        logits = torch.stack([torch.linalg.vecdot(states.float(), weight) for states in hidden], dim=-1)
        return logits if bias is None else logits + bias.float()[:, None]


def locate(positions: torch.Tensor, tokens: torch.Tensor, offsets: torch.Tensor, packed: bool):
    """Find the positions of a micro-batch in its hidden states, flattened to (tokens, H), and the tokens after them.

    positions  (n,) index in each sequence without its padding, -1 for none
    tokens     (sum of lengths,) all sequences without padding, concatenated
    offsets    (n + 1,) start of each sequence in `tokens`, and the end
    packed     whether the hidden states have no padding either; otherwise each sequence is padded to the longest's
               length
    returns    (m,) sequences that have a position, (m,) their rows in the hidden states, (m,) the next tokens

    ValueError if a position has no next token in its sequence.
    """
    lengths = offsets.diff()
    wrong = (positions < -1) | (positions + 1 >= lengths) & (positions >= 0)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        raise ValueError(f"sequence {row} of {int(lengths[row])} tokens has no token after {int(positions[row])}")
    held = (positions >= 0).nonzero()[:, 0]
    inside = positions[held]
    starts = offsets[held] if packed else held * lengths.max()
    return held, starts + inside, tokens[offsets[held] + inside + 1]


class Capture:
    """Context manager for one forward pass of a causal language model; afterwards `logits` is (m, L) float32.

    model   a transformers model: `get_decoder().layers` and `get_output_embeddings()`, sharded by FSDP2 or not
    rows    (m,) rows of the hidden states, flattened to (tokens, H)
    tokens  (m,) the token whose logit is computed at each row

    Each layer's hook keeps only its m rows, and lm_head's hook uses them up. The latter is a forward pre-hook: it runs
    after FSDP2's pre-hook, which was registered first and has gathered all of lm_head for the product that follows, and
    before lm_head is sharded again. So no collective is added, whatever m is, and ranks with and without positions
    stay in step.
    """

    def __init__(self, model: nn.Module, rows: torch.Tensor, tokens: torch.Tensor):
        self.rows, self.tokens = rows, tokens
        self.logits: torch.Tensor | None = None
        self._kept: torch.Tensor | None = None
        self._head = model.get_output_embeddings()
        # the last layer's states are lm_head's input, after the final norm
        self._layers = model.get_decoder().layers[:-1]
        self._hooks: list = []

    def __enter__(self) -> "Capture":
        for number, layer in enumerate(self._layers):
            self._hooks.append(layer.register_forward_hook(partial(self._keep, number)))
        self._hooks.append(self._head.register_forward_pre_hook(self._consume))
        return self

    def __exit__(self, *error) -> None:
        for hook in self._hooks:
            hook.remove()
        self._kept = None

    def _keep(self, number: int, layer: nn.Module, inputs: tuple, output) -> None:
        states = _flat(output[0] if isinstance(output, tuple) else output)
        if self._kept is None:
            # one block: glibc returns smaller ones to the OS each time, and fresh pages cost three times the arithmetic
            self._kept = states.new_empty(len(self._layers), len(self.rows), states.shape[-1])
        torch.index_select(states, 0, self.rows, out=self._kept[number])

    def _consume(self, head: nn.Module, inputs: tuple) -> None:
        last = _flat(inputs[0]).index_select(0, self.rows)
        kept = [last[None]] if self._kept is None else [self._kept, last[None]]
        weight = head.weight.detach()[self.tokens]
        bias = None if head.bias is None else head.bias.detach()[self.tokens]
        self.logits = torch.cat([layer_logits(hidden, weight, bias) for hidden in kept], dim=-1)
        self._kept = None


def _flat(states: torch.Tensor) -> torch.Tensor:
    return states.detach().flatten(0, -2)
