"""Performance of a device: reference/hardware.yaml, with overrides from the configuration."""

from dataclasses import replace
from pathlib import Path

import yaml
from pydantic.dataclasses import dataclass

from reward_memory.errors import InputError
from reward_memory.settings import Cost


@dataclass(frozen=True)
class Hardware:
    """One device (`cpu`: the two cores of a job).

    peak_tflops            dense bfloat16 matrix products, 10^12 operations a second; float32 on CPU
    bandwidth_gb_s         memory bandwidth, 10^9 bytes a second
    memory_gb              its memory, 10^9 bytes
    training_utilization   share of the peak in a gradient step
    prefill_utilization    share of the peak when many tokens are read at once
    network_utilization    share of the peak in the encoder and in the reward models' networks
    bandwidth_utilization  share of the bandwidth when tokens are sampled one after another
    layer_microseconds     minimum time of a layer in one decoding step
    concurrency            sequences that are sampled in parallel
    job_seconds            start of a job that loads a policy or an encoder
    training_seconds       start and end of a training run
    step_seconds           time of a training step outside the model
    measured               whether these figures were measured with this workflow
    """

    name: str
    peak_tflops: float
    bandwidth_gb_s: float
    memory_gb: float
    training_utilization: float
    prefill_utilization: float
    network_utilization: float
    bandwidth_utilization: float
    layer_microseconds: float
    concurrency: int
    job_seconds: float
    training_seconds: float
    step_seconds: float
    measured: bool
    source: str

    @property
    def status(self) -> str:
        return "measured" if self.measured else "assumed, untested"

    def seconds(self, operations: float, utilization: float, devices: int = 1) -> float:
        """Time for floating-point operations that `devices` of these share, at a share of the peak."""
        return operations / (1e12 * self.peak_tflops * utilization * max(devices, 1))


def read(path: str | Path) -> dict[str, Hardware]:
    """Name -> device, in the order of the file."""
    table = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return {device: Hardware(**values) for device, values in table.items() if not device.startswith(".")}


def choose(devices: dict[str, Hardware], cost: Cost, cap: int | None) -> Hardware:
    """The device for jobs that request a GPU.

    cost  the section of the configuration; its utilizations override the file's
    cap   GPUs that the profile allows in parallel, None without a limit

    If the configuration names none, it is the CPU for a cap of 0 (as for the jobs), and else an H100.
    InputError for an unknown device.
    """
    name = cost.gpu or ("cpu" if cap == 0 else "h100")
    if name not in devices:
        raise InputError(f"cost: gpu: {name!r} is not one of {', '.join(devices)}.")
    own = {key: getattr(cost, key) for key in ("training_utilization", "prefill_utilization", "bandwidth_utilization")}
    return replace(devices[name], **{key: value for key, value in own.items() if value is not None})
