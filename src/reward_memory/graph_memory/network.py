"""The heterogeneous graph attention network of MemReward (section 3), written for what the graph really needs.

A think node has one query and one answer, an answer node one think node. Attention over a single neighbour is 1,
so those relations are linear maps. Only query <- think and query <- query attend. Messages flow from the memory to
a query, never back, so the memory's part in the attention is a constant that can be stored (`memory.Memory`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .embedding import WIDTH
from .rollouts import Rollouts


@dataclass(frozen=True)
class Batch:
    """Some queries with their responses, on one device: the arrays of `Rollouts` as tensors.

    query (q, 384), thinking and answer (r, 384), features (r, 3), all float32; group (r,) int64 in [0, q)
    """

    query: Tensor
    thinking: Tensor
    answer: Tensor
    features: Tensor
    group: Tensor

    @classmethod
    def of(cls, rollouts: Rollouts, device: str = "cpu") -> Batch:
        names = ("query", "thinking", "answer", "features", "group")
        return cls(*(torch.as_tensor(getattr(rollouts, name)).to(device) for name in names))


def drop(coefficients: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Dropout on attention coefficients, drawn from `generator`; without one (evaluation) nothing is dropped."""
    if generator is None or rate == 0:
        return coefficients
    kept = torch.rand(coefficients.shape, generator=generator, device=coefficients.device) >= rate
    return coefficients * kept / (1 - rate)


class Attention(nn.Module):
    """GATv2 (Brody et al. 2022): coefficients softmax(a . LeakyReLU(W_s x_j + W_t x_i)) over the neighbours j of i."""

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
        """keys (n, k, hidden): the projected neighbours of each node; target (n, hidden) -> (n, hidden)."""
        weights = drop(self._scores(keys, self.target(target)[:, None]).softmax(1), self.dropout, generator)
        mixed = torch.einsum("nkh,nkhc->nhc", weights, keys.unflatten(-1, (self.heads, -1)))
        return mixed.flatten(1) + self.bias

    def over_groups(self, keys: Tensor, group: Tensor, target: Tensor, generator: torch.Generator | None) -> Tensor:
        """keys (r, hidden): one neighbour of node group[r]; nodes may have any number of neighbours, also none."""
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
        """Responses a query if all queries have equally many, in order; 0 otherwise."""
        per, rest = divmod(len(group), max(count, 1))
        if rest or not per:
            return 0
        even = torch.arange(count, device=group.device).repeat_interleave(per)
        return per if torch.equal(group, even) else 0


class Message(nn.Module):
    """GATv2 over exactly one neighbour: its coefficient is 1, what remains is a linear map and dropout per head."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.source = nn.Linear(hidden, hidden, bias=False)
        self.bias = nn.Parameter(torch.zeros(hidden))
        nn.init.xavier_uniform_(self.source.weight)

    def forward(self, x: Tensor, copies: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """x (n, hidden) of the neighbours -> (r, hidden); copies (r,) says which neighbour, None: its own."""
        x = self.source(x)
        x = x if copies is None else x[copies]
        if generator is not None and self.dropout:
            ones = drop(x.new_ones(len(x), self.heads, 1), self.dropout, generator)
            x = (x.unflatten(-1, (self.heads, -1)) * ones).flatten(1)
        return x + self.bias


class Layer(nn.Module):
    """One round of messages; a node type that receives over two relations takes their mean; ReLU."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.query_from_thinking = Attention(hidden, heads, dropout)
        self.query_from_memory = Attention(hidden, heads, dropout)
        self.thinking_from_query = Message(hidden, heads, dropout)
        self.thinking_from_answer = Message(hidden, heads, dropout)
        self.answer_from_thinking = Message(hidden, heads, dropout)

    def keys(self, query: Tensor) -> Tensor:
        """What a query shows to those that attend to it, (q, hidden)."""
        return self.query_from_memory.source(query)

    def forward(
        self,
        nodes: tuple[Tensor, Tensor, Tensor],
        group: Tensor,
        neighbours: Tensor,
        memory: Tensor | None,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """nodes: hidden states of query (q), thinking (r), answer (r); neighbours (q, k) rows of `memory`.

        memory  (m, hidden) stored keys; None: the queries are the memory
        """
        query, thinking, answer = nodes
        own = self.keys(query)
        recalled = F.embedding(neighbours, own if memory is None else memory)
        from_memory = self.query_from_memory.over_fixed(torch.cat([recalled, own[:, None]], 1), query, generator)
        keys = self.query_from_thinking.source(thinking)
        from_thinking = self.query_from_thinking.over_groups(keys, group, query, generator)
        from_query = self.thinking_from_query(query, group, generator)
        from_answer = self.thinking_from_answer(answer, None, generator)
        new_answer = self.answer_from_thinking(thinking, None, generator)
        return F.relu((from_thinking + from_memory) / 2), F.relu((from_query + from_answer) / 2), F.relu(new_answer)


class WithoutThinking(nn.Module):
    """The ablation without thinking nodes: queries and answers exchange messages, thinking has no say."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.query_from_answer = Attention(hidden, heads, dropout)
        self.query_from_memory = Attention(hidden, heads, dropout)
        self.answer_from_query = Message(hidden, heads, dropout)

    def keys(self, query: Tensor) -> Tensor:
        return self.query_from_memory.source(query)

    def forward(self, nodes, group, neighbours, memory, generator):
        query, thinking, answer = nodes
        own = self.keys(query)
        recalled = F.embedding(neighbours, own if memory is None else memory)
        from_memory = self.query_from_memory.over_fixed(torch.cat([recalled, own[:, None]], 1), query, generator)
        from_answer = self.query_from_answer.over_groups(self.query_from_answer.source(answer), group, query, generator)
        new_answer = self.answer_from_query(query, group, generator)
        return F.relu((from_answer + from_memory) / 2), torch.zeros_like(thinking), F.relu(new_answer)


class WithoutMessages(nn.Module):
    """The ablation without a graph: every node keeps to itself, in a perceptron of the same depth and width."""

    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.query, self.thinking, self.answer = (Message(hidden, heads, dropout) for _ in range(3))

    def keys(self, query: Tensor) -> Tensor:
        return query

    def forward(self, nodes, group, neighbours, memory, generator):
        query, thinking, answer = nodes
        return (
            F.relu(self.query(query, None, generator)),
            F.relu(self.thinking(thinking, None, generator)),
            F.relu(self.answer(answer, None, generator)),
        )


#: predictor -> what a round of messages is; all are called as `Layer` is.
LAYERS = {"graph": Layer, "graph-no-thinking": WithoutThinking, "mlp": WithoutMessages}


class GraphNetwork(nn.Module):
    """Logit of "this response is right" for every response of some queries.

    hidden    width of a node's state, a multiple of `heads`
    layers    rounds of messages
    layer     one of LAYERS
    products  also show the head the products query*thinking, query*answer, thinking*answer of the embeddings
              (not in the paper)
    """

    def __init__(self, hidden: int, heads: int, layers: int, dropout: float, products: bool, layer: type = Layer):
        super().__init__()
        self.scale = math.sqrt(hidden // 2)
        self.query, self.thinking, self.answer = (nn.Linear(WIDTH, hidden) for _ in range(3))
        self.layers = nn.ModuleList(layer(hidden, heads, dropout) for _ in range(layers))
        self.features = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, hidden))
        self.products = nn.Linear(3 * WIDTH, hidden) if products else None
        self.query_head = nn.Sequential(nn.Linear(hidden, hidden // 2), nn.LayerNorm(hidden // 2))
        width = (4 if products else 3) * hidden
        self.response_head = nn.Sequential(nn.Linear(width, hidden // 2), nn.LayerNorm(hidden // 2))
        self.bias = nn.Parameter(torch.zeros(()))

    @classmethod
    def of(cls, config: dict) -> GraphNetwork:
        """From a configuration such as `fitting.GRAPH_DEFAULTS`."""
        settings = {key: config[key] for key in ("hidden", "heads", "layers", "dropout", "products")}
        return cls(**settings, layer=LAYERS[config["predictor"]])

    def enter(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(batch.query), self.thinking(batch.thinking), self.answer(batch.answer)

    def forward(
        self,
        batch: Batch,
        neighbours: Tensor,
        memory: Sequence[Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """(r,) logits.

        neighbours  (q, k) int64: the nearest memory queries of each query
        memory      stored keys of each layer, (m, hidden); None: the batch is its own memory, as in training
        generator   of dropout; None in evaluation
        """
        nodes = self.enter(batch)
        for depth, layer in enumerate(self.layers):
            nodes = layer(nodes, batch.group, neighbours, memory[depth] if memory is not None else None, generator)
        query, thinking, answer = nodes
        parts = [thinking, answer, self.features(batch.features)]
        if self.products is not None:
            asked = batch.query[batch.group]
            pairs = [asked * batch.thinking, asked * batch.answer, batch.thinking * batch.answer]
            # an entry of a unit vector is about 1/sqrt(384): scaled, the products are of order 1
            parts.append(F.relu(self.products(torch.cat(pairs, 1) * WIDTH)))
        response = self.response_head(torch.cat(parts, 1))
        return (self.query_head(query)[batch.group] * response).sum(1) / self.scale + self.bias
