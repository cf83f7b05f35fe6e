"""Pydantic models of all sections of the configuration: keys, meanings, limits and defaults."""

from .base import Section
from .configuration import Configuration
from .cost import Cost
from .error_memory import ErrorMemory
from .policies import Bootstrap, Policy
from .reward_model import PredictedRewards, RewardModel
from .sampling import Evaluation, Rollouts, Sampling
from .training import Training

__all__ = [
    "Bootstrap",
    "Configuration",
    "Cost",
    "ErrorMemory",
    "Evaluation",
    "Policy",
    "PredictedRewards",
    "RewardModel",
    "Rollouts",
    "Sampling",
    "Section",
    "Training",
]
