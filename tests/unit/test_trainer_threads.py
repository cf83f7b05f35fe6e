"""What the trainer's process may use of the machine: threads of the reward model, workers of the graders."""

from types import SimpleNamespace

import pytest
import torch

from reward_memory.training.verl.trainer import PPOTrainerSync, RewardMemoryTrainer


@pytest.fixture
def started(monkeypatch):
    """A trainer on a device with so many workers, as it is before it trains; and the threads that torch was given."""
    threads = []

    def started(device: str, workers: int) -> RewardMemoryTrainer:
        monkeypatch.setattr(PPOTrainerSync, "__init__", lambda self, config: None)
        monkeypatch.setattr(torch, "set_num_threads", threads.append)
        own = {"isolation": "reduced", "checks": "exact", "workers": workers, "reward_model": None}
        own |= {"entropy_bonus": None, "unlabeled_rewards": "predicted", "ties": "first"}
        own = SimpleNamespace(**own, predicted_rewards=None, fitted=None, error_memory=None)
        trainer = SimpleNamespace(device=device, v1=SimpleNamespace(reward_memory=own))
        return RewardMemoryTrainer(SimpleNamespace(trainer=trainer)), threads

    return started


@pytest.mark.parametrize(("device", "expected"), [("cuda", [7]), ("cpu", [])])
def test_on_gpus_the_reward_model_gets_the_jobs_threads(started, device, expected):
    # on a CPU other numbers of threads add up in other orders, and other trainings share the cores
    assert started(device, 7)[1] == expected


def test_answers_are_graded_by_as_many_workers_as_the_job_has_threads(started):
    grader = started("cpu", 5)[0]._scorer.grader
    assert grader.sandbox.workers == 5
