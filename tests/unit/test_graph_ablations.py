"""Published serving, and what the memory is worth, in the graph and its ablations."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from graph_rollouts import made_up
from sklearn.metrics import roc_auc_score

from reward_memory.config.fidelity import BEHAVIORS
from reward_memory.reward_models.graph.memory import Memory
from reward_memory.reward_models.graph.network import GraphNetwork
from reward_memory.reward_models.graph.reward_model import RewardModel
from reward_memory.reward_models.registry import fit
from reward_memory.settings import RewardModel as Settings

HIDDEN, HEADS = 16, 4
SMALL = {"hidden_channels": 16, "epochs": 6}
SIZES = [2, 1, 3, 2]
GROUP = torch.repeat_interleave(torch.arange(4), torch.tensor(SIZES))
NEIGHBORS = torch.tensor([[1, 2], [0, 3], [3, 1], [2, 0]])


def states(seed=0):
    torch.manual_seed(seed)
    return torch.randn(4, HIDDEN), torch.randn(8, HIDDEN), torch.randn(8, HIDDEN)


def test_a_published_server_divides_thinking_by_three():
    torch.manual_seed(1)
    network = GraphNetwork.of(Settings(hidden_channels=HIDDEN, heads=HEADS))
    layer, nodes = network.layers[0], states()
    before = layer(nodes, GROUP, NEIGHBORS, None, None)
    network.serve([])
    assert torch.equal(layer(nodes, GROUP, NEIGHBORS, None, None)[1], before[1])
    network.serve(["empty-relation"])
    after = layer(nodes, GROUP, NEIGHBORS, None, None)
    assert torch.allclose(after[1], before[1] * 2 / 3)
    assert torch.equal(after[0], before[0])
    assert torch.equal(after[2], before[2])


@pytest.mark.parametrize(
    ("name", "matters"),
    [("graph", True), ("graph-homogeneous", True), ("graph-no-thinking", True), ("query-edges", False)],
)
def test_noise_in_place_of_the_memory(name, matters):
    """MemReward's claim is that the memory informs a new query; with the published edges it cannot."""
    predictor, fidelity = ("graph", [name]) if name in BEHAVIORS else (name, [])
    model, new = fit(predictor, made_up([4] * 20), fidelity=fidelity, **SMALL), made_up([4] * 5, seed=1)
    noise = torch.Generator().manual_seed(0)
    keys = [torch.randn(key.shape, generator=noise) for key in model.memory.keys]
    unit = F.normalize(torch.randn(model.memory.unit.shape, generator=noise), dim=-1)
    noisy = RewardModel(model.network, Memory(unit, keys), model.config, {})
    changed = np.abs(noisy.score(new) - model.score(new)).max()
    assert changed > 1e-3 if matters else changed == 0


@pytest.mark.slow
def test_noise_in_the_memory_lowers_the_auc():
    # responses are right where those to similar queries are, and queries show only dimly what they are similar to
    rollouts, draw = made_up([4] * 200), np.random.default_rng(5)
    kind = np.arange(200) % 4
    query = draw.standard_normal((4, 384))[kind] + 6 * draw.standard_normal((200, 384))
    query = (query / np.linalg.norm(query, axis=1, keepdims=True)).astype(np.float32)
    rewards = (kind[rollouts.group] < 2).astype(np.float32)
    part = replace(rollouts, query=query, rewards=np.where(rollouts.group < 100, rewards, np.nan).astype(np.float32))
    model = fit("graph", part, hidden_channels=32, epochs=30)
    unseen = part.group >= 100
    generator = torch.Generator().manual_seed(0)
    keys = [3 * key.std() * torch.randn(key.shape, generator=generator) for key in model.memory.keys]
    noisy = RewardModel(model.network, Memory(model.memory.unit, keys), model.config, {})
    true, false = (roc_auc_score(rewards[unseen], one.score(part)[unseen]) for one in (model, noisy))
    assert true > false + 0.01
