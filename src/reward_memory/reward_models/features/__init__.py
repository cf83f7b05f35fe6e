"""What a reward model sees of a rollout: embeddings, answer values, label-free signals."""
