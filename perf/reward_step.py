"""Time of one scoring step of the graph reward model: `python perf/reward_step.py` (one thread, CPU seconds).

102 queries with 8 responses each, embedded already, against memories of several sizes with random contents; the network
has the paper's width. The last line is one JSON object with the figures.
"""

import json
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from reward_memory.graph_memory import load, save
from reward_memory.graph_memory.fitting import GRAPH_DEFAULTS, build
from reward_memory.graph_memory.memory import Memory
from reward_memory.graph_memory.reward_model import RewardModel
from reward_memory.graph_memory.rollouts import Rollouts
from reward_memory.graph_memory.signals import WIDTH

QUERIES, SAMPLES, REPEATS = 102, 8, 5
SIZES = {1_000: 0.08, 5_000: 0.08, 20_000: 0.08, 100_000: 0.25}  # queries in the memory: seconds asked
LOAD = 2.0  # seconds asked for the largest memory


def unit(draw: np.random.Generator, count: int) -> np.ndarray:
    rows = draw.standard_normal((count, 384), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def asked() -> Rollouts:
    draw, count = np.random.default_rng(0), QUERIES * SAMPLES
    return Rollouts(
        query_ids=np.arange(QUERIES).astype(str),
        benchmarks=np.full(QUERIES, ""),
        domains=np.full(QUERIES, "math"),
        group=np.repeat(np.arange(QUERIES), SAMPLES),
        samples=np.tile(np.arange(SAMPLES), QUERIES),
        query=unit(draw, QUERIES),
        thinking=unit(draw, count),
        answer=unit(draw, count),
        features=draw.random((count, 3), dtype=np.float32),
        keys=np.full(count, ""),
        signals=np.zeros((count, WIDTH), np.float32),
        rewards=np.full(count, np.nan, np.float32),
    )


def seconds(work) -> float:
    """Median CPU time of REPEATS calls after one that warms up."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    torch.set_num_threads(1)
    config = {"predictor": "graph", "encoder_dtype": "float32"} | GRAPH_DEFAULTS
    rollouts, figures = asked(), {}
    print(f"{'memory, queries':>16}{'step, s':>10}{'asked':>8}{'load, s':>10}{'file, MB':>10}{'peak, MB':>10}")
    for size, limit in SIZES.items():
        draw = np.random.default_rng(size)
        keys = [torch.from_numpy(draw.standard_normal((size, config["hidden"]), dtype=np.float32)) for _ in range(2)]
        model = RewardModel(build(config, 0), Memory(torch.from_numpy(unit(draw, size)), keys), config, {})
        with tempfile.TemporaryDirectory() as folder:
            save(model, folder)
            loading = seconds(lambda folder=folder: load(folder))
            megabytes = (Path(folder) / "memory.safetensors").stat().st_size / 1e6
        step = seconds(lambda model=model: model.score(rollouts))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{size:>16,}{step:>10.3f}{limit:>8}{loading:>10.2f}{megabytes:>10.0f}{peak:>10.0f}", flush=True)
        figures[size] = {"step": step, "load": loading, "file_mb": megabytes, "peak_mb": peak}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
