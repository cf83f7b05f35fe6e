"""Reward models without a graph: votes, nearest neighbors, logistic regression."""
