"""Bonus for uncertain tokens, which the baseline `grpo-entropy` adds to GRPO's advantages."""

import torch


def entropy_bonus(
    advantages: torch.Tensor, entropy: torch.Tensor, coefficient: float = 0.4, share: float = 0.5
) -> torch.Tensor:
    """Bonus to add to each token's advantage: min(coefficient * H, share * |A|) (MEDS's baseline, after Cheng et al.).

    advantages   any shape
    entropy      the same shape, H >= 0 of the policy's next-token distribution in nats; detached from the gradient
    coefficient  advantage per nat
    share        of |A|, the limit of the bonus: below 1, so that no bonus turns a wrong response's advantage positive
    returns      the same shape, >= 0, and 0 wherever the advantage is 0, as on padding

    ValueError if the shapes differ: broadcasting would add one row's entropies to every row.
    """
    if advantages.shape != entropy.shape:
        raise ValueError(f"advantages are {tuple(advantages.shape)} and entropies {tuple(entropy.shape)}")
    return torch.minimum(coefficient * entropy.detach(), share * advantages.abs())
