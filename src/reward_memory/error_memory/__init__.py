"""MEDS's error memory: how a policy failed on each prompt before, and what a repeated failure costs."""
