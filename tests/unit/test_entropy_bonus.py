import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tensordict import TensorDict

from reward_memory.training.objectives.entropy_bonus import entropy_bonus
from reward_memory.training.verl.entropy_bonus import EntropyBonus

FLOATS = st.floats(-3, 3, width=32)


def test_the_bonus_by_hand():
    advantages = torch.tensor([[1.0, 1.0, -1.0, -1.0, 0.0]])
    entropy = torch.tensor([[0.5, 2.0, 0.5, 3.0, 3.0]])
    # 0.4 * 0.5; limited to 1 / 2; the same for wrong responses; nothing for an advantage of 0
    assert entropy_bonus(advantages, entropy)[0].tolist() == pytest.approx([0.2, 0.5, 0.2, 0.5, 0.0])


def test_coefficient_and_share_are_the_callers():
    found = entropy_bonus(torch.tensor([4.0, 4.0]), torch.tensor([1.0, 9.0]), coefficient=0.5, share=0.25)
    assert found.tolist() == [0.5, 1.0]


@given(st.lists(st.tuples(FLOATS, st.floats(0, 12, width=32)), min_size=1))
def test_no_advantage_changes_its_sign_or_order_of_size(tokens):
    advantages, entropy = torch.tensor(tokens).T
    shaped = advantages + entropy_bonus(advantages, entropy)
    assert (shaped >= advantages).all()
    assert (torch.sign(shaped) == torch.sign(advantages)).all()
    assert (shaped.abs() <= 1.5 * advantages.abs() + 1e-6).all()


def test_entropy_gives_no_gradient():
    advantages = torch.tensor([1.0], requires_grad=True)
    entropy = torch.tensor([0.5], requires_grad=True)
    assert not entropy_bonus(advantages.detach(), entropy).requires_grad


def test_entropies_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"advantages are \(2, 3\) and entropies \(3,\)"):
        entropy_bonus(torch.zeros(2, 3), torch.zeros(3))


def jagged(*rows: list[float]) -> torch.Tensor:
    return torch.nested.as_nested_tensor([torch.tensor(row) for row in rows], layout=torch.jagged)


class Queue(ModuleType):
    """The two calls of transfer_queue that the mixin makes, over a dictionary."""

    def __init__(self, fields: dict[str, torch.Tensor]):
        super().__init__("transfer_queue")
        self.fields = fields

    def kv_batch_get(self, keys, partition_id, select_fields):
        assert (keys, partition_id) == (["a_0_0", "b_0_0"], "train")
        return TensorDict({name: self.fields[name] for name in select_fields}, batch_size=len(keys))

    def kv_batch_put(self, keys, partition_id, fields):
        assert (keys, partition_id) == (["a_0_0", "b_0_0"], "train")
        self.fields.update(fields.items())


class Batch(SimpleNamespace):
    def __len__(self):
        return len(self.keys)


class Estimator:
    """The trainer beneath the mixin: its advantages are in the queue already."""

    def __init__(self, coefficient, bypass=False):
        self.entropy_coefficient = coefficient
        self.config = SimpleNamespace(algorithm=SimpleNamespace(rollout_correction=SimpleNamespace(bypass_mode=bypass)))

    def _compute_advantage(self, batch, metrics):
        metrics["estimated"] = True
        return batch


class Trainer(EntropyBonus, Estimator):
    pass


@pytest.fixture
def queue(monkeypatch):
    rows = {"advantages": jagged([1.0, 1.0, 1.0], [-2.0]), "entropy": jagged([0.5, 0.0, 9.0], [9.0])}
    queue = Queue(rows)
    monkeypatch.setitem(sys.modules, "transfer_queue", queue)
    return queue


def batch() -> Batch:
    return Batch(keys=["a_0_0", "b_0_0"], partition_id="train")


def test_the_trainer_adds_the_bonus_to_rows_of_any_length(queue):
    metrics = {}
    assert Trainer(0.4)._compute_advantage(batch(), metrics).keys == ["a_0_0", "b_0_0"]
    first, second = queue.fields["advantages"].unbind()
    assert first.tolist() == pytest.approx([1.2, 1.0, 1.5])
    assert second.tolist() == [-1.0]
    assert metrics == {"estimated": True, "actor/entropy_bonus": pytest.approx((0.2 + 0 + 0.5 + 1) / 4)}


def test_without_a_coefficient_advantages_stay(queue):
    metrics = {}
    Trainer(None)._compute_advantage(batch(), metrics)
    assert queue.fields["advantages"].unbind()[0].tolist() == [1.0, 1.0, 1.0]
    assert metrics == {"estimated": True}


def test_a_run_that_computes_no_entropies_fails(queue):
    with pytest.raises(RuntimeError, match="bypass_mode leaves out; set it to false"):
        Trainer(0.4, bypass=True)._compute_advantage(batch(), {})


def test_what_the_bonus_is_added_to_is_verls_group_normalization():
    from verl.trainer.ppo import core_algos

    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    rewards = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    advantages, _ = core_algos.compute_grpo_outcome_advantage(rewards, mask, np.array(["q", "q"], object))
    # rewards 1 and 0: mean 1/2, standard deviation of two 1 / sqrt(2)
    size = 0.5 / (0.5**0.5 + 1e-6)
    assert advantages.tolist() == [pytest.approx([size, size]), pytest.approx([-size, 0])]
    shaped = advantages + entropy_bonus(advantages, torch.full((2, 2), 0.5))
    assert shaped.tolist() == [pytest.approx([size + 0.2, size + 0.2]), pytest.approx([-size + 0.2, 0])]


def test_verl_still_has_what_the_mixin_stands_on():
    import inspect

    from verl.trainer.ppo.v1 import trainer_base as base

    assert list(inspect.signature(base.PPOTrainer._compute_advantage).parameters) == ["self", "batch", "metrics"]
