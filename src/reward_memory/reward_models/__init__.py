"""Predict the reward of a response from labeled rollouts: MemReward's graph memory and its baselines."""
