"""Predict the reward of a response from labelled rollouts: MemReward's graph memory and its baselines."""
