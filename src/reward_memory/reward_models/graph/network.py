"""The heterogeneous graph attention network of MemReward (section 3), written for speed.

`reference.py` defines the same network with torch-geometric. This one computes only what the graph needs. A thinking
node has one query and one answer, an answer node one thinking node. Attention over a single neighbor is 1, so those
relations are linear maps. Only query <- thinking, query <- query and, with `thinking_neighbors`, thinking <- thinking
attend. Messages flow from the memory to a query, never back, so the memory's keys can be stored (`memory.Memory`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reward_memory.settings import RewardModel as Settings

from ..features.embedding import WIDTH
from ..rollouts import Rollouts
from .ablations import Homogeneous, PublishedEdges, WithoutMessages, WithoutThinking
from .layers import Layer, Nodes
from .siblings import sibling_edges


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

    def joined(self, other: Batch) -> Batch:
        """Concatenate: the queries of this batch, then those of `other`."""
        pairs = {
            name: (getattr(self, name), getattr(other, name)) for name in ("query", "thinking", "answer", "features")
        }
        group = torch.cat([self.group, other.group + len(self.query)])
        return Batch(**{name: torch.cat(pair) for name, pair in pairs.items()}, group=group)


#: predictor -> class of its layers, each one round of messages; all are called like `Layer`.
LAYERS = {
    "graph": Layer,
    "graph-homogeneous": Homogeneous,
    "graph-no-thinking": WithoutThinking,
    "mlp": WithoutMessages,
}


def sizes(settings: Settings) -> dict[str, int | float | bool]:
    """The settings that a network of any kind is built from."""
    names = ("hidden_channels", "heads", "num_layers", "dropout", "products")
    return {key: getattr(settings, key) for key in names} | {"thinking_neighbors": thinking_neighbors(settings)}


def thinking_neighbors(settings: Settings) -> int:
    """Number of siblings that a thinking node receives from; only the predictor `graph` has such edges."""
    return settings.thinking_neighbors if settings.predictor == "graph" else 0


class GraphNetwork(nn.Module):
    """Logit of "this response is right" for every response of some queries.

    hidden_channels  width of a node's state, a multiple of `heads`
    num_layers       rounds of messages
    layer            one of LAYERS, or PublishedEdges
    one_type         all nodes are of one type and enter through one linear map
    thinking_neighbors  siblings that a thinking node receives from, see `sibling_edges`; `layer` must take them
    products         also feed the head with the products query*thinking, query*answer, thinking*answer of embeddings
                     (not in the paper)
    """

    def __init__(
        self,
        hidden_channels: int,
        heads: int,
        num_layers: int,
        dropout: float,
        products: bool,
        layer: Callable[[int, int, float], nn.Module] = Layer,
        one_type: bool = False,
        thinking_neighbors: int = 0,
    ):
        super().__init__()
        self.thinking_neighbors = thinking_neighbors
        self.scale = math.sqrt(hidden_channels // 2)
        self.query = nn.Linear(WIDTH, hidden_channels)
        if not one_type:
            self.thinking, self.answer = nn.Linear(WIDTH, hidden_channels), nn.Linear(WIDTH, hidden_channels)
        self.layers = nn.ModuleList(layer(hidden_channels, heads, dropout) for _ in range(num_layers))
        self.features = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, hidden_channels))
        self.products = nn.Linear(3 * WIDTH, hidden_channels) if products else None
        self.query_head = nn.Sequential(
            nn.Linear(hidden_channels, hidden_channels // 2), nn.LayerNorm(hidden_channels // 2)
        )
        width = (4 if products else 3) * hidden_channels
        self.response_head = nn.Sequential(nn.Linear(width, hidden_channels // 2), nn.LayerNorm(hidden_channels // 2))
        self.bias = nn.Parameter(torch.zeros(()))

    @classmethod
    def of(cls, settings: Settings) -> GraphNetwork:
        """Build the untrained network of a predictor."""
        layer = LAYERS[settings.predictor]
        if layer is Layer and "query-edges" in settings.fidelity:
            layer = PublishedEdges
        one_type = layer is Homogeneous
        if thinking_neighbors(settings):
            layer = partial(layer, siblings=True)
        return cls(**sizes(settings), layer=layer, one_type=one_type)

    def enter(self, batch: Batch) -> Nodes:
        thinking, answer = (getattr(self, name, self.query) for name in ("thinking", "answer"))
        return self.query(batch.query), thinking(batch.thinking), answer(batch.answer)

    def serve(self, fidelity: Sequence[str]) -> GraphNetwork:
        """Freeze all weights, switch to evaluation and return the network.

        fidelity  published behaviors; `empty-relation` makes serving differ from training
        """
        for layer in self.layers:
            if isinstance(layer, Layer) and "empty-relation" in fidelity:
                layer.thinking_relations = 3
        return self.eval().requires_grad_(False)

    def exchange(
        self,
        batch: Batch,
        neighbors: Tensor,
        memory: Sequence[Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> Nodes:
        """Hidden states of query (q), thinking (r), answer (r) after all rounds of messages; arguments as `forward`."""
        nodes, siblings = self.enter(batch), self._siblings(batch)
        for depth, layer in enumerate(self.layers):
            stored = memory[depth] if memory is not None else None
            nodes = layer(nodes, batch.group, neighbors, stored, generator, **siblings)
        return nodes

    def _siblings(self, batch: Batch) -> dict[str, Tensor]:
        """Extra arguments of a layer with edges between thinking nodes."""
        if not self.thinking_neighbors:
            return {}
        return {"siblings": sibling_edges(batch.thinking, batch.group, self.thinking_neighbors)}

    def keys(self, batch: Batch, neighbors: Tensor) -> list[Tensor]:
        """(q, hidden) per layer: attention keys of the query nodes, see `memory.Memory`."""
        nodes, siblings, keys = self.enter(batch), self._siblings(batch), []
        for depth, layer in enumerate(self.layers):
            keys.append(layer.keys(nodes[0]))
            if depth + 1 < len(self.layers):
                nodes = layer(nodes, batch.group, neighbors, keys[depth], None, **siblings)
        return keys

    def forward(
        self,
        batch: Batch,
        neighbors: Tensor,
        memory: Sequence[Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """(r,) logits.

        neighbors   (q, k) int64: the nearest memory queries of each query
        memory      stored keys of each layer, (m, hidden); None: the batch is its own memory, as in training
        generator   for dropout; None in evaluation
        """
        query, thinking, answer = self.exchange(batch, neighbors, memory, generator)
        parts = [thinking, answer, self.features(batch.features)]
        if self.products is not None:
            queries = batch.query[batch.group]
            pairs = [queries * batch.thinking, queries * batch.answer, batch.thinking * batch.answer]
            # entries of a unit vector are about 1/sqrt(384): scaling makes the products of order 1
            parts.append(F.relu(self.products(torch.cat(pairs, 1) * WIDTH)))
        response = self.response_head(torch.cat(parts, 1))
        return (self.query_head(query)[batch.group] * response).sum(1) / self.scale + self.bias
