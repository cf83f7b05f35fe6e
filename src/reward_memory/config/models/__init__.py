"""Every section of the configuration as a pydantic model: its keys, what they mean, their limits and defaults."""

from .base import Section
from .configuration import Configuration
from .error_memory import ErrorMemory
from .reward_model import RewardModel
from .sampling import Evaluation
from .training import Training

__all__ = ["Configuration", "ErrorMemory", "Evaluation", "RewardModel", "Section", "Training"]
