"""Attention over the graph of rollouts, and one round of messages (MemReward, section 3)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Hidden states of query (q, hidden), thinking (r, hidden) and answer (r, hidden).
Nodes = tuple[Tensor, Tensor, Tensor]


def drop(coefficients: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Dropout on attention coefficients, drawn from `generator`; without one (evaluation) nothing is dropped."""
    if generator is None or rate == 0:
        return coefficients
    kept = torch.rand(coefficients.shape, generator=generator, device=coefficients.device) >= rate
    return coefficients * kept / (1 - rate)


class Attention(nn.Module):
    """GATv2 (Brody et al. 2022): coefficients softmax(a . LeakyReLU(W_s x_j + W_t x_i)) over the neighbors j of i."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.source, self.target = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.attention = nn.Parameter(torch.empty(heads, hidden // heads))
        self.bias = nn.Parameter(torch.zeros(hidden))
        for weight in (self.source.weight, self.target.weight, self.attention):
            nn.init.xavier_uniform_(weight)
        nn.init.zeros_(self.source.bias)
        nn.init.zeros_(self.target.bias)

    def _scores(self, keys: Tensor, target: Tensor) -> Tensor:
        mixed = F.leaky_relu(keys + target, 0.2).unflatten(-1, (self.heads, -1))
        return (mixed * self.attention).sum(-1)

    def over_fixed(self, keys: Tensor, target: Tensor, generator: torch.Generator | None) -> Tensor:
        """keys (n, k, hidden): the projected neighbors of each node; target (n, hidden) -> (n, hidden)."""
        weights = drop(self._scores(keys, self.target(target)[:, None]).softmax(1), self.dropout, generator)
        mixed = torch.einsum("nkh,nkhc->nhc", weights, keys.unflatten(-1, (self.heads, -1)))
        return mixed.flatten(1) + self.bias

    def over_groups(self, keys: Tensor, group: Tensor, target: Tensor, generator: torch.Generator | None) -> Tensor:
        """keys (r, hidden): one neighbor of node group[r]; a node may have any number of neighbors, or none."""
        count, per = len(target), self._even(group, len(target))
        if per:
            return self.over_fixed(keys.view(count, per, -1), target, generator)
        scores = self._scores(keys, self.target(target)[group])
        index = group[:, None].expand_as(scores)
        peak = (
            scores.detach().new_full((count, self.heads), -math.inf).scatter_reduce(0, index, scores.detach(), "amax")
        )
        scores = (scores - peak[group]).exp()
        weights = scores / scores.new_zeros(count, self.heads).index_add(0, group, scores)[group]
        weights = drop(weights, self.dropout, generator)
        messages = (weights[..., None] * keys.unflatten(-1, (self.heads, -1))).flatten(1)
        return target.new_zeros(count, messages.shape[1]).index_add(0, group, messages) + self.bias

    @staticmethod
    def _even(group: Tensor, count: int) -> int:
        """Responses per query if all queries have equally many, in order; 0 otherwise."""
        per, rest = divmod(len(group), max(count, 1))
        if rest or not per:
            return 0
        even = torch.arange(count, device=group.device).repeat_interleave(per)
        return per if torch.equal(group, even) else 0


class Message(nn.Module):
    """GATv2 over exactly one neighbor: its coefficient is 1, which leaves a linear map and dropout per head."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.source = nn.Linear(hidden, hidden, bias=False)
        self.bias = nn.Parameter(torch.zeros(hidden))
        nn.init.xavier_uniform_(self.source.weight)

    def forward(self, x: Tensor, copies: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """x (n, hidden) of the neighbors -> (r, hidden); copies (r,): neighbor of each row, None: the same row."""
        x = self.source(x)
        x = x if copies is None else x[copies]
        if generator is not None and self.dropout:
            ones = drop(x.new_ones(len(x), self.heads, 1), self.dropout, generator)
            x = (x.unflatten(-1, (self.heads, -1)) * ones).flatten(1)
        return x + self.bias


class MemoryLayer(nn.Module):
    """A layer whose queries attend to their nearest queries in the memory, with `query_from_memory`."""

    query_from_memory: Attention

    def keys(self, query: Tensor) -> Tensor:
        """Attention keys of the query nodes, (q, hidden)."""
        return self.query_from_memory.source(query)

    def from_memory(
        self, query: Tensor, neighbors: Tensor, memory: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        """(q, hidden): messages to the queries from their neighbors and themselves."""
        keys = self.keys(query)
        recalled = F.embedding(neighbors, keys if memory is None else memory)
        return self.query_from_memory.over_fixed(torch.cat([recalled, keys[:, None]], 1), query, generator)


class Layer(MemoryLayer):
    """One round of messages; a node type that receives over several relations takes their mean; ReLU."""

    def __init__(self, hidden: int, heads: int, dropout: float, siblings: bool = False):
        super().__init__()
        self.query_from_thinking = Attention(hidden, heads, dropout)
        self.query_from_memory = Attention(hidden, heads, dropout)
        self.thinking_from_query = Message(hidden, heads, dropout)
        self.thinking_from_answer = Message(hidden, heads, dropout)
        self.answer_from_thinking = Message(hidden, heads, dropout)
        if siblings:
            self.thinking_from_thinking = Attention(hidden, heads, dropout)
        # number of relations that a thinking node averages over
        self.thinking_relations = 3 if siblings else 2

    def forward(
        self,
        nodes: Nodes,
        group: Tensor,
        neighbors: Tensor,
        memory: Tensor | None,
        generator: torch.Generator | None,
        siblings: Tensor | None = None,
    ) -> Nodes:
        """nodes: hidden states of query (q), thinking (r), answer (r); neighbors (q, k) rows of `memory`.

        memory    (m, hidden) stored keys; None: the queries are the memory
        siblings  `sibling_edges`, for a layer built with `siblings`
        """
        query, thinking, answer = nodes
        from_memory = self.from_memory(query, neighbors, memory, generator)
        keys = self.query_from_thinking.source(thinking)
        from_thinking = self.query_from_thinking.over_groups(keys, group, query, generator)
        from_query = self.thinking_from_query(query, group, generator)
        to_thinking = from_query + self.thinking_from_answer(answer, None, generator)
        if siblings is not None:
            senders, receivers = siblings
            heard = self.thinking_from_thinking.source(thinking)[senders]
            to_thinking = to_thinking + self.thinking_from_thinking.over_groups(heard, receivers, thinking, generator)
        new_answer = self.answer_from_thinking(thinking, None, generator)
        return (
            F.relu((from_thinking + from_memory) / 2),
            F.relu(to_thinking / self.thinking_relations),
            F.relu(new_answer),
        )
