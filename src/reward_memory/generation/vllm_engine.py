"""Sampling with vLLM: one process per group of GPUs, so that complete shards are sampled in parallel."""

import os
import queue
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.jobs.processes import die_with_parent
from reward_memory.jobs.scratch import scratch
from reward_memory.settings import Sampling

from . import vllm_worker
from .interface import Engine

#: Arguments of vLLM's LLM that have the same name as a setting.
OPTIONS = ("dtype", "max_model_len", "max_num_seqs", "enforce_eager", "tensor_parallel_size")
#: Seconds that a vLLM process gets to exit by itself.
GRACE = 30.0


class VllmEngine(Engine):
    """Samples with vLLM in separate processes, one per `tensor_parallel_size` GPUs.

    One process serves a call of `generate`, and `concurrency` threads may call in parallel. So the batches, and with
    them the rounding of sums, depend only on the call, not on the number of GPUs.

    folder     a Hugging Face directory
    sampling   its OPTIONS and gpu_memory_utilization configure the engine
    devices    names of the GPUs (CUDA_VISIBLE_DEVICES); empty on the CPU
    processes  number of copies on the CPU; on GPUs there is one per group

    InputError if vLLM is not installed, if the GPUs do not form complete groups, or if a process does not start.
    """

    #: Large, since a process is partly idle while its longest responses finish.
    shard = 1024

    def __init__(
        self,
        folder: str | Path,
        sampling: Sampling,
        *,
        devices: Sequence[str] = (),
        processes: int = 1,
    ):
        if find_spec("vllm") is None:
            raise InputError(
                "engine: vllm is not installed; run `pip install -e '.[gpu]'` on a machine with GPUs (docs/gpu.md), or "
                "set engine: transformers."
            )
        settings = {
            "folder": str(folder),
            **sampling.model_dump(include={*OPTIONS}),
        }
        if devices:
            settings["gpu_memory_utilization"] = sampling.gpu_memory_utilization
        else:
            # with prompts in chunks, vLLM draws a token after each and rewinds the generator, which a CPU's cannot
            settings["enable_chunked_prefill"] = False
        groups = device_groups(devices, sampling.tensor_parallel_size) if devices else [()] * processes
        self.concurrency = len(groups)
        self.idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self.workers: list[_Process] = []
        self.temporary = ExitStack()
        folder = self.temporary.enter_context(scratch())
        try:
            self.workers += [_Process(settings, group, folder) for group in groups]
            for worker in self.workers:
                worker.answer()  # the engine is up
                self.idle.put(worker)
        except BaseException:
            self.close()
            raise

    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: Sampling) -> list[tuple[str, int, bool]]:
        worker = self.idle.get()
        try:
            return worker.ask(prompts, seeds, sampling_arguments(sampling))
        finally:
            self.idle.put(worker)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        self.temporary.close()


def device_groups(devices: Sequence[str], tensor_parallel_size: int) -> list[tuple[str, ...]]:
    """Group the GPUs, neighbors together, one group per copy of the policy.

    InputError if `tensor_parallel_size` does not divide their number.
    """
    if not devices or len(devices) % tensor_parallel_size:
        raise InputError(
            f"tensor_parallel_size: {tensor_parallel_size} does not divide the job's {len(devices)} GPUs; change it, "
            "or gpu in the section resources."
        )
    return [
        tuple(devices[start : start + tensor_parallel_size]) for start in range(0, len(devices), tensor_parallel_size)
    ]


def sampling_arguments(sampling: Sampling) -> dict[str, Any]:
    """The arguments of vLLM's SamplingParams that all responses of a call share."""
    return {
        "temperature": float(sampling.temperature),
        # vLLM takes the likeliest token at temperature 0, whatever the nucleus
        "top_p": float(sampling.top_p) if sampling.temperature > 0 else 1.0,
        "max_tokens": sampling.max_new_tokens,
    }


class _Process:
    """A process with one engine; messages are answered in order."""

    def __init__(self, settings: dict[str, Any], devices: tuple[str, ...], temporary: Path):
        self.name = f"vLLM on GPU {','.join(devices)}" if devices else "vLLM on the CPU"
        mine, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"from {vllm_worker.__name__} import main; main()", str(theirs.fileno())],
                env=_environment(devices, settings["max_model_len"]) | {"TMPDIR": str(temporary)},  # for its sockets
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  two system calls, no lock is taken
            )
        self.connection = Connection(mine.detach())
        self.connection.send(settings)

    def ask(self, *message: Any) -> Any:
        with suppress(BrokenPipeError, ConnectionResetError):  # `answer` reports why it ended
            self.connection.send(message)
        return self.answer()

    def answer(self) -> Any:
        try:
            kind, value = self.connection.recv()
        except (EOFError, ConnectionResetError):
            kind, value = "error", f"exit status {self.process.wait()}"
        if kind == "ok":
            return value
        if kind == "input error":
            raise InputError(value)
        raise InputError(f"{self.name} ended: {value}; see its messages in this job's log.")

    def close(self) -> None:
        self.connection.close()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environment(devices: tuple[str, ...], max_model_len: int | None) -> dict[str, str]:
    environment = os.environ | {
        # engine and scheduler in one process, so that the steps do not depend on timing
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_NO_USAGE_STATS": "1",
        # the tested runner; the other one draws other tokens from the same seeds
        "VLLM_USE_V2_MODEL_RUNNER": os.environ.get("VLLM_USE_V2_MODEL_RUNNER", "0"),
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "WARNING"),
    }
    if devices:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
    if max_model_len is not None:
        environment["VLLM_ALLOW_LONG_MAX_MODEL_LEN"] = "1"
    return environment
