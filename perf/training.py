"""Time and memory of one CPU training run, with forked Ray workers and with workers that Ray starts itself.

    python perf/training.py results tiny memreward 20

reads a finished run's files below `results`; prints seconds to the first step, seconds in all, and the largest sum of
the processes' proportional set sizes (PSS), each measured while nothing else runs.
"""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import yaml

from reward_memory.config import loading
from reward_memory.config.methods import BUILT_IN
from reward_memory.settings import Training
from reward_memory.training import launch
from reward_memory.training.overrides import Run

ROOT = Path(__file__).parents[1]
STEPS = 4


def main(results: Path, policy: str, method: str, ratio: str) -> None:
    config = loading.load(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")), "config.yaml")
    lengths = {"steps": STEPS, "save_freq": STEPS, "test_freq": STEPS, "max_prompt_tokens": 128}
    training = config.training.model_copy(update=lengths)
    rows = []
    for name, module in (("forked", launch.CPU_TRAINER), ("started by Ray", launch.TRAINER)):
        launch.CPU_TRAINER = module
        folder = Path(tempfile.mkdtemp())
        run = _run(results.resolve(), policy, method, ratio, folder)
        rows.append((name, *_measure(training, run, folder)))
        shutil.rmtree(folder)
    print(f"{'workers':16}{'first step, s':>16}{f'{STEPS} steps, s':>14}{'peak PSS, GB':>14}")
    for name, first, total, memory in rows:
        print(f"{name:16}{first:16.0f}{total:14.0f}{memory:14.2f}")


def _run(results: Path, policy: str, method: str, ratio: str, folder: Path) -> Run:
    valid = results / "training_queries/main/valid.parquet"
    model = results / f"reward_models/main/{policy}/graph/ratio{ratio}/seed0"
    return Run(
        policy=results / "policies" / policy,
        train=results / f"training_queries/main/{BUILT_IN[method].rewards}/ratio{ratio}/train.parquet",
        valid=valid,
        reward_model=model if method == "memreward" else None,
        state=folder / "state",
        seed=0,
        gpus=0,
    )


def _measure(training: Training, run: Run, folder: Path) -> tuple[float, float, float]:
    """(seconds to the first step, seconds in all, peak PSS in GB)."""
    start, first, peak, done = time.monotonic(), [], [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(1.0):
            peak[0] = max(peak[0], _pss())
            if not first and any((run.state / "responses").glob("*.parquet")):
                first.append(time.monotonic() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        launch.train(training, run, "bubblewrap", folder / "out", {})
    finally:
        done.set()
        watcher.join()
    return first[0], time.monotonic() - start, peak[0] / 1e9


def _pss() -> float:
    """Bytes of this process and all that it started; Ray's processes leave the tree, so their folder tells them."""
    total = 0
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if process.pid == psutil.Process().pid or "main_ppo" in words or "ray" in words:
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    return total


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:5])
