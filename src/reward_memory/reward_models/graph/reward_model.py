"""The fitted graph reward model: a network and its frozen memory."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from reward_memory.settings import RewardModel as Settings

from ..base import Predictor, Tensors
from ..rollouts import Rollouts
from .memory import Memory
from .network import Batch, GraphNetwork


class RewardModel(Predictor):
    """A trained network and its frozen memory."""

    reads_signals: ClassVar[bool] = False

    def __init__(self, network: GraphNetwork, memory: Memory, config: dict, metrics: dict):
        super().__init__(config, metrics, str(memory.unit.device))
        self.network, self.memory = network.serve(config["fidelity"]), memory

    def tensors(self) -> tuple[Tensors, Tensors]:
        keys = {f"keys.{depth}": value for depth, value in enumerate(self.memory.keys)}
        return dict(self.network.state_dict()), {"unit": self.memory.unit} | keys

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> RewardModel:
        keys = [memory[f"keys.{depth}"] for depth in range(config["num_layers"])]
        return cls(restore(Settings.model_validate(config), weights), Memory(memory["unit"], keys), config, metrics)

    def with_neighbors(self, count: int) -> RewardModel:
        return RewardModel(self.network, self.memory, self.config | {"num_neighbors": count}, self.metrics)

    @torch.no_grad()
    def logits(self, rollouts: Rollouts) -> np.ndarray:
        """(r,) float32."""
        batch = Batch.of(rollouts, str(self.device))
        neighbors = self.memory.search(batch.query, self.config["num_neighbors"])
        return self.network(batch, neighbors, self.memory.keys).cpu().numpy()

    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        return torch.as_tensor(self.logits(rollouts)).sigmoid().numpy()


def restore(settings: Settings, weights: Tensors) -> GraphNetwork:
    """Build the network with these tensors as its weights."""
    if settings.implementation == "reference":
        return _reference(settings, weights)
    # the meta device skips initialization, so the serving process draws no random numbers
    with torch.device("meta"):
        network = GraphNetwork.of(settings)
    network.load_state_dict(weights, assign=True)
    return network


def _reference(settings: Settings, weights: Tensors) -> GraphNetwork:
    # imported here because torch-geometric takes seconds to import
    from .reference import ReferenceNetwork

    with torch.random.fork_rng(devices=[]):
        network = ReferenceNetwork.of(settings)
    network.load_state_dict(weights)
    return network.to(weights["bias"].device)
