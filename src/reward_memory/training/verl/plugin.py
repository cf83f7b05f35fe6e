"""Plugin that verl imports in each process of a GPU run (VERL_USE_EXTERNAL_MODULES)."""

from reward_memory.jobs.scratch import name_shared_memory

from ..ray_patience import extend_node_timeout
from . import (
    gpu_patches,
    trainer,  # noqa: F401  registers RewardMemoryTrainer
)

extend_node_timeout()
name_shared_memory()
gpu_patches.apply()
