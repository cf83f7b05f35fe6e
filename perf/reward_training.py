"""Time of training the graph reward model beside the published recipe: `python perf/reward_training.py`.

1,104 labelled queries and 2,217 others with 8 responses each, the paper's width, float32, one thread. The published
recipe is written with torch-geometric: all nodes in one graph, every layer computed for all of them, the labelled ones
in the loss. Ours computes what the loss can see. Random contents: only the time is measured. The last line is one JSON
object with the figures.

`python perf/reward_training.py --epochs 10` also runs 40 seeds end to end, both with selection on the other queries
every 5 epochs. The published recipe is one process a seed; one of them runs, without its imports and its loading, and
counts 40 times.
"""

import argparse
import json
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from torch import nn
from torch_geometric.nn import GATv2Conv, HeteroConv

from reward_memory.reward_models.features.signals import WIDTH
from reward_memory.reward_models.graph.fitting import GRAPH_DEFAULTS, build, fit
from reward_memory.reward_models.graph.memory import nearest
from reward_memory.reward_models.graph.network import Batch
from reward_memory.reward_models.rollouts import Rollouts

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


def rollouts(queries: int, first: int) -> Rollouts:
    """Graded rollouts with the contents of `made_up`, for `fit`."""
    batch, count = made_up(queries), queries * SAMPLES
    return Rollouts(
        query_ids=np.array([f"q{first + row}" for row in range(queries)]),
        benchmarks=np.full(queries, "made_up"),
        domains=np.full(queries, "math"),
        group=batch.group.numpy(),
        samples=np.tile(np.arange(SAMPLES), queries),
        keys=np.full(count, ""),
        signals=np.zeros((count, WIDTH), np.float32),
        rewards=(np.random.default_rng(first).random(count) < 0.5).astype(np.float32),
        **{name: getattr(batch, name).numpy() for name in ("query", "thinking", "answer", "features")},
    )


def seconds(step) -> float:
    step()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return statistics.median(times)


class PublishedRun:
    """The published graph, network and optimiser on random contents."""

    def __init__(self):
        torch.manual_seed(0)
        self.batch, self.model = made_up(LABELLED + OTHERS), Published()
        rows = torch.arange(len(self.batch.thinking))
        self.rewards = (torch.rand(len(rows)) < 0.5).float()
        found = nearest(self.batch.query, self.batch.query[:LABELLED], NEIGHBOURS)
        like = torch.stack([torch.arange(len(found)).repeat_interleave(NEIGHBOURS), found.flatten()])
        forward, across = torch.stack([self.batch.group, rows]), torch.stack([rows, rows])
        self.edges = dict(zip(RELATIONS, (forward, forward.flip(0), across, across, like), strict=True))
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-3)

    def step(self) -> None:
        self.optimiser.zero_grad()
        logits = self.model(self.batch, self.edges)[: LABELLED * SAMPLES]
        F.binary_cross_entropy_with_logits(logits, self.rewards[: LABELLED * SAMPLES]).backward()
        self.optimiser.step()

    @torch.no_grad()
    def look(self) -> float:
        logits = self.model.eval()(self.batch, self.edges)[LABELLED * SAMPLES :]
        self.model.train()
        return f1_score(self.rewards[LABELLED * SAMPLES :].numpy(), logits.numpy() > 0)


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


def end_to_end(epochs: int) -> tuple[float, float]:
    """CPU seconds of 40 seeds: the published recipe (one run, times 40) and ours (all of them)."""
    start = time.process_time()
    run = PublishedRun()
    for epoch in range(1, epochs + 1):
        run.step()
        if epoch % 5 == 0:
            run.look()
    published = SEEDS * (time.process_time() - start)
    labelled, others = rollouts(LABELLED, 0), rollouts(OTHERS, LABELLED)
    start = time.process_time()
    settings = {"epochs": epochs, "patience": epochs, "selection": "valid", "criterion": "f1", "run_criterion": "fpr"}
    fit(labelled, valid=others, seeds=range(SEEDS), **settings)
    return published, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=0, help="of 40 seeds that are run end to end; 0 runs none")
    epochs = parser.parse_args().epochs
    torch.set_num_threads(1)
    published, ours = seconds(PublishedRun().step), our_step()
    figures = {"step": {"published": published, "ours": ours, "times": published / ours}}
    print(f"{'':<24}{'a step, s':>12}")
    for name, step in (("published recipe", published), ("this project", ours)):
        print(f"{name:<24}{step:>12.2f}")
    print(f"{published / ours:.1f} times")
    if epochs:
        published, ours = end_to_end(epochs)
        print(f"{'':<24}{f'{SEEDS} seeds of {epochs} epochs, s':>30}")
        for name, whole in (("published recipe", published), ("this project", ours)):
            print(f"{name:<24}{whole:>30.0f}")
        print(f"{published / ours:.1f} times")
        figures["end_to_end"] = {"epochs": epochs, "published": published, "ours": ours, "times": published / ours}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
