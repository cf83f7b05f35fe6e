"""The fast network by itself; test_graph_reference.py compares it with torch-geometric's."""

import numpy as np
import pytest
import torch
from graph_rollouts import made_up

from reward_memory.reward_models.graph.layers import drop
from reward_memory.reward_models.graph.memory import Memory, nearest
from reward_memory.reward_models.graph.network import Batch, GraphNetwork

SIZES = {"even": [8] * 12, "uneven": [8, 1, 9, 16, 3, 8, 2, 5, 8, 1, 4, 7]}
NEIGHBORS = 3


def network(products: bool = False, layers: int = 2) -> GraphNetwork:
    torch.manual_seed(0)
    model = GraphNetwork(hidden_channels=32, heads=4, num_layers=layers, dropout=0.1, products=products)
    for parameter in model.parameters():  # biases start at 0, which would hide a wrong one
        parameter.data += 0.05 * torch.randn_like(parameter)
    return model


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_memory_query_served_from_the_memory_scores_as_in_training(layers):
    batch, model = Batch.of(made_up(SIZES["uneven"])), network(products=True, layers=layers)
    neighbors = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    keys = Memory.of(model, batch, NEIGHBORS).keys
    assert torch.allclose(model(batch, neighbors, keys), model(batch, neighbors), atol=1e-6)


def test_new_queries_do_not_feel_each_other():
    known, new, model = Batch.of(made_up(SIZES["even"])), made_up([4, 2, 7], seed=1), network(products=True)
    memory = Memory.of(model, known, NEIGHBORS)

    def logits(batch: Batch) -> torch.Tensor:
        return model(batch, memory.search(batch.query, NEIGHBORS), memory.keys)

    alone = torch.cat([logits(Batch.of(new.take(np.array([row])))) for row in range(3)])
    assert torch.allclose(logits(Batch.of(new)), alone, atol=1e-5)


def test_even_groups_take_the_same_path_in_effect_as_shuffled_ones():
    batch, model = Batch.of(made_up([4] * 6)), network()
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    mixed = Batch(batch.query, *(getattr(batch, name)[order] for name in ("thinking", "answer", "features", "group")))
    neighbors = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    assert torch.allclose(model(mixed, neighbors), model(batch, neighbors)[order], atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_nearest_finds_the_largest_cosines(monkeypatch, chunk):
    monkeypatch.setattr("reward_memory.reward_models.graph.memory.CHUNK", chunk)
    vectors = Batch.of(made_up([1] * 12)).query
    cosine = vectors @ vectors.T
    cosine.fill_diagonal_(-2)
    assert (nearest(vectors, vectors, 4, exclude_self=True) == cosine.argsort(1, descending=True)[:, :4]).all()


def test_a_memory_smaller_than_the_neighborhood_is_used_whole():
    vectors = Batch.of(made_up([1] * 3)).query
    assert nearest(vectors, vectors, 7).shape == (3, 3)
    assert nearest(vectors, vectors, 7, exclude_self=True).shape == (3, 2)
    assert nearest(vectors[:1], vectors[:1], 7, exclude_self=True).shape == (1, 0)


def test_dropout_keeps_the_mean_and_drops_its_share():
    dropped = drop(torch.ones(100_000), 0.1, torch.Generator().manual_seed(0))
    assert (dropped == 0).float().mean() == pytest.approx(0.1, abs=0.005)
    assert dropped.mean() == pytest.approx(1, abs=0.01)


def test_dropout_acts_in_training_only():
    batch, model = Batch.of(made_up(SIZES["even"])), network()
    neighbors = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    draws = torch.Generator().manual_seed(0)
    assert (model(batch, neighbors) == model(batch, neighbors)).all()
    assert (model(batch, neighbors, generator=draws) != model(batch, neighbors, generator=draws)).any()
