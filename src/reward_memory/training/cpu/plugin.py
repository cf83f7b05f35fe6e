"""Plugin that verl imports in each process of a CPU run (VERL_USE_EXTERNAL_MODULES), before it requests a device."""

from . import patches, platform  # noqa: F401  both act on import

# isort: split
from ..verl import plugin  # noqa: F401  registers RewardMemoryTrainer; its imports need the platform
