"""MEDS's error memory: how a policy failed on each prompt before, and the penalty for repeating a failure."""
