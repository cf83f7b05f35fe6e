"""k nearest neighbors: the rewards of similar responses."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..base import Predictor, Tensors
from ..folds import label_counts
from ..graph.memory import nearest
from ..registration import register
from ..rollouts import Rollouts

#: Temperature of the softmax over cosines that weights similar responses.
TEMPERATURE = 0.1


class Neighbors(Predictor):
    """Label propagation: the mean reward of the responses to the nearest labeled queries, weighted by similarity.

    memory: query (m, 384), response (n, 768) unit vectors, rewards (n,), starts (m + 1,) int64
    """

    def __init__(self, memory: Tensors, config: dict, metrics: dict, device: str = "cpu"):
        super().__init__(config, metrics, device)
        self.memory = memory

    @classmethod
    def of(cls, labeled: Rollouts, config: dict, metrics: dict, device: str) -> Neighbors:
        memory = {
            "query": torch.as_tensor(labeled.query),
            "response": torch.as_tensor(_responses(labeled)),
            "rewards": torch.as_tensor(labeled.rewards),
            "starts": torch.as_tensor(np.searchsorted(labeled.group, np.arange(len(labeled.query_ids) + 1))),
        }
        return cls({name: value.to(device) for name, value in memory.items()}, config, metrics, device)

    def tensors(self) -> tuple[Tensors, Tensors]:
        return {}, self.memory

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> Neighbors:
        return cls(memory, config, metrics, device)

    def with_neighbors(self, count: int) -> Neighbors:
        return Neighbors(self.memory, self.config | {"num_neighbors": count}, self.metrics, str(self.device))

    @torch.no_grad()
    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        query = torch.as_tensor(rollouts.query).to(self.device)
        responses = torch.as_tensor(_responses(rollouts)).to(self.device)
        neighbors = nearest(query, self.memory["query"], self.config["num_neighbors"])
        starts, out = self.memory["starts"], torch.empty(len(responses), device=self.device)
        first = np.searchsorted(rollouts.group, np.arange(len(query) + 1))
        for row, queries in enumerate(neighbors):
            rows = torch.cat([torch.arange(starts[n], starts[n + 1], device=self.device) for n in queries.tolist()])
            part = slice(int(first[row]), int(first[row + 1]))
            query_cosine = (query[row] @ self.memory["query"][queries].T).repeat_interleave(
                starts[queries + 1] - starts[queries]
            )
            likeness = responses[part] @ self.memory["response"][rows].T + query_cosine
            out[part] = F.softmax(likeness / TEMPERATURE, 1) @ self.memory["rewards"][rows]
        return out.cpu().numpy()


def _responses(rollouts: Rollouts) -> np.ndarray:
    """(r, 768) unit vectors of thinking and answer, concatenated."""
    return np.concatenate([rollouts.thinking, rollouts.answer], 1) / np.float32(np.sqrt(2))


@register("knn", model=Neighbors, settings=("num_neighbors",))
def fit_knn(name: str, labeled: Rollouts, *, device: str, num_neighbors: int, **_) -> Neighbors:
    """Store the labeled responses as the memory."""
    config = {"predictor": name, "encoder_dtype": labeled.dtype, "num_neighbors": num_neighbors}
    return Neighbors.of(labeled, config, label_counts(labeled), device)
