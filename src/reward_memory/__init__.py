"""Reinforcement learning for language models with a memory: MemReward and MEDS, reproducible."""

__version__ = "0.1.0"
