"""Edges between the thinking nodes of one query."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_rollouts import made_up
from test_configuration import changed, complaint

from reward_memory.config import variants
from reward_memory.config.loading import load
from reward_memory.errors import InputError
from reward_memory.reward_models.base import save
from reward_memory.reward_models.graph.fitting import fit
from reward_memory.reward_models.graph.network import Batch
from reward_memory.reward_models.graph.siblings import sibling_edges
from reward_memory.reward_models.registry import fit as fit_any
from reward_memory.reward_models.registry import load as load_any

SMALL = {"hidden_channels": 16, "heads": 2, "epochs": 4, "check_every": 2}


def directions(*degrees: float) -> torch.Tensor:
    angles = torch.deg2rad(torch.tensor(degrees))
    return torch.stack([angles.cos(), angles.sin()], 1)


@pytest.mark.parametrize(
    ("degrees", "group", "count", "edges"),
    [
        # of 0, 10, 40 and 90 degrees: each hears the two nearest
        (
            (0, 10, 40, 90),
            (0, 0, 0, 0),
            2,
            {(1, 0), (2, 0), (0, 1), (2, 1), (1, 2), (0, 2), (2, 3), (1, 3)},
        ),
        ((0, 10, 40, 90), (0, 0, 0, 0), 1, {(1, 0), (0, 1), (1, 2), (2, 3)}),
        # the nearest of another query does not count; a single response hears nobody; two hear each other
        ((0, 50, 1, 2, 60), (0, 0, 1, 2, 2), 2, {(1, 0), (0, 1), (4, 3), (3, 4)}),
        # in any order
        ((0, 2, 50, 60, 1), (0, 2, 0, 2, 1), 2, {(2, 0), (0, 2), (3, 1), (1, 3)}),
        ((0, 1), (0, 1), 2, set()),
    ],
)
def test_who_hears_whom_by_hand(degrees, group, count, edges):
    found = sibling_edges(directions(*degrees), torch.tensor(group), count)
    assert {(int(a), int(b)) for a, b in found.T} == edges
    assert found.shape[1] == len(edges)


def test_lengths_of_embeddings_do_not_matter():
    thinking = directions(0, 10, 40) * torch.tensor([[1.0], [0.1], [100.0]])
    assert {tuple(pair) for pair in sibling_edges(thinking, torch.zeros(3, dtype=torch.int64), 1).T.tolist()} == {
        (1, 0),
        (0, 1),
        (1, 2),
    }


def test_siblings_change_predictions_and_only_those_of_their_query():
    rollouts = made_up([4] * 8)
    model = fit(rollouts, thinking_neighbors=2, **SMALL)
    new = made_up([3, 3], seed=1)
    thinking = new.thinking.copy()
    thinking[1] = -thinking[1]
    before, after = model.score(new), model.score(replace(new, thinking=thinking))
    assert not np.allclose(before[[0, 2]], after[[0, 2]], atol=1e-6)
    # the other query's responses keep theirs
    assert np.allclose(before[3:], after[3:], atol=1e-6)


def test_by_default_there_are_none():
    names = {name.split(".")[2] for name in fit(made_up([4] * 8), **SMALL).network.state_dict() if "layers" in name}
    more = fit(made_up([4] * 8), thinking_neighbors=2, **SMALL).network.state_dict()
    assert {name.split(".")[2] for name in more if "layers" in name} - names == {"thinking_from_thinking"}


def test_a_model_with_siblings_is_read_as_it_was_written(tmp_path):
    model = fit_any("graph", made_up([4] * 8), thinking_neighbors=2, **SMALL)
    save(model, tmp_path)
    new = made_up([3, 5], seed=1)
    assert np.array_equal(load_any(tmp_path).score(new), model.score(new))
    batch = Batch.of(new)
    assert model.network.thinking_neighbors == 2
    assert sibling_edges(batch.thinking, batch.group, 2).shape == (2, 16)


@pytest.mark.parametrize(
    "own", [{"thinking_neighbors": True}, {"thinking_neighbors": 2, "fidelity": ["empty-relation"]}]
)
def test_the_library_refuses_what_cannot_be(own):
    with pytest.raises(InputError, match="reward_model: thinking_neighbors: "):
        fit(made_up([4] * 8), **SMALL, **own)


def test_the_published_empty_relation_has_no_edges_to_go_with():
    told = complaint(changed("reward_model", {"thinking_neighbors": 2, "fidelity": ["empty-relation"]}))
    assert told == (
        "mine.yaml: reward_model: thinking_neighbors: 2 does not go with the behavior empty-relation, by which graph "
        "has no such neighbors; set it to 0 or leave the behavior out."
    )
    config = load(changed("reward_model", {"thinking_neighbors": 2}))
    found = {name: variants.settings(config, name)["thinking_neighbors"] for name in ("graph", "graph-as-published")}
    assert found == {"graph": 2, "graph-as-published": 0}
