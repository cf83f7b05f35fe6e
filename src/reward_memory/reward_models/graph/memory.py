"""The frozen memory: labeled queries, and what each layer shows of them to a new query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import Batch, GraphNetwork

#: Queries a pass: bounds the working memory of building and searching, whatever the memory's size.
CHUNK = 1024


def nearest(query: Tensor, memory: Tensor, count: int, *, same: bool = False) -> Tensor:
    """(q, k) int64 rows of `memory` with the largest cosine, k = min(count, what there is).

    query, memory  (q, d), (m, d) unit vectors
    same           `query` is the memory: a query is not its own neighbor
    """
    count = min(count, len(memory) - same)
    found = []
    for start in range(0, len(query), CHUNK):
        cosine = query[start : start + CHUNK] @ memory.T
        if same:
            rows = torch.arange(len(cosine), device=cosine.device)
            cosine[rows, rows + start] = -torch.inf
        found.append(cosine.topk(count, 1).indices)
    return torch.cat(found) if found else torch.empty(0, count, dtype=torch.int64, device=query.device)


@dataclass(frozen=True)
class Memory:
    """unit: (m, 384) unit vectors of the labeled queries; keys: one (m, hidden) a layer, `Layer.keys`.

    Memory queries receive from each other only, so the keys do not depend on what is asked later.
    """

    unit: Tensor
    keys: Sequence[Tensor]

    @classmethod
    @torch.no_grad()
    def of(cls, network: GraphNetwork, batch: Batch, count: int) -> Memory:
        """Compute the keys of every query of `batch`, each attending to its `count` nearest others."""
        unit = F.normalize(batch.query, dim=-1)
        neighbors = nearest(unit, unit, count, same=True)
        return cls(unit, network.keys(batch, neighbors))

    def search(self, query: Tensor, count: int) -> Tensor:
        """(q, k) rows of the memory that are nearest to the new queries (q, 384)."""
        return nearest(F.normalize(query, dim=-1), self.unit, count)
