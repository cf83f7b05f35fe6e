"""The fast network against the same model written plainly with torch-geometric, in one graph of everything."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from graph_rollouts import made_up
from torch_geometric.nn import GATv2Conv, HeteroConv

from reward_memory.reward_models.graph.layers import Attention, drop
from reward_memory.reward_models.graph.memory import Memory, nearest
from reward_memory.reward_models.graph.network import Batch, GraphNetwork

SIZES = {"even": [8] * 12, "uneven": [8, 1, 9, 16, 3, 8, 2, 5, 8, 1, 4, 7], "single": [1] * 12}
ASKED = {"even": [8] * 5, "uneven": [9, 1, 16, 2, 8], "empty": [3, 0, 2, 0, 1]}
NEIGHBOURS = 3

RELATIONS = {
    ("thinking", "to", "query"): "query_from_thinking",
    ("query", "to", "query"): "query_from_memory",
    ("query", "to", "thinking"): "thinking_from_query",
    ("answer", "to", "thinking"): "thinking_from_answer",
    ("thinking", "to", "answer"): "answer_from_thinking",
}


def network(products: bool = False, layers: int = 2) -> GraphNetwork:
    torch.manual_seed(0)
    model = GraphNetwork(hidden=32, heads=4, layers=layers, dropout=0.1, products=products)
    for parameter in model.parameters():  # biases start at 0, which would hide a wrong one
        parameter.data += 0.05 * torch.randn_like(parameter)
    return model


def reference_layers(model: GraphNetwork) -> list[HeteroConv]:
    """HeteroConv layers with the weights of `model`; what a lone neighbour cannot feel stays random."""
    layers = []
    for layer in model.layers:
        convolutions = {}
        for relation, name in RELATIONS.items():
            ours = getattr(layer, name)
            conv = GATv2Conv((32, 32), 8, heads=4, dropout=0.1, add_self_loops=relation[0] == relation[2])
            conv.lin_l.weight.data = ours.source.weight.data.clone()
            conv.bias.data = ours.bias.data.clone()
            if isinstance(ours, Attention):
                conv.lin_l.bias.data = ours.source.bias.data.clone()
                conv.lin_r.weight.data = ours.target.weight.data.clone()
                conv.lin_r.bias.data = ours.target.bias.data.clone()
                conv.att.data = ours.attention.data.clone()[None]
            else:
                conv.lin_l.bias.data.zero_()
            convolutions[relation] = conv
        layers.append(HeteroConv(convolutions, aggr="mean").eval())
    return layers


def join(first: Batch, second: Batch) -> Batch:
    group = torch.cat([first.group, second.group + len(first.query)])
    rest = (
        torch.cat([getattr(first, name), getattr(second, name)])
        for name in Batch.__dataclass_fields__
        if name != "group"
    )
    return Batch(*rest, group=group)


def reference_logits(model: GraphNetwork, layers: list[HeteroConv], batch: Batch, edges: torch.Tensor) -> torch.Tensor:
    """(r,) logits; edges (2, e): query to query, self-loops left to GATv2Conv."""
    rows = torch.arange(len(batch.group))
    links = {
        ("thinking", "to", "query"): torch.stack([rows, batch.group]),
        ("query", "to", "query"): edges,
        ("query", "to", "thinking"): torch.stack([batch.group, rows]),
        ("answer", "to", "thinking"): torch.stack([rows, rows]),
        ("thinking", "to", "answer"): torch.stack([rows, rows]),
    }
    nodes = dict(zip(("query", "thinking", "answer"), model.enter(batch), strict=True))
    for layer in layers:
        nodes = {name: state.relu() for name, state in layer(nodes, links).items()}
    query = model.query_head(nodes["query"])[batch.group]
    parts = [nodes["thinking"], nodes["answer"], model.features(batch.features)]
    return (query * model.response_head(torch.cat(parts, 1))).sum(1) / 16**0.5 + model.bias


def memory_edges(neighbours: torch.Tensor, offset: int = 0) -> torch.Tensor:
    """Messages from each neighbour to the query whose row it stands in."""
    receivers = torch.arange(len(neighbours)).repeat_interleave(neighbours.shape[1]) + offset
    return torch.stack([neighbours.reshape(-1), receivers])


@pytest.mark.parametrize("sizes", SIZES)
def test_training_equals_torch_geometric_forward_and_backward(sizes):
    batch, model = Batch.of(made_up(SIZES[sizes])), network()
    batch.thinking.requires_grad_()
    layers = reference_layers(model)
    neighbours = nearest(batch.query, batch.query, NEIGHBOURS, same=True)
    logits = model(batch, neighbours)
    expected = reference_logits(model, layers, batch, memory_edges(neighbours))
    assert torch.allclose(logits, expected, atol=1e-5)

    target = (batch.features[:, 0] > 0.5).float()
    (slope,) = torch.autograd.grad(
        F.binary_cross_entropy_with_logits(expected, target), batch.thinking, retain_graph=True
    )
    F.binary_cross_entropy_with_logits(expected, target).backward()
    shared = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    batch.thinking.grad = None
    F.binary_cross_entropy_with_logits(logits, target).backward()
    assert torch.allclose(batch.thinking.grad, slope, atol=1e-5)
    for name, gradient in shared.items():
        assert torch.allclose(dict(model.named_parameters())[name].grad, gradient, atol=1e-5), name
    for layer, reference in zip(model.layers, layers, strict=True):
        for relation, name in RELATIONS.items():
            ours, conv = getattr(layer, name), reference.convs[relation]
            pairs = [(ours.source.weight, conv.lin_l.weight), (ours.bias, conv.bias)]
            if isinstance(ours, Attention):
                pairs += [(ours.source.bias, conv.lin_l.bias), (ours.target.weight, conv.lin_r.weight)]
                assert torch.allclose(ours.attention.grad, conv.att.grad[0], atol=1e-5)
            for mine, theirs in pairs:
                assert torch.allclose(mine.grad, theirs.grad, atol=1e-5), name


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("sizes", SIZES)
def test_serving_from_the_frozen_memory_equals_one_graph_of_everything(sizes, asked):
    known, new, model = Batch.of(made_up(SIZES[sizes])), Batch.of(made_up(ASKED[asked], seed=1)), network()
    memory = Memory.of(model, known, NEIGHBOURS)
    recalled = memory.search(new.query, NEIGHBOURS)
    own = memory_edges(nearest(known.query, known.query, NEIGHBOURS, same=True))
    edges = torch.cat([own, memory_edges(recalled, offset=len(known.query))], 1)
    expected = reference_logits(model, reference_layers(model), join(known, new), edges)[len(known.group) :]
    assert torch.allclose(model(new, recalled, memory.keys), expected, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_memory_query_served_from_the_memory_scores_as_in_training(layers):
    batch, model = Batch.of(made_up(SIZES["uneven"])), network(products=True, layers=layers)
    neighbours = nearest(batch.query, batch.query, NEIGHBOURS, same=True)
    keys = Memory.of(model, batch, NEIGHBOURS).keys
    assert torch.allclose(model(batch, neighbours, keys), model(batch, neighbours), atol=1e-6)


def test_new_queries_do_not_feel_each_other():
    known, new, model = Batch.of(made_up(SIZES["even"])), made_up([4, 2, 7], seed=1), network(products=True)
    memory = Memory.of(model, known, NEIGHBOURS)

    def logits(batch: Batch) -> torch.Tensor:
        return model(batch, memory.search(batch.query, NEIGHBOURS), memory.keys)

    alone = torch.cat([logits(Batch.of(new.take(np.array([row])))) for row in range(3)])
    assert torch.allclose(logits(Batch.of(new)), alone, atol=1e-5)


def test_even_groups_take_the_same_path_in_effect_as_shuffled_ones():
    batch, model = Batch.of(made_up([4] * 6)), network()
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    mixed = Batch(batch.query, *(getattr(batch, name)[order] for name in ("thinking", "answer", "features", "group")))
    neighbours = nearest(batch.query, batch.query, NEIGHBOURS, same=True)
    assert torch.allclose(model(mixed, neighbours), model(batch, neighbours)[order], atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_nearest_finds_the_largest_cosines(monkeypatch, chunk):
    monkeypatch.setattr("reward_memory.reward_models.graph.memory.CHUNK", chunk)
    vectors = Batch.of(made_up([1] * 12)).query
    cosine = vectors @ vectors.T
    cosine.fill_diagonal_(-2)
    assert (nearest(vectors, vectors, 4, same=True) == cosine.argsort(1, descending=True)[:, :4]).all()


def test_a_memory_smaller_than_the_neighbourhood_is_used_whole():
    vectors = Batch.of(made_up([1] * 3)).query
    assert nearest(vectors, vectors, 7).shape == (3, 3)
    assert nearest(vectors, vectors, 7, same=True).shape == (3, 2)
    assert nearest(vectors[:1], vectors[:1], 7, same=True).shape == (1, 0)


def test_dropout_keeps_the_mean_and_drops_its_share():
    dropped = drop(torch.ones(100_000), 0.1, torch.Generator().manual_seed(0))
    assert (dropped == 0).float().mean() == pytest.approx(0.1, abs=0.005)
    assert dropped.mean() == pytest.approx(1, abs=0.01)


def test_dropout_acts_in_training_only():
    batch, model = Batch.of(made_up(SIZES["even"])), network()
    neighbours = nearest(batch.query, batch.query, NEIGHBOURS, same=True)
    draws = torch.Generator().manual_seed(0)
    assert (model(batch, neighbours) == model(batch, neighbours)).all()
    assert (model(batch, neighbours, generator=draws) != model(batch, neighbours, generator=draws)).any()
