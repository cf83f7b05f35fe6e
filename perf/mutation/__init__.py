"""What perf/mutants.py changes in a module."""
