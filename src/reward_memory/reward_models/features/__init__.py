"""Inputs of a reward model: embeddings, answer features, label-free signals."""
