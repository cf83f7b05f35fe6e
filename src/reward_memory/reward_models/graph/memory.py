"""The frozen memory: labeled queries, and each layer's attention keys for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import Batch, GraphNetwork

#: Queries per chunk: bounds the RAM for building and searching, whatever the memory's size.
CHUNK = 1024


def nearest(query: Tensor, memory: Tensor, count: int, *, exclude_self: bool = False) -> Tensor:
    """(q, k) int64 rows of `memory` with the largest cosine, k = min(count, rows available).

    query, memory  (q, d), (m, d) unit vectors
    exclude_self   `query` is the memory itself, and a query is not its own neighbor
    """
    count = min(count, len(memory) - exclude_self)
    parts = []
    for start in range(0, len(query), CHUNK):
        cosine = query[start : start + CHUNK] @ memory.T
        if exclude_self:
            rows = torch.arange(len(cosine), device=cosine.device)
            cosine[rows, rows + start] = -torch.inf
        parts.append(cosine.topk(count, 1).indices)
    return torch.cat(parts) if parts else torch.empty(0, count, dtype=torch.int64, device=query.device)


@dataclass(frozen=True)
class Memory:
    """unit: (m, 384) unit vectors of the labeled queries; keys: one (m, hidden) per layer, `Layer.keys`.

    Memory queries receive only from each other, so the keys do not depend on later queries.
    """

    unit: Tensor
    keys: Sequence[Tensor]

    @classmethod
    @torch.no_grad()
    def of(cls, network: GraphNetwork, batch: Batch, count: int) -> Memory:
        """Compute the keys of every query of `batch`, each attending to its `count` nearest others."""
        unit = F.normalize(batch.query, dim=-1)
        neighbors = nearest(unit, unit, count, exclude_self=True)
        return cls(unit, network.keys(batch, neighbors))

    def search(self, query: Tensor, count: int) -> Tensor:
        """(q, k) rows of the memory nearest to the new queries (q, 384)."""
        return nearest(F.normalize(query, dim=-1), self.unit, count)
