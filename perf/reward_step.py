"""Time of one reward step of the graph reward model on the processor: `python perf/reward_step.py`.

First the graph: 102 queries with 8 responses each, embedded already, against memories of several sizes with random
contents; the network has the paper's width (one thread, processor seconds). Then all of a step, embedding included, for
819 responses of 1,000 characters, which is 80 % of 128 queries with 8 responses: each computing type of the encoder
with 1 and 2 threads. The last line is one JSON object with the figures.

`python perf/reward_step.py embedding` measures the second part alone.
"""

import json
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from reward_memory.reward_models.base import save
from reward_memory.reward_models.features.embedding import resolve_dtype
from reward_memory.reward_models.features.signals import WIDTH
from reward_memory.reward_models.graph.fitting import build
from reward_memory.reward_models.graph.memory import Memory
from reward_memory.reward_models.graph.reward_model import RewardModel
from reward_memory.reward_models.registry import load
from reward_memory.reward_models.rollouts import Rollouts
from reward_memory.settings import RewardModel as Settings

QUERIES, SAMPLES, REPEATS = 102, 8, 5
SIZES = {1_000: 0.08, 5_000: 0.08, 20_000: 0.08, 100_000: 0.25}  # queries in the memory: seconds asked
LOAD = 2.0  # seconds asked for the largest memory
RESPONSES, THREADS = 819, (1, 2)
SENTENCE = (
    "so the train leaves at noon and three more people take it than before which makes twelve in all therefore we "
    "compute the remaining number of apples by subtracting 17 from 42"
)


def unit(draw: np.random.Generator, count: int) -> np.ndarray:
    rows = draw.standard_normal((count, 384), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def asked() -> Rollouts:
    draw, count = np.random.default_rng(0), QUERIES * SAMPLES
    return Rollouts(
        query_ids=np.arange(QUERIES).astype(str),
        benchmarks=np.full(QUERIES, ""),
        domains=np.full(QUERIES, "math"),
        texts=np.full(QUERIES, ""),
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


def text(draw: random.Random, length: int) -> str:
    words, known = "", SENTENCE.split()
    while len(words) < length:
        words += draw.choice(known) + (str(draw.randint(0, 99)) if draw.random() < 0.2 else "") + " "
    return words[:length]


def model_of(size: int, dtype: str = "float32") -> RewardModel:
    """A reward model of the paper's width with a memory of so many queries."""
    settings = Settings(encoder_dtype=dtype)
    draw = np.random.default_rng(size)
    keys = [
        torch.from_numpy(draw.standard_normal((size, settings.hidden_channels), dtype=np.float32)) for _ in range(2)
    ]
    return RewardModel(build(settings, 0), Memory(torch.from_numpy(unit(draw, size)), keys), settings.model_dump(), {})


def main() -> None:
    figures = {} if "embedding" in sys.argv[1:] else {"graph": graph()}
    print(json.dumps(figures | {"step": whole_step()}))


def whole_step() -> dict[str, dict[str, float]]:
    """Processor and wall seconds of `predict` for RESPONSES responses of 1,000 characters."""
    draw = random.Random(0)
    queries = [text(draw, 250) for _ in range(-(-RESPONSES // SAMPLES))]
    pairs = [(text(draw, 880), text(draw, 120)) for _ in range(RESPONSES)]
    groups = [pairs[start : start + SAMPLES] for start in range(0, RESPONSES, SAMPLES)]
    figures = {}
    print(f"{'encoder':>16}{'threads':>10}{'processor, s':>14}{'wall, s':>10}")
    for dtype in dict.fromkeys(["float32", resolve_dtype("auto", "cpu")]):
        model = model_of(5_000, dtype)
        model.predict(queries[:1], groups[:1], ["math"])  # loads the encoder
        for threads in THREADS:
            torch.set_num_threads(threads)
            processor, wall = time.process_time(), time.perf_counter()
            model.predict(queries, groups, ["math"] * len(queries))
            used = {"processor": time.process_time() - processor, "wall": time.perf_counter() - wall}
            print(f"{dtype:>16}{threads:>10}{used['processor']:>14.1f}{used['wall']:>10.1f}", flush=True)
            figures[f"{dtype} {threads}"] = used
            model._queries.clear()  # queries are embedded once a run
    return figures


def graph() -> dict[int, dict[str, float]]:
    """Seconds of the graph alone, for memories of several sizes."""
    torch.set_num_threads(1)
    rollouts, figures = asked(), {}
    print(f"{'memory, queries':>16}{'step, s':>10}{'asked':>8}{'load, s':>10}{'file, MB':>10}{'peak, MB':>10}")
    for size, limit in SIZES.items():
        model = model_of(size)
        with tempfile.TemporaryDirectory() as folder:
            save(model, folder)
            loading = seconds(lambda folder=folder: load(folder))
            megabytes = (Path(folder) / "memory.safetensors").stat().st_size / 1e6
        step = seconds(lambda model=model: model.score(rollouts))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{size:>16,}{step:>10.3f}{limit:>8}{loading:>10.2f}{megabytes:>10.0f}{peak:>10.0f}", flush=True)
        figures[size] = {"step": step, "load": loading, "file_mb": megabytes, "peak_mb": peak}
    return figures


if __name__ == "__main__":
    main()
