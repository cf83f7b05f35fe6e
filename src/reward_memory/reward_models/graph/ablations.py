"""Layers of the paper's ablations, and the layer with the published code's edges."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Attention, Layer, MemoryLayer, Message, Nodes


class WithoutThinking(MemoryLayer):
    """Ablation without thinking nodes: queries and answers exchange messages, thinking is ignored."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.query_from_answer = Attention(hidden, heads, dropout)
        self.query_from_memory = Attention(hidden, heads, dropout)
        self.answer_from_query = Message(hidden, heads, dropout)

    def forward(
        self,
        nodes: Nodes,
        group: Tensor,
        neighbors: Tensor,
        memory: Tensor | None,
        generator: torch.Generator | None,
    ) -> Nodes:
        query, thinking, answer = nodes
        from_memory = self.from_memory(query, neighbors, memory, generator)
        from_answer = self.query_from_answer.over_groups(self.query_from_answer.source(answer), group, query, generator)
        new_answer = self.answer_from_query(query, group, generator)
        return F.relu((from_answer + from_memory) / 2), torch.zeros_like(thinking), F.relu(new_answer)


class WithoutMessages(nn.Module):
    """Ablation without a graph: every node sees only itself, in a perceptron of the same depth and width."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.query, self.thinking, self.answer = (Message(hidden, heads, dropout) for _ in range(3))

    def keys(self, query: Tensor) -> Tensor:
        return query

    def forward(
        self,
        nodes: Nodes,
        group: Tensor,
        neighbors: Tensor,
        memory: Tensor | None,
        generator: torch.Generator | None,
    ) -> Nodes:
        query, thinking, answer = nodes
        return (
            F.relu(self.query(query, None, generator)),
            F.relu(self.thinking(thinking, None, generator)),
            F.relu(self.answer(answer, None, generator)),
        )


class Homogeneous(nn.Module):
    """Ablation with one node type and one edge type: every node attends to its neighbors and itself alike."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.attention = Attention(hidden, heads, dropout)

    def keys(self, query: Tensor) -> Tensor:
        return self.attention.source(query)

    def forward(
        self,
        nodes: Nodes,
        group: Tensor,
        neighbors: Tensor,
        memory: Tensor | None,
        generator: torch.Generator | None,
    ) -> Nodes:
        query, thinking, answer = nodes
        queries, thoughts, answers = (self.attention.source(node) for node in nodes)
        recalled = F.embedding(neighbors, queries if memory is None else memory)
        rows = torch.arange(len(query), device=query.device)
        senders = torch.cat([recalled.flatten(0, 1), queries, thoughts])
        receivers = torch.cat([rows.repeat_interleave(neighbors.shape[1]), rows, group])
        new_query = self.attention.over_groups(senders, receivers, query, generator)
        around_thinking = torch.stack([queries[group], answers, thoughts], 1)
        new_thinking = self.attention.over_fixed(around_thinking, thinking, generator)
        new_answer = self.attention.over_fixed(torch.stack([thoughts, answers], 1), answer, generator)
        return F.relu(new_query), F.relu(new_thinking), F.relu(new_answer)


class PublishedEdges(Layer):
    """The behavior `query-edges`: a query sends to its nearest labeled queries and receives only from itself.

    A labeled query receives from the queries that have it as a neighbor. The prediction for a new query does not depend
    on the memory.
    """

    def from_memory(
        self, query: Tensor, neighbors: Tensor, memory: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        keys = self.keys(query)
        if memory is not None:
            return self.query_from_memory.over_fixed(keys[:, None], query, generator)
        rows = torch.arange(len(query), device=query.device)
        senders = keys[torch.cat([rows.repeat_interleave(neighbors.shape[1]), rows])]
        return self.query_from_memory.over_groups(senders, torch.cat([neighbors.flatten(), rows]), query, generator)
