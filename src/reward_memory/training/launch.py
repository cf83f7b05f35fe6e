"""Start verl's main_ppo as a subprocess, watch it, and collect its results."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from reward_memory.errors import InputError
from reward_memory.jobs.gpus import unambiguous
from reward_memory.jobs.processes import die_with_parent, end
from reward_memory.jobs.progress import Progress
from reward_memory.jobs.scratch import scratch
from reward_memory.settings import Training
from reward_memory.storage.files import atomic_path, write_json
from reward_memory.storage.manifests import manifest

from . import ray_patience
from .checkpoints import incomplete_reason, newest_intact
from .dead_workers import DeadWorkers
from .ending import Ending
from .history import read_history, select_step
from .merge import write_policy
from .overrides import Run, overrides
from .ray_cluster import run_cluster
from .responses import join_steps

PLUGIN = "reward_memory.training.verl.plugin"
CPU_PLUGIN = "reward_memory.training.cpu.plugin"
TRAINER = "verl.trainer.main_ppo"
#: The same trainer for one machine; its workers are forked, since importing verl in each takes longer than training.
CPU_TRAINER = "reward_memory.training.cpu.main_ppo"
#: Seconds that the trainer has to end Ray's processes.
GRACE = 20.0
#: Environment variables for vLLM, unless the user sets them. Its newer model runner draws other samples from the same
#: seeds, and verl 0.9.1 was not run with it.
VLLM = {"VLLM_NO_USAGE_STATS": "1", "VLLM_USE_V2_MODEL_RUNNER": "0"}
STEP = re.compile(r"Training Progress:.*?\b(?P<done>\d+)/\d+ \[")


def train(
    training: Training,
    run: Run,
    isolation: str,
    out: Path,
    inputs: dict[str, str],
    names: Mapping[str, str | int] = MappingProxyType({}),
) -> None:
    """Train one policy with GRPO and write policy/, history.csv, responses.parquet and manifest.json to `out`.

    names  columns of history.csv that identify the run

    A killed run resumes from its last checkpoint in `run.state`, which the caller may remove afterwards.

    InputError if the trainer fails; the lock is then released, and the state stays for the next attempt.
    """
    if run.gpus:
        _has_vllm(training)
    if run.gpus and run.error_memory is not None:
        _not_amd()
    run.trackers.prepare()
    if run.state.is_file():
        raise InputError(f"{run.state}: is a file, but must be a folder for the training's state; move it away.")
    run.state.mkdir(parents=True, exist_ok=True)
    with _alone(run.state) as lock:
        sizes = pd.read_parquet(run.valid, columns=["data_source"])["data_source"].value_counts().to_dict()
        if newest_intact(run.state, training, sizes, run.error_memory is not None) < training.steps:
            _same_ranks(run)
            _run(training, run, isolation, lock)
        if (why := incomplete_reason(run.state, training, sizes)) is not None:
            raise InputError(f"{why or run.state}: the training left no complete result; the same command resumes it.")
        _collect(training, run, sizes, out, inputs, names)


def _run(training: Training, run: Run, isolation: str, lock: int) -> None:
    """Run the trainer, again with more time if Ray did not start in time; InputError if it does not finish."""
    for seconds in ray_patience.STARTS:
        ending = Ending(_latest(run.state), training.steps)
        code = _attempt(training, run, isolation, lock, ending, seconds)
        if not code and _latest(run.state) >= training.steps:
            return
        if ending.kind(code) != "slow start":
            break
        print(f"training: Ray did not start within {seconds} s", file=sys.stderr, flush=True)
    raise InputError(ending.sentence(code, _latest(run.state), run.state))


def _attempt(training: Training, run: Run, isolation: str, lock: int, ending: Ending, seconds: int) -> int:
    """Run the trainer once and return its exit status; `ending` reads its output, Ray has `seconds` to start."""
    resumed = _latest(run.state)
    progress = Progress("training steps", training.steps, done=resumed)
    attempt = len(list(run.state.glob("metrics.*.jsonl")))
    with scratch() as folder:
        arguments = overrides(training, run, isolation, folder)
        if resumed:
            print(f"training: resuming after step {resumed}", file=sys.stderr, flush=True)
            arguments = [*arguments, "trainer.val_before_train=false"]
        command = [sys.executable, "-m", TRAINER if run.gpus else CPU_TRAINER, *arguments]
        environment = _environment(run, attempt, folder) | ray_patience.environment(seconds)
        with (
            run_cluster(run.nodes, run.gpus, environment, folder) as joining,
            _started([*command, *joining], environment, lock) as process,
            closing(DeadWorkers(process, GRACE)) as workers,
        ):
            for line in process.stdout:
                print(line, end="", flush=True)
                step = STEP.search(line)
                stepped = step is not None and int(step["done"]) > progress.done
                if stepped:
                    progress.advance(int(step["done"]) - progress.done)
                    if run.gpus:
                        _let_optimizers_go(run.state)
                if not workers.ended:  # messages during its shutdown are not causes
                    ending.read(line, progress.done > resumed)
                    workers.read(line, stepped)
            code = process.wait()
            return 1 if workers.ended else code


def _has_vllm(training: Training) -> None:
    """Raise InputError if vLLM is needed and not installed; verl would report it only after minutes, in a worker."""
    replaced = any(override.lstrip("+").startswith("actor_rollout_ref.rollout.name=") for override in training.verl)
    if not replaced and find_spec("vllm") is None:
        raise InputError(
            "resources: train_policy: gpu: training on GPUs samples with vllm, which is not installed; run "
            "`pip install -e '.[gpu]'` (docs/gpu.md), or set gpu: 0."
        )


def _not_amd() -> None:
    """Raise InputError on AMD GPUs, where verl uses another engine, which gives no layer logits."""
    from torch import version

    if version.hip is not None:
        raise InputError(
            "error_memory: layer logits are not supported on AMD GPUs; train this method on NVIDIA GPUs, or set "
            "resources: train_policy: gpu: 0."
        )


def _same_ranks(run: Run) -> None:
    """Raise InputError if the checkpoint to resume from has another number of GPUs: verl reads one shard per GPU."""
    latest = dict(_checkpoints(run.state)).get(_latest(run.state))
    shards = [] if latest is None else sorted((latest / "actor").glob("model_world_size_*_rank_*.pt"))
    for shard in shards:
        ranks = int(shard.name.split("_")[3])
        if ranks != max(run.gpus, 1):
            raise InputError(
                f"resources: train_policy: gpu: the checkpoints of this training are from {ranks} GPUs and it now has "
                f"{max(run.gpus, 1)}. Give it {ranks} again, or delete {run.state} to start from the beginning."
            )


@contextmanager
def _started(command: list[str], environment: dict[str, str], lock: int) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock],
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  two system calls, no lock is taken
        encoding="utf-8",
    )
    with _forward_termination(process):
        yield process


def _environment(run: Run, attempt: int, folder: Path) -> dict[str, str]:
    environment = unambiguous(os.environ) | {
        "VERL_USE_EXTERNAL_MODULES": PLUGIN if run.gpus else CPU_PLUGIN,
        "VERL_FILE_LOGGER_PATH": str(run.state / f"metrics.{attempt:04d}.jsonl"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DEDUP_LOGS": "0",
        "RAY_worker_niceness": "0",  # Ray's default of 15 would put the longest job behind all others
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(run.state / "datasets"),
        "PYTHONUNBUFFERED": "1",
        # verl, torch and multiprocessing put files there, and sockets, whose paths must be short
        "TMPDIR": str(folder),
    }
    environment |= run.trackers.environment()
    if run.gpus:
        environment["REWARD_MEMORY_SOCKETS"] = str(folder)  # gpu_patches.SOCKETS
        environment |= {name: environment.get(name, value) for name, value in VLLM.items()}
    else:
        # two OpenMP threads in each of verl's processes are 5 to 12 times slower than one on a busy machine
        environment |= {"OMP_NUM_THREADS": "1", "VERL_PLATFORM": "cpu", "VERL_ENGINE_DEVICE": "cuda"}
        environment["RAY_prestart_worker_first_driver"] = "0"  # would start three unused workers; a fork starts at once
        environment["REWARD_MEMORY_FORKS"] = str(folder / "forks")  # cpu.fork_worker.SOCKET
    return environment


def _collect(
    training: Training,
    run: Run,
    sizes: dict[str, int],
    out: Path,
    inputs: dict[str, str],
    names: Mapping[str, str | int],
) -> None:
    history = read_history(run.state, sizes)
    saved = [step for step, _ in _checkpoints(run.state)]
    step = select_step(history, saved, training.selection)
    actor = dict(_checkpoints(run.state))[step] / "actor"
    out.mkdir(parents=True, exist_ok=True)
    for torn in out.glob(".policy.*"):
        shutil.rmtree(torn)
    # the slow part first, so that this run's files replace an earlier run's all at once
    copy = Path(tempfile.mkdtemp(dir=out, prefix=".policy."))
    write_policy(actor, copy)
    copy.chmod(0o755)
    with atomic_path(out / "history.csv") as temporary:
        history.assign(**names)[[*names, *history]].to_csv(temporary, index=False, float_format="%.8g")
    join_steps(run.state / "responses", training.steps, out / "responses.parquet")
    settings = {
        "training": training.model_dump(exclude={"per_policy"}),
        "error_memory": run.error_memory and run.error_memory.model_dump(),
        "predicted_rewards": run.predicted_rewards and run.predicted_rewards.model_dump(),
        "checks": run.checks,
        "seed": run.seed,
    }
    write_json(out / "manifest.json", manifest(settings | {"step": step}, inputs))
    shutil.rmtree(out / "policy", ignore_errors=True)
    copy.rename(out / "policy")


def _checkpoints(state: Path) -> list[tuple[int, Path]]:
    """(step, folder) of the checkpoints that verl completed, ascending; it writes data.pt after the actor."""
    complete = [
        (int(folder.name.removeprefix("global_step_")), folder)
        for folder in (state / "checkpoints").glob("global_step_*")
        if (folder / "data.pt").exists()
    ]
    latest = _latest(state)
    return sorted((step, folder) for step, folder in complete if step <= latest)


def _let_optimizers_go(state: Path) -> None:
    """Delete Adam's moments, two thirds of a checkpoint, except in the newest two: a run resumes from one of them."""
    for _, folder in _checkpoints(state)[:-2]:
        for path in (folder / "actor").glob("optim_world_size_*.pt"):
            path.unlink()


def _latest(state: Path) -> int:
    tracker = state / "checkpoints" / "latest_checkpointed_iteration.txt"
    text = tracker.read_text(encoding="utf-8").strip() if tracker.exists() else ""
    return int(text) if text.isdigit() else 0


@contextmanager
def _alone(state: Path) -> Iterator[int]:
    """Hold the run's lock; the trainer inherits it, so the next run waits until an orphaned trainer has exited."""
    with (state / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


@contextmanager
def _forward_termination(process: subprocess.Popen) -> Iterator[None]:
    """On SIGTERM and SIGINT, end the trainer, and with it Ray's processes, before this process exits."""

    def stop(number, frame):
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        end(process, GRACE)
        for number, handler in before.items():
            signal.signal(number, handler)
