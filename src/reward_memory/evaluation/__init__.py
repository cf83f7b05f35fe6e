"""Grade a policy's responses and compute metrics with their uncertainty."""
