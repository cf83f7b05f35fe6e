"""What a policy loss draws in a worker is a matter of the run's seed, the step, the rank and the pass."""

from types import SimpleNamespace

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


def loss_of(mode: str, log_probs: torch.Tensor, old: torch.Tensor, advantages: torch.Tensor) -> torch.Tensor:
    """verl's policy loss with the settings of kl-cov and clip-cov, of one response."""
    from verl.trainer.ppo.core_algos import get_policy_loss_fn

    settings = {"kl_cov_ratio": 0.1, "ppo_kl_coef": 1.0, "clip_cov_ratio": 0.02, "clip_cov_lb": 0.0, "clip_cov_ub": 5.0}
    config = SimpleNamespace(
        clip_ratio=1.0,
        clip_ratio_low=1.0,
        clip_ratio_high=1.0,
        policy_loss=SimpleNamespace(**settings),
        global_batch_info={},
    )
    mask = torch.ones_like(log_probs)
    return get_policy_loss_fn(mode)(old, log_probs, advantages, mask, "token-mean", config)[0]


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    """(log-probabilities, advantages), (1, 100) each."""
    draw = torch.Generator().manual_seed(0)
    return -3 * torch.rand(1, 100, generator=draw), torch.randn(1, 100, generator=draw)


def test_kl_cov_changes_nothing_while_the_policy_is_the_one_that_sampled():
    log_probs, advantages = tokens()
    gradients = {}
    for moved in (0.0, 0.1):
        leaf = log_probs.clone().requires_grad_()
        old = log_probs - moved
        plain = (-advantages * torch.exp(leaf - old)).mean()
        gradients[moved] = [
            torch.autograd.grad(loss, leaf)[0] for loss in (loss_of("kl_cov", leaf, old, advantages), plain)
        ]
    assert (gradients[0.0][0] == gradients[0.0][1]).all()
    assert not (gradients[0.1][0] == gradients[0.1][1]).all()


def test_the_tokens_that_clip_cov_leaves_out_are_those_of_the_seed():
    log_probs, advantages = tokens()

    def left_out(step: int, rank: int = 0) -> list[int]:
        LossDraws().seed(batch(step), rank)
        leaf = log_probs.clone().requires_grad_()
        gradient = torch.autograd.grad(loss_of("clip_cov", leaf, log_probs, advantages), leaf)[0]
        return (gradient == 0).nonzero()[:, 1].tolist()

    first = left_out(11)
    assert len(first) == 2
    torch.rand(5)
    assert left_out(11) == first
    assert left_out(12) != first
    assert left_out(11, rank=1) != first
