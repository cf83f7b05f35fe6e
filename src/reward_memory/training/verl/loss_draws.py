"""Seeds for the random draws of a policy loss in verl's workers.

verl's clip_cov chooses tokens with torch.randperm, which uses the process's CPU generator. Nothing seeds that from the
run, so two runs of one configuration would differ.
"""

import torch
from tensordict import TensorDict
from verl.utils import tensordict_utils as tu

from reward_memory.seeds import derive

#: Entry of a training batch, the same for all samples: the seed of a step's draws.
SEED = "loss_seed"


class LossDraws:
    """Seed torch's generator before each pass of a training step, from the step's seed, the rank and the pass."""

    def __init__(self):
        self._step, self._passes = None, 0

    def seed(self, micro_batch: TensorDict, rank: int) -> None:
        """Seed once per micro-batch, before its forward pass; do nothing if the batch has no SEED."""
        step = tu.get_non_tensor_data(data=micro_batch, key=SEED, default=None)
        if step is None:
            return
        if step != self._step:
            self._step, self._passes = step, 0
        # only the CPU generator: randperm without a device uses it, and no other generator changes
        torch.default_generator.manual_seed(derive(int(step), rank, self._passes))
        self._passes += 1
