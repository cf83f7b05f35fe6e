"""MemReward's network in torch-geometric: `HeteroConv` of `GATv2Conv` over `HeteroData` (MemReward, section 3).

This file defines the network. `layers.py` and `ablations.py` compute the same numbers faster, with the same weights.

Edges, as (sender, receiver) rows of `edge_index`:

    thinking -> query     a response's thinking informs the query that it answers
    query    -> thinking  and receives from it
    thinking -> answer    a response's thinking informs its answer
    answer   -> thinking  and receives from it
    query    -> query     the k nearest labeled queries (cosine) inform a query, and it informs itself
    thinking -> thinking  the nearest other responses to the query inform a response, only with `thinking_neighbors`

Messages thus flow from the memory of labeled queries to a new query, never back. In the published code they flow from
the new query to the memory (`query-edges`). The ablations are the paper's (section 4): one node and one edge type
(`graph-homogeneous`), no thinking nodes (`graph-no-thinking`), no messages between nodes (`mlp`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.nn import GATv2Conv, HeteroConv

from reward_memory.settings import RewardModel as Settings

from .layers import Nodes
from .network import Batch, GraphNetwork, sizes, thinking_neighbors
from .siblings import sibling_edges

#: (type of the sender, name of the weights, type of the receiver)
Relation = tuple[str, str, str]
THINKING_TO_QUERY = ("thinking", "query_from_thinking", "query")
QUERY_TO_THINKING = ("query", "thinking_from_query", "thinking")
THINKING_TO_ANSWER = ("thinking", "answer_from_thinking", "answer")
ANSWER_TO_THINKING = ("answer", "thinking_from_answer", "thinking")
QUERY_TO_QUERY = ("query", "query_from_memory", "query")
ANSWER_TO_QUERY = ("answer", "query_from_answer", "query")
QUERY_TO_ANSWER = ("query", "answer_from_query", "answer")
THINKING_TO_THINKING = ("thinking", "thinking_from_thinking", "thinking")
NODE_TO_NODE = ("node", "attention", "node")
SELF_LOOPS = (("query", "query", "query"), ("thinking", "thinking", "thinking"), ("answer", "answer", "answer"))

# --- edges


def build_graph(
    settings: Settings, batch: Batch, neighbors: Tensor, *, stored: bool = False, empty_relation: bool = False
) -> HeteroData:
    """Build the graph of some queries and their responses, with embeddings as `x` and `edge_index` per relation.

    settings        predictor, thinking_neighbors and fidelity (`query-edges`) are used
    neighbors       (q, k) int64: the nearest labeled queries of each query, as rows of `batch`, or of a stored memory
    stored          the labeled queries are not in `batch`: their stored keys follow the senders in `batch`
    empty_relation  add the published server's relation between thinking nodes, which has no edges
    """
    data = HeteroData()
    if settings.predictor == "graph-homogeneous":
        data["node"].x = torch.cat([batch.query, batch.thinking, batch.answer])
    else:
        data["query"].x, data["thinking"].x, data["answer"].x = batch.query, batch.thinking, batch.answer
    edges = EDGES[settings.predictor](batch.group, neighbors, stored, "query-edges" in settings.fidelity)
    if empty_relation and settings.predictor == "graph":
        edges[THINKING_TO_THINKING] = neighbors.new_empty(2, 0)
    if count := thinking_neighbors(settings):
        edges[THINKING_TO_THINKING] = sibling_edges(batch.thinking, batch.group, count)
    for relation, edge_index in edges.items():
        data[relation].edge_index = edge_index
    return data


def memory_edges(neighbors: Tensor, senders: int, stored: bool, published: bool) -> Tensor:
    """(2, e): every query receives from its nearest labeled queries and from itself.

    senders    number of rows before those of a stored memory
    published  the behavior `query-edges`: a query sends to its nearest labeled queries instead
    """
    rows = torch.arange(len(neighbors), device=neighbors.device)
    repeated, recalled = rows.repeat_interleave(neighbors.shape[1]), neighbors.flatten()
    if published:
        # a stored memory is frozen, so messages to it have no effect
        return _pairs(rows, rows) if stored else _pairs(torch.cat([repeated, rows]), torch.cat([recalled, rows]))
    recalled = recalled + senders if stored else recalled
    return _pairs(torch.cat([recalled, rows]), torch.cat([repeated, rows]))


def graph_edges(group: Tensor, neighbors: Tensor, stored: bool, published: bool) -> dict[Relation, Tensor]:
    """The paper's graph: a response is one thinking and one answer node."""
    response = torch.arange(len(group), device=group.device)
    return {
        THINKING_TO_QUERY: _pairs(response, group),
        QUERY_TO_QUERY: memory_edges(neighbors, len(neighbors), stored, published),
        QUERY_TO_THINKING: _pairs(group, response),
        ANSWER_TO_THINKING: _pairs(response, response),
        THINKING_TO_ANSWER: _pairs(response, response),
    }


def no_thinking_edges(group: Tensor, neighbors: Tensor, stored: bool, published: bool) -> dict[Relation, Tensor]:
    """Queries and answers exchange messages; no edge touches a thinking node."""
    response = torch.arange(len(group), device=group.device)
    return {
        ANSWER_TO_QUERY: _pairs(response, group),
        QUERY_TO_QUERY: memory_edges(neighbors, len(neighbors), stored, False),
        QUERY_TO_ANSWER: _pairs(group, response),
    }


def homogeneous_edges(group: Tensor, neighbors: Tensor, stored: bool, published: bool) -> dict[Relation, Tensor]:
    """All edges of the paper's graph as one relation between nodes of one type, with a self-loop on every node.

    Rows of nodes: queries, thinking, answers, then a stored memory.
    """
    queries, responses = len(neighbors), len(group)
    thinking = queries + torch.arange(responses, device=group.device)
    answer = thinking + responses
    edges = (
        memory_edges(neighbors, queries + 2 * responses, stored, False),
        _pairs(thinking, group),
        _pairs(group, thinking),
        _pairs(answer, thinking),
        _pairs(thinking, answer),
        _pairs(thinking, thinking),
        _pairs(answer, answer),
    )
    return {NODE_TO_NODE: torch.cat(edges, 1)}


def self_loops(group: Tensor, neighbors: Tensor, stored: bool, published: bool) -> dict[Relation, Tensor]:
    """No messages: every node has only a self-loop."""
    query = torch.arange(len(neighbors), device=group.device)
    response = torch.arange(len(group), device=group.device)
    return {
        relation: _pairs(rows, rows) for relation, rows in zip(SELF_LOOPS, (query, response, response), strict=True)
    }


def _pairs(senders: Tensor, receivers: Tensor) -> Tensor:
    return torch.stack([senders, receivers])


#: predictor -> function that builds its edges.
EDGES = {
    "graph": graph_edges,
    "graph-homogeneous": homogeneous_edges,
    "graph-no-thinking": no_thinking_edges,
    "mlp": self_loops,
}

# --- convolutions


class FromMemory(GATv2Conv):
    """GATv2 whose last senders can be given as their stored `lin_l` outputs."""

    def forward(self, x: Tensor, edge_index: Tensor, stored: Tensor | None = None) -> Tensor:
        """x (n, hidden), stored (m, hidden) -> (n, hidden); edge_index: senders in [0, n + m), receivers in [0, n)."""
        if stored is None:
            return super().forward(x, edge_index)
        shape = (-1, self.heads, self.out_channels)
        pair = torch.cat([self.lin_l(x), stored]).view(shape), self.lin_r(x).view(shape)
        alpha = self.edge_updater(edge_index, x=pair, edge_attr=None)
        return self.propagate(edge_index, x=pair, alpha=alpha).flatten(1) + self.bias


class SingleSender(GATv2Conv):
    """GATv2 with exactly one sender per node: its coefficient is 1, so only `lin_l.weight` and `bias` can learn."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        for module, name in ((self, "att"), (self.lin_l, "bias"), (self.lin_r, "weight"), (self.lin_r, "bias")):
            _hold_at_zero(module, name)


class NoSender(SingleSender):
    """The published server's relation without edges: the mean is over one more relation, which contributes 0."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        for module, name in ((self.lin_l, "weight"), (self, "bias")):
            _hold_at_zero(module, name)


def _hold_at_zero(module: nn.Module, name: str) -> None:
    """Replace a parameter with zeros that are neither trained nor saved."""
    constant = torch.zeros_like(getattr(module, name).data)
    delattr(module, name)
    module.register_buffer(name, constant, persistent=False)


#: predictor -> convolution of each relation.
CONVOLUTIONS: dict[str, dict[Relation, type[GATv2Conv]]] = {
    "graph": {
        THINKING_TO_QUERY: GATv2Conv,
        QUERY_TO_QUERY: FromMemory,
        QUERY_TO_THINKING: SingleSender,
        ANSWER_TO_THINKING: SingleSender,
        THINKING_TO_ANSWER: SingleSender,
        THINKING_TO_THINKING: NoSender,
    },
    "graph-homogeneous": {NODE_TO_NODE: FromMemory},
    "graph-no-thinking": {ANSWER_TO_QUERY: GATv2Conv, QUERY_TO_QUERY: FromMemory, QUERY_TO_ANSWER: SingleSender},
    "mlp": dict.fromkeys(SELF_LOOPS, SingleSender),
}

# --- network


class ReferenceNetwork(GraphNetwork):
    """`GraphNetwork` with layers computed by torch-geometric; its state dict is that of the fast network.

    settings  as for `GraphNetwork.of`
    """

    def __init__(self, settings: Settings):
        convolutions = CONVOLUTIONS[settings.predictor]
        if thinking_neighbors(settings):
            convolutions = convolutions | {THINKING_TO_THINKING: GATv2Conv}

        def layer(hidden: int, heads: int, dropout: float) -> HeteroConv:
            options = {"heads": heads, "dropout": dropout, "add_self_loops": False}  # the edges above include them
            convs = {name: kind((hidden, hidden), hidden // heads, **options) for name, kind in convolutions.items()}
            return HeteroConv(convs, aggr="mean")

        super().__init__(**sizes(settings), layer=layer, one_type=settings.predictor == "graph-homogeneous")
        self.settings, self.empty_relation = settings, False
        self.recalling = [name for name, kind in convolutions.items() if kind is FromMemory]
        self.register_state_dict_post_hook(_to_shared_names)
        self.register_load_state_dict_pre_hook(_to_own_names)

    @classmethod
    def of(cls, settings: Settings) -> ReferenceNetwork:
        return cls(settings)

    def serve(self, fidelity: Sequence[str]) -> ReferenceNetwork:
        self.empty_relation = "empty-relation" in fidelity
        return self.eval().requires_grad_(False)

    def exchange(
        self,
        batch: Batch,
        neighbors: Tensor,
        memory: Sequence[Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> Nodes:
        data, states = self._enter_graph(batch, neighbors, stored=memory is not None)
        with _dropout(self, generator):
            for depth in range(len(self.layers)):
                states = self._round(depth, data, states, memory[depth] if memory is not None else None)
        return self._nodes(states, batch)

    def keys(self, batch: Batch, neighbors: Tensor) -> list[Tensor]:
        data, states = self._enter_graph(batch, neighbors, stored=True)
        stored_keys = []
        with _dropout(self, None):
            for depth, layer in enumerate(self.layers):
                queries = states["node" if "node" in states else "query"][: len(batch.query)]
                stored_keys.append(layer.convs[self.recalling[0]].lin_l(queries) if self.recalling else queries)
                states = self._round(depth, data, states, stored_keys[depth])
        return stored_keys

    def _enter_graph(self, batch: Batch, neighbors: Tensor, stored: bool) -> tuple[HeteroData, dict[str, Tensor]]:
        data = build_graph(self.settings, batch, neighbors, stored=stored, empty_relation=self.empty_relation)
        return data, {name: getattr(self, name, self.query)(x) for name, x in data.x_dict.items()}

    def _round(self, depth: int, data: HeteroData, states: dict, stored: Tensor | None) -> dict[str, Tensor]:
        """One round of messages; a node type that receives over several relations takes their mean; ReLU."""
        extra = {} if stored is None else {"stored_dict": dict.fromkeys(self.recalling, stored)}
        received = self.layers[depth](states, data.edge_index_dict, **extra)
        # node types without edges are set to 0
        return {name: received[name].relu() if name in received else torch.zeros_like(states[name]) for name in states}

    def _nodes(self, states: dict[str, Tensor], batch: Batch) -> Nodes:
        if "node" in states:
            return states["node"].split([len(batch.query), len(batch.group), len(batch.group)])
        return states["query"], states["thinking"], states["answer"]


@contextmanager
def _dropout(network: nn.Module, generator: torch.Generator | None) -> Iterator[None]:
    """Draw dropout from `generator`: torch-geometric uses torch's global one, whose state is restored afterwards."""
    network.train(generator is not None)
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[generator.device] if generator.device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


# --- names of weights


def shared_names(network: ReferenceNetwork) -> dict[str, str]:
    """Name here -> name in the fast network, for the weights that are named differently."""
    names = {}
    for depth, layer in enumerate(network.layers):
        for relation, conv in layer.convs.items():
            inside = layer.convs.to_internal_key(relation)
            for name, _ in conv.named_parameters():
                shared = name.replace("lin_l", "source").replace("lin_r", "target").replace("att", "attention")
                names[f"layers.{depth}.convs.{inside}.{name}"] = f"layers.{depth}.{relation[1]}.{shared}"
    return names


def _to_shared_names(network: ReferenceNetwork, state: dict, prefix: str, *_) -> None:
    for own, shared in shared_names(network).items():
        value = state.pop(prefix + own)
        state[prefix + shared] = value[0] if own.endswith(".att") else value  # (1, heads, c) as (heads, c)
    # parameters held at 0: torch-geometric's Linear saves them anyway
    for own in [name for name in state if name.startswith(f"{prefix}layers.") and ".convs." in name]:
        del state[own]


def _to_own_names(network: ReferenceNetwork, state: dict, prefix: str, *_) -> None:
    for own, shared in shared_names(network).items():
        if (value := state.pop(prefix + shared, None)) is not None:
            state[prefix + own] = value[None] if own.endswith(".att") else value
