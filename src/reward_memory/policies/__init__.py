"""Policies: the tiny one that the workflow bootstraps, models imported from GGUF, and what a policy folder holds."""
