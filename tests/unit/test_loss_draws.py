"""What a policy loss draws in a worker is a matter of the run's seed, the step, the rank and the pass."""

import pytest
import torch
from tensordict import TensorDict
from verl.utils import tensordict_utils as tu

from reward_memory.training.verl.loss_draws import SEED, LossDraws


def batch(seed: int | None) -> TensorDict:
    found = TensorDict({"x": torch.zeros(2, 1)}, batch_size=2)
    if seed is not None:
        tu.assign_non_tensor_data(found, SEED, seed)
    return found


def drawn(draws: LossDraws, seed: int | None, rank: int = 0) -> list[int]:
    draws.seed(batch(seed), rank)
    return torch.randperm(50).tolist()


@pytest.fixture(autouse=True)
def undisturbed():
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)


def test_draws_do_not_depend_on_what_was_drawn_before():
    draws = LossDraws()
    steps = [[drawn(draws, step) for _ in range(3)] for step in (11, 12)]
    torch.rand(7)
    # another process, which resumes at the second step
    resumed = LossDraws()
    again = [drawn(resumed, 12) for _ in range(3)]
    assert again == steps[1]


def test_passes_steps_and_ranks_draw_apart():
    one, other = LossDraws(), LossDraws()
    found = [drawn(one, 11), drawn(one, 11), drawn(one, 12), drawn(other, 11, rank=1)]
    assert len({tuple(order) for order in found}) == 4


def test_without_a_seed_the_generator_is_left_alone():
    state = torch.get_rng_state()
    LossDraws().seed(batch(None), 0)
    assert (torch.get_rng_state() == state).all()
