"""MemReward's graph memory: a graph attention network over rollouts, its frozen memory and its training."""
