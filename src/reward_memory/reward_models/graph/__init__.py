"""MemReward's graph memory: a network of attention over rollouts, its frozen memory and its fitting."""
