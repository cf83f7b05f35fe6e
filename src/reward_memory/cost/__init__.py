"""Costs of a configuration: estimated from its jobs before a run, next to measurements made afterwards."""
