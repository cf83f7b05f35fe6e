"""Time and bytes of one step of the error memory: `python perf/error_memory.py` (one thread, CPU seconds).

512 prompts with 16 wrong responses each, 14 layers, against histories of several lengths. Beside it, in the same
process: `refit a key`, hdbscan's own fit once a key and step, as published; and `naive`, one vector at a time: place
it, append it, fit again. These two are measured on a few keys and multiplied, and neither writes anything; they use
hdbscan's quickest exact algorithm, so that the sizes can be, and are, checked to be equal. `JSON` is what the published
code writes at each step, the whole memory. The last line is one JSON object with the figures.
"""

import json
import os

os.environ["OMP_NUM_THREADS"] = "1"

import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import hdbscan
import numpy as np

from reward_memory.error_memory.memory import ErrorMemory
from reward_memory.error_memory.store import Store
from reward_memory.settings import ErrorMemory as Settings

PROMPTS, SAMPLES, LAYERS, MODES = 512, 16, 14, 8
SIZES = {0: 512, 16: 64, 160: 16, 1600: 4}  # points a key: keys that the slow versions are measured on
FASTER, MEGABYTES = 4, 12  # asked
CHECKPOINT = 10  # steps between two


class Failures:
    """Made-up responses: each prompt has a few ways to fail, and some failures are like no other."""

    def __init__(self):
        self.draw = np.random.default_rng(0)
        self.modes = 3 * self.draw.standard_normal((PROMPTS, MODES, LAYERS))
        self.keys = np.repeat([f"{number:016x}" for number in range(PROMPTS)], SAMPLES)
        self.samples = np.tile(np.arange(SAMPLES), PROMPTS)
        self.right = np.zeros(len(self.keys), bool)

    def step(self) -> tuple:
        """keys, right, samples, vectors of a batch."""
        prompt = np.repeat(np.arange(PROMPTS), SAMPLES)
        vectors = self.modes[prompt, self.draw.integers(MODES, size=len(prompt))]
        vectors = vectors + self.draw.choice([0.3, 3.0], (len(prompt), 1), p=[0.9, 0.1]) * self.draw.standard_normal(
            vectors.shape
        )
        return self.keys, self.right, self.samples, vectors.astype(np.float32)


def fit(history: np.ndarray) -> np.ndarray:
    if len(history) < 2:
        return np.full(len(history), -1)
    directions = history / np.linalg.norm(history, axis=1, keepdims=True)
    return hdbscan.HDBSCAN(2, min_samples=1, algorithm="prims_kdtree").fit_predict(directions)


def size(vector: np.ndarray, history: np.ndarray, labels: np.ndarray) -> int:
    if not len(history):
        return 0
    cosines = history @ vector / (np.linalg.norm(history, axis=1) * np.linalg.norm(vector))
    label = Counter(labels[np.argsort(-cosines)[:3]].tolist()).most_common(1)[0][0]
    return int((labels == label).sum()) if label >= 0 else 0


def refit_a_key(history: np.ndarray, vectors: np.ndarray) -> list[int]:
    labels = fit(history)
    return [size(vector, history, labels) for vector in vectors]


def naive(history: np.ndarray, vectors: np.ndarray) -> list[int]:
    before, labels, sizes = history, fit(history), []
    for vector in vectors:
        sizes.append(size(vector, before, labels))
        history = np.vstack([history, vector]) if len(history) else vector[None]
        fit(history)
    return sizes


def seconds(work, count: int) -> tuple[float, list]:
    """CPU seconds of `work` on each of `count` keys, for all prompts; and what it returned."""
    start = time.process_time()
    found = [work(key) for key in range(count)]
    return (time.process_time() - start) * PROMPTS / count, found


def grown(folder: str, points: int, failures: Failures) -> int:
    """Fill a memory with `points` a key -> the most bytes that one step wrote."""
    store, most = Store(folder), 0
    for step in range(1, points // SAMPLES + 1):
        written = store.append(*failures.step()) + store.tidy(oldest=step // CHECKPOINT * CHECKPOINT)
        most = max(most, written)
    return most


def bounded(failures: Failures) -> int:
    """The most bytes that one step wrote while old points are given up."""
    with tempfile.TemporaryDirectory() as folder:
        store, most = Store(folder, 0, 160), 0
        for step in range(1, 61):
            written = store.append(*failures.step()) + store.tidy(oldest=step // CHECKPOINT * CHECKPOINT)
            most = max(most, written)
    return most


def measure(points: int, count: int) -> dict:
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder:
        most = grown(folder, points, failures)
        start = time.process_time()
        memory = ErrorMemory(folder, Settings(max_points_per_key=None), points // SAMPLES)
        opening = time.process_time() - start
        histories = [memory._store.history(f"{key:016x}", False).astype(np.float64) for key in range(count)]
        batch = failures.step()
        start = time.process_time()
        seen = memory.observe(memory.step + 1, *batch)
        step = time.process_time() - start
        files, size_on_disk = seen.statistics["files"], sum(path.stat().st_size for path in Path(folder).iterdir())
    vectors = batch[3].reshape(PROMPTS, SAMPLES, LAYERS).astype(np.float64)
    published, sizes = seconds(lambda key: refit_a_key(histories[key], vectors[key]), count)
    slow, same = seconds(lambda key: naive(histories[key], vectors[key]), count)
    expected = seen.sizes.reshape(PROMPTS, SAMPLES)[:count].tolist()
    assert sizes == same == expected, "the versions disagree"
    everything = len(json.dumps(histories[0].tolist() + vectors[0].tolist())) * PROMPTS
    return {
        "step": step,
        "refit_a_key": published,
        "naive": slow,
        "faster": slow / step,
        "written_mb": max(most, seen.statistics["bytes_written"]) / 1e6,
        "json_mb": everything / 1e6,
        "memory_mb": size_on_disk / 1e6,
        "files": files,
        "open": opening,
    }


def main() -> None:
    warnings.filterwarnings("ignore", category=FutureWarning)
    hdbscan.HDBSCAN(min_cluster_size=2).fit(np.eye(10))  # what is slow the first time only
    with tempfile.TemporaryDirectory() as folder:
        memory = ErrorMemory(folder, Settings())
        for step in (1, 2):
            memory.observe(step, *Failures().step())
    figures = {}
    head = (
        f"{'points a key':>12}{'step, s':>9}{'refit a key, s':>16}{'naive, s':>10}{'keys':>6}{'faster':>8}{'asked':>7}"
    )
    print(head + f"{'written, MB':>13}{'asked':>7}{'JSON, MB':>10}{'disk, MB':>10}{'files':>7}{'open, s':>9}")
    for points, count in SIZES.items():
        row = figures[points] = measure(points, count)
        line = f"{points:>12,}{row['step']:>9.2f}{row['refit_a_key']:>16.1f}{row['naive']:>10.1f}{count:>6}"
        line += f"{row['faster']:>8.1f}{FASTER:>7}{row['written_mb']:>13.2f}{MEGABYTES:>7}{row['json_mb']:>10.0f}"
        print(line + f"{row['memory_mb']:>10.1f}{row['files']:>7}{row['open']:>9.2f}", flush=True)
    print("keys: those that the two slow versions were measured on, of 512. written: the most of any step so far.")
    figures["bounded_written_mb"] = bounded(Failures()) / 1e6
    print(f"written while old points are given up (at most 160 a key): {figures['bounded_written_mb']:.2f} MB")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
