"""Imported by verl in each of its processes on GPUs (VERL_USE_EXTERNAL_MODULES)."""

from ..scratch import name_shared_memory
from . import (
    gpu_patches,
    trainer,  # noqa: F401  registers RewardMemoryTrainer
)
from .patience import be_patient

be_patient()
name_shared_memory()
gpu_patches.apply()
