"""Time that layer logits add to a log-prob pass: `python perf/layer_logits.py` (one thread, CPU seconds).

64 responses, 28 layers of width 3,584, a vocabulary of 152,000 in float32; random contents, and every layer's rows lie
elsewhere in memory. Timed is all that the feature does: finding the rows, the hooks, the copies and the dot products.
Beside it the full product of lm_head at the same positions, timed at one layer and multiplied by the number of layers.
The last line is one JSON object with the figures.
"""

import json
import resource
import statistics
import time

import torch
from torch import nn

from reward_memory.training.verl.layer_logits import Capture, locate

RESPONSES, LAYERS, HIDDEN, VOCABULARY = 64, 28, 3_584, 152_000
LENGTH = 40  # tokens a response: the rows picked lie this far apart
REPEATS, LIMIT = 5, 0.010


class Layer(nn.Module):
    """Gives its hidden states (1, tokens, H) back at once."""

    def __init__(self, states: torch.Tensor):
        super().__init__()
        self.states = states

    def forward(self) -> torch.Tensor:
        return self.states


class Policy(nn.Module):
    """As much of a causal language model as the hooks see, with nothing computed in it."""

    def __init__(self):
        super().__init__()
        states = torch.randn(LAYERS, 1, RESPONSES * LENGTH, HIDDEN)
        self.layers = nn.ModuleList(Layer(one) for one in states)
        self.head = nn.Identity()
        self.head.weight, self.head.bias = nn.Parameter(torch.randn(VOCABULARY, HIDDEN), requires_grad=False), None

    def get_decoder(self) -> nn.Module:
        return self

    def get_output_embeddings(self) -> nn.Module:
        return self.head

    def forward(self) -> None:
        for layer in self.layers:
            states = layer()
        self.head(states)


def seconds(work, repeats: int) -> float:
    """Median CPU time of some calls after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    policy = Policy()
    offsets = torch.arange(RESPONSES + 1) * LENGTH
    ids, positions = torch.randint(VOCABULARY, (RESPONSES * LENGTH,)), torch.randint(LENGTH - 1, (RESPONSES,))

    def feature() -> torch.Tensor:
        _, rows, tokens = locate(positions, ids, offsets, packed=True)
        with Capture(policy, rows, tokens) as capture:
            policy()
        return capture.logits

    assert feature().shape == (RESPONSES, LAYERS)
    states, head = torch.randn(RESPONSES, HIDDEN), policy.head.weight
    added = seconds(feature, REPEATS)
    naive = seconds(lambda: nn.functional.linear(states, head), 3) * LAYERS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{'64 responses, 28 layers':<42}{'CPU, ms':>12}{'asked':>8}")
    print(f"{'layer logits':<42}{added * 1e3:>12.2f}{LIMIT * 1e3:>8.0f}")
    print(f"{'full product of lm_head (one layer x 28)':<42}{naive * 1e3:>12.0f}")
    print(f"{'times as long':<42}{naive / added:>12.0f}")
    print(json.dumps({"layer_logits": added, "full_product": naive, "ratio": naive / added, "peak_mb": peak}))


if __name__ == "__main__":
    main()
