"""Penalties for repeated failures: one file each, chosen by `error_memory: penalty`."""
