"""Imported by verl in each of its processes on GPUs (VERL_USE_EXTERNAL_MODULES)."""

from . import trainer  # noqa: F401  registers RewardMemoryTrainer
