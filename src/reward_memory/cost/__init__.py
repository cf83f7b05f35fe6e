"""What a configuration costs: estimated from its jobs before a run, next to what was measured afterwards."""
