"""Jobs, a device and a size for the tests of costs, with round numbers."""

from reward_memory.cost.hardware import Hardware
from reward_memory.cost.jobs import Job
from reward_memory.policies.size import Size

DEVICE = Hardware(
    name="ten",
    peak_tflops=10,
    bandwidth_gb_s=1000,
    memory_gb=80,
    training_utilization=0.5,
    prefill_utilization=0.2,
    network_utilization=0.1,
    bandwidth_utilization=0.5,
    layer_microseconds=0,
    concurrency=4,
    job_seconds=0,
    training_seconds=0,
    step_seconds=0,
    measured=False,
    source="made up",
)
#: 2 layers of 8 wide, 2 heads of 4, one of them for keys and values: see test_cost_throughput.
SIZE = Size(
    layers=2,
    hidden=8,
    intermediate=16,
    heads=2,
    kv_heads=1,
    head=4,
    vocabulary=100,
    tied=True,
    biased=False,
    normed=False,
)


def job(
    rule: str = "train_policy", needs: tuple = (), makes: tuple = (), gpus: int = 0, mem: int = 0, **wildcards: str
) -> Job:
    return Job(rule, wildcards, [*needs], [*makes], f"usage/{rule}.jsonl", gpus, mem, 1)
