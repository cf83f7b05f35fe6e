"""Imported by verl in each of its processes on a CPU (VERL_USE_EXTERNAL_MODULES), before it asks for a device."""

import gc

from . import patches, platform  # noqa: F401  both act on import

# isort: split
from .. import trainer  # noqa: F401  registers RewardMemoryTrainer; its imports ask for the platform

# half a million objects of imported modules never die: without them a collection takes 1 ms instead of 100
gc.collect()
gc.freeze()
