"""Register our advantage estimators with verl, under their names for `algorithm.adv_estimator`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from verl.trainer.ppo.core_algos import register_adv_est

from ..objectives.advantages import ATTEMPTS, ESTIMATORS, WEIGHT, outcome_advantages

#: Keys that this project adds to verl's section `algorithm`.
K, POSITIVE_WEIGHT = "passk_k", "positive_advantage_weight"


def estimate(
    estimator: str,
    token_level_rewards: torch.Tensor,
    response_mask: torch.Tensor,
    index: np.ndarray,
    config: Any = None,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(advantages, returns), the same tensor twice, as from verl's outcome estimators.

    token_level_rewards  (n, tokens); a response's score is their sum
    response_mask        (n, tokens); rows of zeros are padding, which verl adds as a separate group
    index                (n,) the group of each response
    config               verl's section `algorithm`, which may contain K and POSITIVE_WEIGHT
    """
    settings = {} if config is None else config
    real = response_mask.bool().any(dim=-1)
    rows = real.numpy(force=True)
    estimates = outcome_advantages(
        estimator,
        token_level_rewards[real].sum(dim=-1).double().numpy(force=True),
        index[rows],
        settings.get(K, ATTEMPTS),
        settings.get(POSITIVE_WEIGHT, WEIGHT),
    )
    values = torch.zeros_like(token_level_rewards[:, 0])
    values[real] = torch.as_tensor(estimates, dtype=values.dtype, device=values.device)
    advantages = values[:, None] * response_mask
    return advantages, advantages


def _register(estimator: str) -> None:
    def named(**arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return estimate(estimator, **arguments)

    named.__qualname__ = estimator
    register_adv_est(estimator)(named)


for _name in ESTIMATORS:
    _register(_name)
