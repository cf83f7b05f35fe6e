"""What the trainer drops from a sampled batch before the update: responses that only voted, queries not selected."""

from types import SimpleNamespace

import pytest
from transfer_queue import KVBatchMeta

from reward_memory.training.responses import Response
from reward_memory.training.verl.trainer import PPOTrainerSync, RewardMemoryTrainer


class Selecting:
    """A selection of queries that is known beforehand."""

    def __init__(self, *queries: str):
        self.queries, self.asked = set(queries), []

    def choose(self, step, responses):
        self.asked.append((step, sorted((one.query, one.sample) for one in responses)))
        return self.queries, {"trapo/selected": float(len(self.queries))}


@pytest.fixture
def trainer(monkeypatch):
    """A trainer of two queries with three responses each, which trains on two of them."""
    monkeypatch.setattr(PPOTrainerSync, "__init__", lambda self, config: None)
    own = {"isolation": "reduced", "checks": "exact", "workers": 1, "reward_model": None, "entropy_bonus": None}
    own |= {"unlabeled_rewards": "predicted", "ties": "first", "trained_samples": 2, "predicted_rewards": None}
    own |= {"error_memory": None, "fitted": None}
    memory = SimpleNamespace(reward_memory=SimpleNamespace(**own))
    trainer = RewardMemoryTrainer(SimpleNamespace(trainer=SimpleNamespace(device="cpu", v1=memory)))
    trainer.global_steps, trainer.dropped = 5, []
    trainer._let_go = trainer.dropped.extend
    trainer._responses = {
        f"{query}_{sample}_0": Response(query, sample, 1, "", [1], 1.0, 0.5) for query in "ab" for sample in range(3)
    }
    return trainer


def left(trainer) -> tuple[list[str], dict]:
    keys = sorted(trainer._responses)
    metrics = {}
    batch = KVBatchMeta(keys=keys, tags=[{"key": key} for key in keys], partition_id="train")
    batch.extra_info = {"temperature": 0.7}
    batch = trainer._leave_out(batch, metrics)
    assert [tag["key"] for tag in batch.tags] == batch.keys
    assert batch.extra_info == {"temperature": 0.7}
    assert sorted([*batch.keys, *trainer.dropped]) == keys
    return batch.keys, metrics


def test_responses_beyond_the_trained_ones_only_vote(trainer):
    assert left(trainer) == (["a_0_0", "a_1_0", "b_0_0", "b_1_0"], {})
    assert not trainer._idle


def test_a_batch_of_trained_responses_stays_as_it_is(trainer):
    trainer.settings.trained_samples = 3
    assert left(trainer) == (sorted(trainer._responses), {})


def test_queries_that_are_not_selected_are_dropped(trainer):
    trainer._selection = Selecting("b")
    assert left(trainer) == (["b_0_0", "b_1_0"], {"trapo/selected": 1.0})
    # its pass rates are those of the files, which have every response
    assert trainer._selection.asked == [(5, [(query, sample) for query in "ab" for sample in range(3)])]
    assert not trainer._idle


def test_a_step_without_a_selected_query_keeps_its_batch_and_is_idle(trainer):
    trainer._selection = Selecting()
    assert left(trainer)[0] == ["a_0_0", "a_1_0", "b_0_0", "b_1_0"]
    assert trainer._idle
    # and the next one is not, if it has a query
    trainer._selection, trainer.dropped = Selecting("a"), []
    trainer._let_go = trainer.dropped.extend
    left(trainer)
    assert not trainer._idle


def test_verl_counts_the_trained_responses_in_an_update(trainer):
    rollout = SimpleNamespace(n=3)
    trainer.config = SimpleNamespace(actor_rollout_ref=SimpleNamespace(rollout=rollout))
    with trainer._trained_group():
        assert rollout.n == 2
    assert rollout.n == 3
