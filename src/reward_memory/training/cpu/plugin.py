"""Imported by verl in each of its processes on a CPU (VERL_USE_EXTERNAL_MODULES), before it asks for a device."""

from . import patches, platform  # noqa: F401  both act on import

# isort: split
from ..verl import plugin  # noqa: F401  registers RewardMemoryTrainer; its imports ask for the platform
