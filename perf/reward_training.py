"""Time of training the graph reward model beside the published recipe: `python perf/reward_training.py`.

1,104 labelled queries and 2,217 others with 8 responses each, the paper's width, float32, one thread. The published
recipe is written with torch-geometric: all nodes in one graph, every layer computed for all of them, the labelled ones
in the loss. Ours computes what the loss can see. Random contents: only the time is measured. The last line is one JSON
object with the figures.
"""

import json
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch_geometric.nn import GATv2Conv, HeteroConv

from reward_memory.graph_memory.fitting import GRAPH_DEFAULTS, build
from reward_memory.graph_memory.memory import nearest
from reward_memory.graph_memory.network import Batch

LABELLED, OTHERS, SAMPLES, REPEATS, SEEDS = 1_104, 2_217, 8, 3, 40
HIDDEN, HEADS, NEIGHBOURS = GRAPH_DEFAULTS["hidden"], GRAPH_DEFAULTS["heads"], GRAPH_DEFAULTS["neighbours"]
RELATIONS = (
    *(("query", "asks", "thinking"), ("thinking", "of", "query"), ("thinking", "gives", "answer")),
    *(("answer", "from", "thinking"), ("query", "like", "query")),
)


class Published(nn.Module):
    """Two HeteroConv layers of GATv2 and the two-headed score, as the paper describes them."""

    def __init__(self):
        super().__init__()
        self.enter = nn.ModuleDict({name: nn.Linear(384, HIDDEN) for name in ("query", "thinking", "answer")})
        self.layers = nn.ModuleList(
            HeteroConv(
                {
                    relation: GATv2Conv(
                        (HIDDEN, HIDDEN),
                        HIDDEN // HEADS,
                        heads=HEADS,
                        dropout=0.1,
                        add_self_loops=relation[1] == "like",
                    )
                    for relation in RELATIONS
                },
                aggr="mean",
            )
            for _ in range(2)
        )
        self.features = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, HIDDEN))
        self.query = nn.Sequential(nn.Linear(HIDDEN, HIDDEN // 2), nn.LayerNorm(HIDDEN // 2))
        self.response = nn.Sequential(nn.Linear(3 * HIDDEN, HIDDEN // 2), nn.LayerNorm(HIDDEN // 2))

    def forward(self, batch: Batch, edges: dict) -> torch.Tensor:
        nodes = {name: self.enter[name](getattr(batch, name)) for name in self.enter}
        for layer in self.layers:
            nodes = {name: F.relu(value) for name, value in layer(nodes, edges).items()}
        parts = torch.cat([nodes["thinking"], nodes["answer"], self.features(batch.features)], 1)
        return (self.query(nodes["query"])[batch.group] * self.response(parts)).sum(1) / (HIDDEN // 2) ** 0.5


def made_up(queries: int) -> Batch:
    draw = np.random.default_rng(0)

    def unit(count: int) -> torch.Tensor:
        return F.normalize(torch.from_numpy(draw.standard_normal((count, 384), dtype=np.float32)), dim=1)

    count = queries * SAMPLES
    features = torch.from_numpy(draw.random((count, 3), dtype=np.float32))
    return Batch(unit(queries), unit(count), unit(count), features, torch.arange(queries).repeat_interleave(SAMPLES))


def seconds(step) -> float:
    step()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return statistics.median(times)


def published_step() -> float:
    torch.manual_seed(0)
    batch, model = made_up(LABELLED + OTHERS), Published()
    rewards, rows = (torch.rand(LABELLED * SAMPLES) < 0.5).float(), torch.arange(len(batch.thinking))
    found = nearest(batch.query, batch.query[:LABELLED], NEIGHBOURS)
    like = torch.stack([torch.arange(len(found)).repeat_interleave(NEIGHBOURS), found.flatten()])
    forward, across = torch.stack([batch.group, rows]), torch.stack([rows, rows])
    edges = dict(zip(RELATIONS, (forward, forward.flip(0), across, across, like), strict=True))
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)

    def step() -> None:
        optimiser.zero_grad()
        logits = model(batch, edges)[: LABELLED * SAMPLES]
        F.binary_cross_entropy_with_logits(logits, rewards).backward()
        optimiser.step()

    return seconds(step)


def our_step() -> float:
    batch, model = made_up(LABELLED), build({"predictor": "graph"} | GRAPH_DEFAULTS, 0)
    rewards = (torch.rand(LABELLED * SAMPLES) < 0.5).float()
    found = nearest(batch.query, batch.query, NEIGHBOURS, same=True)
    optimiser, generator = torch.optim.AdamW(model.parameters(), 1e-3), torch.Generator().manual_seed(0)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        F.binary_cross_entropy_with_logits(model(batch, found, generator=generator), rewards).backward()
        optimiser.step()

    return seconds(step)


def main() -> None:
    torch.set_num_threads(1)
    published, ours = published_step(), our_step()
    epochs = GRAPH_DEFAULTS["epochs"]
    print(f"{'':<24}{'a step, s':>12}{f'{SEEDS} seeds, h':>14}")
    for name, step in (("published recipe", published), ("this project", ours)):
        print(f"{name:<24}{step:>12.2f}{SEEDS * epochs * step / 3600:>14.1f}")
    print(f"{published / ours:.1f} times; hours are those of {epochs} epochs a seed without checks or early stops")
    print(json.dumps({"published": published, "ours": ours, "times": published / ours}))


if __name__ == "__main__":
    main()
