"""The parts of perf/gpu_smoke.py."""
