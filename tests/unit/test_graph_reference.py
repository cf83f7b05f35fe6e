"""The fast network against torch-geometric's (graph/reference.py): same edges, numbers, gradients, files, fits."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from graph_rollouts import made_up

from reward_memory.errors import InputError
from reward_memory.reward_models.base import save
from reward_memory.reward_models.graph import reference
from reward_memory.reward_models.graph.fitting import build, fit
from reward_memory.reward_models.graph.memory import Memory, nearest
from reward_memory.reward_models.graph.network import Batch, GraphNetwork
from reward_memory.reward_models.graph.reference import ReferenceNetwork, build_graph
from reward_memory.reward_models.graph.reward_model import RewardModel, restore
from reward_memory.reward_models.registry import load
from reward_memory.settings import RewardModel as Settings

SIZES = {"even": [8] * 12, "uneven": [8, 1, 9, 16, 3, 8, 2, 5, 8, 1, 4, 7], "single": [1] * 12}
ASKED = {"even": [8] * 5, "uneven": [9, 1, 16, 2, 8], "empty": [3, 0, 2, 0, 1]}
NEIGHBORS = 3
#: variant -> (predictor, fidelity)
VARIANTS = {
    "graph": ("graph", []),
    "graph-homogeneous": ("graph-homogeneous", []),
    "graph-no-thinking": ("graph-no-thinking", []),
    "mlp": ("mlp", []),
    "query-edges": ("graph", ["query-edges"]),
    "empty-relation": ("graph", ["empty-relation"]),
    "both published": ("graph", ["query-edges", "empty-relation"]),
    "siblings": ("graph", []),
    "siblings, published edges": ("graph", ["query-edges"]),
}
EVERY = pytest.mark.parametrize("variant", VARIANTS)


def configured(variant: str, **changes) -> Settings:
    predictor, fidelity = VARIANTS[variant]
    small = {"predictor": predictor, "fidelity": fidelity, "hidden_channels": 32, "num_neighbors": NEIGHBORS}
    return Settings(**small | {"thinking_neighbors": 2 * variant.startswith("siblings")} | changes)


def pair(variant: str, **changes) -> tuple[GraphNetwork, GraphNetwork]:
    """The fast network and the reference with the same weights, none of them 0: that would hide a wrong bias."""
    config = configured(variant, **changes)
    fast, draws = build(config, 0), torch.Generator().manual_seed(1)
    for parameter in fast.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=draws)
    return fast, restore(config.model_copy(update={"implementation": "reference"}), fast.state_dict())


def gradients(network: GraphNetwork) -> dict[str, torch.Tensor]:
    """name of the fast network -> gradient."""
    names = reference.shared_names(network) if isinstance(network, ReferenceNetwork) else {}
    return {
        names.get(name, name): None if value.grad is None else value.grad.flatten()
        for name, value in network.named_parameters()
    }


@EVERY
@pytest.mark.parametrize("products", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_training_gives_the_same_logits_and_gradients(sizes, products, variant):
    batch, networks = Batch.of(made_up(SIZES[sizes])), pair(variant, products=products)
    neighbors = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    target = (batch.features[:, 0] > 0.5).float()
    inputs = ("query", "thinking", "answer", "features")
    logits, slopes, inner = [], [], []
    for network in networks:
        own = replace(batch, **{name: getattr(batch, name).clone().requires_grad_() for name in inputs})
        logits.append(network(own, neighbors))
        F.binary_cross_entropy_with_logits(logits[-1], target).backward()
        slopes.append([getattr(own, name).grad for name in inputs])
        inner.append(gradients(network))
    assert torch.allclose(*logits, atol=1e-5)
    for mine, theirs in zip(*slopes, strict=True):
        assert_same(mine, theirs)
    assert {*inner[0]} == {*inner[1]}
    for name in inner[0]:
        assert_same(inner[0][name], inner[1][name], name)


def assert_same(mine: torch.Tensor | None, theirs: torch.Tensor | None, name: str = "") -> None:
    """To 1e-5 of the largest; what does not matter has no gradient, or 0."""
    mine, theirs = (torch.zeros(()) if one is None else one for one in (mine, theirs))
    assert (mine - theirs).abs().max() <= 1e-5 * max(mine.abs().max(), theirs.abs().max(), 1e-3), name


@pytest.mark.slow
@EVERY
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("sizes", SIZES)
def test_serving_gives_the_same_memory_and_logits(sizes, asked, variant):
    known, new = Batch.of(made_up(SIZES[sizes])), Batch.of(made_up(ASKED[asked], seed=1))
    networks = [network.serve(VARIANTS[variant][1]) for network in pair(variant)]
    memories = [Memory.of(network, known, NEIGHBORS) for network in networks]
    for mine, theirs in zip(*(memory.keys for memory in memories), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)
    recalled = memories[0].search(new.query, NEIGHBORS)
    fast, slow = (one(new, recalled, memory.keys) for one, memory in zip(networks, memories, strict=True))
    assert torch.allclose(fast, slow, atol=1e-5)


@pytest.mark.parametrize("variant", ["graph", "graph-homogeneous", "graph-no-thinking", "siblings"])
@pytest.mark.parametrize("asked", ASKED)
def test_serving_from_the_frozen_memory_equals_one_graph_of_everything(asked, variant):
    known, new = Batch.of(made_up(SIZES["uneven"])), Batch.of(made_up(ASKED[asked], seed=1))
    fast, slow = pair(variant)
    memory = Memory.of(fast, known, NEIGHBORS)
    recalled = memory.search(new.query, NEIGHBORS)
    all_of_it = torch.cat([nearest(known.query, known.query, NEIGHBORS, exclude_self=True), recalled])
    expected = slow(known.joined(new), all_of_it)[len(known.group) :]
    assert torch.allclose(fast(new, recalled, memory.keys), expected, atol=1e-5)


# --- edges, by hand: query 0 has responses 0 and 1, query 1 has response 2; either is the other's neighbor

BY_HAND = {
    "graph": {
        ("thinking", "query"): [(0, 0), (1, 0), (2, 1)],
        ("query", "thinking"): [(0, 0), (0, 1), (1, 2)],
        ("answer", "thinking"): [(0, 0), (1, 1), (2, 2)],
        ("thinking", "answer"): [(0, 0), (1, 1), (2, 2)],
        ("query", "query"): [(1, 0), (0, 1), (0, 0), (1, 1)],
    },
    "graph-no-thinking": {
        ("answer", "query"): [(0, 0), (1, 0), (2, 1)],
        ("query", "answer"): [(0, 0), (0, 1), (1, 2)],
        ("query", "query"): [(1, 0), (0, 1), (0, 0), (1, 1)],
    },
    # queries are 0 and 1, thinking 2 to 4, answers 5 to 7
    "graph-homogeneous": {
        ("node", "node"): [
            *((1, 0), (0, 1), (2, 0), (3, 0), (4, 1), (0, 2), (0, 3), (1, 4)),
            *((5, 2), (6, 3), (7, 4), (2, 5), (3, 6), (4, 7), *((node, node) for node in range(8))),
        ]
    },
    "mlp": {
        (name, name): [(0, 0), (1, 1), (2, 2)][:count]
        for name, count in zip(("query", "thinking", "answer"), (2, 3, 3), strict=True)
    },
}


def edges(variant: str, neighbors: list[list[int]], **how) -> dict[tuple[str, str], list[tuple[int, int]]]:
    graph = build_graph(configured(variant), Batch.of(made_up([2, 1])), torch.tensor(neighbors), **how)
    return {(name[0], name[2]): sorted(map(tuple, graph[name].edge_index.T.tolist())) for name in graph.edge_types}


@pytest.mark.parametrize("variant", BY_HAND)
def test_edges_run_as_the_paper_says(variant):
    assert edges(variant, [[1], [0]]) == {name: sorted(pairs) for name, pairs in BY_HAND[variant].items()}


@pytest.mark.parametrize(
    ("variant", "neighbors", "stored", "expected"),
    [
        ("graph", [[1], [1]], False, [(1, 0), (1, 1), (0, 0), (1, 1)]),
        ("query-edges", [[1], [1]], False, [(0, 1), (1, 1), (0, 0), (1, 1)]),
        # rows of the memory follow the two queries
        ("graph", [[0], [4]], True, [(2, 0), (6, 1), (0, 0), (1, 1)]),
        ("graph-no-thinking", [[0], [4]], True, [(2, 0), (6, 1), (0, 0), (1, 1)]),
        ("query-edges", [[0], [4]], True, [(0, 0), (1, 1)]),
    ],
)
def test_the_memory_sends_to_a_query_and_as_published_receives_from_it(variant, neighbors, stored, expected):
    assert edges(variant, neighbors, stored=stored)["query", "query"] == sorted(expected)


def test_a_stored_memory_follows_all_nodes_of_one_type():
    found = edges("graph-homogeneous", [[0], [4]], stored=True)["node", "node"]
    assert {(8, 0), (12, 1)} == {(sender, receiver) for sender, receiver in found if sender >= 8}


def test_only_the_published_server_has_the_empty_relation():
    assert edges("graph", [[1], [0]], empty_relation=True)["thinking", "thinking"] == []
    assert ("thinking", "thinking") not in edges("graph", [[1], [0]])


@pytest.mark.parametrize(
    ("variant", "relation"),
    [
        ("graph", reference.THINKING_TO_QUERY),
        ("graph", reference.QUERY_TO_THINKING),
        ("graph", reference.QUERY_TO_QUERY),
        ("graph-no-thinking", reference.ANSWER_TO_QUERY),
        ("graph-no-thinking", reference.QUERY_TO_ANSWER),
        ("graph-no-thinking", reference.QUERY_TO_QUERY),
        ("graph-homogeneous", reference.NODE_TO_NODE),
    ],
)
def test_a_reversed_relation_does_not_go_unnoticed(monkeypatch, variant, relation):
    """A thinking and its answer have one edge each way, the same rows reversed; their order is a matter of types."""
    batch, (fast, slow) = Batch.of(made_up([1] * 12)), pair(variant)
    neighbors = nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True)
    shifted = replace(batch, group=batch.group.roll(1))  # so that no row is its own
    own = reference.EDGES[variant]
    assert torch.allclose(fast(shifted, neighbors), slow(shifted, neighbors), atol=1e-5)
    monkeypatch.setitem(
        reference.EDGES, variant, lambda *given: own(*given) | {relation: own(*given)[relation].flip(0)}
    )
    assert not torch.allclose(fast(shifted, neighbors), slow(shifted, neighbors), atol=1e-4)


# --- fitting, files, serving


@pytest.mark.slow
@EVERY
def test_both_fit_the_same_model(variant):
    predictor, fidelity = VARIANTS[variant]
    small = {"hidden_channels": 16, "epochs": 6, "check_every": 2, "dropout": 0.0, "fidelity": fidelity}
    models = [
        fit(made_up([4] * 16), predictor=predictor, seeds=(0, 1), implementation=name, **small)
        for name in ("fast", "reference")
    ]
    assert isinstance(models[1].network, ReferenceNetwork)
    histories = [[run["looks"] for run in model.metrics["runs"]] for model in models]
    assert np.array(histories[1]) == pytest.approx(np.array(histories[0]), rel=1e-4, abs=1e-4)
    new = made_up([3, 1, 5], seed=1)
    assert models[1].score(new) == pytest.approx(models[0].score(new), abs=1e-4)


def test_the_same_files_serve_both():
    model = fit(made_up([4] * 12), hidden_channels=16, epochs=2)
    weights, memory = model.tensors()
    slow = RewardModel.restore(model.config | {"implementation": "reference"}, {}, weights, memory, "cpu")
    new = made_up([3, 1, 5], seed=1)
    assert slow.score(new) == pytest.approx(model.score(new), abs=1e-5)
    for one, other in zip(slow.tensors(), model.tensors(), strict=True):
        assert {*one} == {*other}
        assert all((one[name] == other[name]).all() for name in one)


def test_what_the_reference_saves_serves_through_it(tmp_path):
    model, new = fit(made_up([4] * 12), hidden_channels=16, epochs=2, implementation="reference"), made_up([3], seed=1)
    save(model, tmp_path)
    again = load(tmp_path)
    assert isinstance(again.network, ReferenceNetwork)
    assert (again.score(new) == model.score(new)).all()


def test_dropout_of_the_reference_depends_on_the_seed_alone():
    settings = {"hidden_channels": 16, "epochs": 3, "dropout": 0.3, "implementation": "reference"}
    before = torch.get_rng_state()
    one, two, other = (fit(made_up([4] * 12), seeds=(seed,), **settings).tensors()[0] for seed in (0, 0, 1))
    assert (torch.get_rng_state() == before).all()
    assert all((one[name] == two[name]).all() for name in one)
    assert any((one[name] != other[name]).any() for name in one)
    without = fit(made_up([4] * 12), seeds=(0,), **settings | {"dropout": 0.0}).tensors()[0]
    assert any((one[name] != without[name]).any() for name in one)


def test_a_memory_is_computed_without_dropout():
    batch, (_, slow) = Batch.of(made_up([4] * 6)), pair("graph", dropout=0.5)
    before = Memory.of(slow, batch, NEIGHBORS)
    slow(batch, nearest(batch.query, batch.query, NEIGHBORS, exclude_self=True), generator=torch.Generator())
    for mine, theirs in zip(Memory.of(slow, batch, NEIGHBORS).keys, before.keys, strict=True):
        assert (mine == theirs).all()


def test_an_unknown_implementation_is_refused():
    with pytest.raises(InputError, match="implementation: 'slow' is not fast or reference"):
        fit(made_up([4] * 4), implementation="slow")
