"""Our advantages as estimators of verl: `algorithm.adv_estimator` takes their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from verl.trainer.ppo.core_algos import register_adv_est

from ..objectives.advantages import ATTEMPTS, ESTIMATORS, WEIGHT, outcome_advantages

#: Keys of verl's section `algorithm` that this project adds to it.
K, POSITIVE_WEIGHT = "passk_k", "positive_advantage_weight"


def estimate(
    estimator: str,
    token_level_rewards: torch.Tensor,
    response_mask: torch.Tensor,
    index: np.ndarray,
    config: Any = None,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(advantages, returns), the same tensor, as verl's outcome estimators give them.

    token_level_rewards  (n, tokens); a response's score is their sum
    response_mask        (n, tokens); rows of zeros are padding, which verl adds as a group of its own
    index                (n,) the group of each response
    config               the section `algorithm`, which may have K and POSITIVE_WEIGHT
    """
    settings = {} if config is None else config
    real = response_mask.bool().any(dim=-1)
    rows = real.numpy(force=True)
    found = outcome_advantages(
        estimator,
        token_level_rewards[real].sum(dim=-1).double().numpy(force=True),
        index[rows],
        settings.get(K, ATTEMPTS),
        settings.get(POSITIVE_WEIGHT, WEIGHT),
    )
    values = torch.zeros_like(token_level_rewards[:, 0])
    values[real] = torch.as_tensor(found, dtype=values.dtype, device=values.device)
    advantages = values[:, None] * response_mask
    return advantages, advantages


def _register(estimator: str) -> None:
    def named(**arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return estimate(estimator, **arguments)

    named.__qualname__ = estimator
    register_adv_est(estimator)(named)


for _name in ESTIMATORS:
    _register(_name)
