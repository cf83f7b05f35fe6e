"""Time of training the graph reward model beside the published recipe: `python perf/reward_training.py`.

1,104 labeled queries and 2,217 others with 8 responses each, the paper's width, float32, one thread. The published
recipe is computed with torch-geometric (graph/reference.py): all nodes in one graph, every layer computed for all of
them, the labeled ones in the loss. Ours computes what the loss can see. Random contents: only the time is measured.
The last line is one JSON object with the figures.

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

from reward_memory.reward_models.features.signals import WIDTH
from reward_memory.reward_models.graph.fitting import build, fit
from reward_memory.reward_models.graph.memory import nearest
from reward_memory.reward_models.graph.network import Batch
from reward_memory.reward_models.rollouts import Rollouts
from reward_memory.settings import RewardModel

LABELED, OTHERS, SAMPLES, REPEATS, SEEDS = 1_104, 2_217, 8, 3, 40
NEIGHBORS = RewardModel().num_neighbors


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
        texts=np.full(queries, ""),
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
    """The published recipe on random contents: torch-geometric, one graph, a query sends to its nearest."""

    def __init__(self):
        torch.manual_seed(0)
        published = RewardModel(implementation="reference", fidelity=["query-edges"])
        self.batch, self.model = made_up(LABELED + OTHERS), build(published, 0)
        self.rewards = (torch.rand(len(self.batch.thinking)) < 0.5).float()
        self.found = nearest(self.batch.query, self.batch.query[:LABELED], NEIGHBORS)
        self.optimizer, self.draws = torch.optim.Adam(self.model.parameters(), 1e-3), torch.Generator().manual_seed(0)

    def step(self) -> None:
        self.optimizer.zero_grad()
        logits = self.model(self.batch, self.found, generator=self.draws)[: LABELED * SAMPLES]
        F.binary_cross_entropy_with_logits(logits, self.rewards[: LABELED * SAMPLES]).backward()
        self.optimizer.step()

    @torch.no_grad()
    def look(self) -> float:
        logits = self.model(self.batch, self.found)[LABELED * SAMPLES :]
        return f1_score(self.rewards[LABELED * SAMPLES :].numpy(), logits.numpy() > 0)


def our_step() -> float:
    batch, model = made_up(LABELED), build(RewardModel(), 0)
    rewards = (torch.rand(LABELED * SAMPLES) < 0.5).float()
    found = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    optimizer, generator = torch.optim.AdamW(model.parameters(), 1e-3), torch.Generator().manual_seed(0)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        F.binary_cross_entropy_with_logits(model(batch, found, generator=generator), rewards).backward()
        optimizer.step()

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
    labeled, others = rollouts(LABELED, 0), rollouts(OTHERS, LABELED)
    start = time.process_time()
    settings = {"epochs": epochs, "patience": epochs, "selection": "valid", "criterion": "f1", "run_criterion": "fpr"}
    fit(labeled, valid=others, seeds=range(SEEDS), **settings)
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
