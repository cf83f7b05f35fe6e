"""The platform "cpu" and the rollout "transformers", registered in verl's registries."""

import os
import types
from contextlib import contextmanager

import torch
from verl.plugin.platform import platform_manager
from verl.plugin.platform.platform_base import PlatformBase
from verl.plugin.platform.platform_manager import PlatformRegistry
from verl.workers.rollout import base as rollout_base
from verl.workers.rollout.replica import RolloutReplicaRegistry

#: `actor_rollout_ref.rollout.name` of the rollout server in `cpu.rollout`.
ROLLOUT = "transformers"


class _DeviceModule(types.ModuleType):
    """Replacement for torch.cuda in verl, for a device without memory statistics and streams."""

    ZERO = frozenset({"max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved"})
    IGNORED = frozenset(
        {"empty_cache", "synchronize", "set_device", "reset_peak_memory_stats", "ipc_collect", "manual_seed"}
        | {"manual_seed_all", "set_rng_state"}
    )

    def __getattr__(self, name: str):
        if name in self.ZERO:
            return lambda *args, **kwargs: 0
        if name in self.IGNORED:
            return lambda *args, **kwargs: None
        if name == "mem_get_info":
            return lambda *args, **kwargs: (0, 0)
        if name == "get_rng_state":
            return lambda *args, **kwargs: torch.get_rng_state()
        if name == "get_device_name":
            return lambda *args, **kwargs: "cpu"
        return getattr(torch.cpu, name)


@PlatformRegistry.register(platform="cpu")
class CpuPlatform(PlatformBase):
    """One logical device without separate memory; collectives use gloo."""

    device_name = "cpu"
    vendor_name = "generic"
    device_module = _DeviceModule("cpu_device_module")

    def is_available(self):
        return True

    def current_device(self):
        return torch.device("cpu")

    def device_count(self):
        return 1

    def set_device(self, device_index):
        """There is one device."""

    def synchronize(self, device_index=None):
        """Nothing runs asynchronously."""

    def manual_seed(self, seed):
        torch.manual_seed(seed)

    def manual_seed_all(self, seed):
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings):
        """The system's allocator has none."""

    def empty_cache(self):
        """There is no cache."""

    def get_device_capability(self, device_index=0):
        return (None, None)

    def communication_backend_name(self):
        return "gloo"

    def visible_devices_envvar(self):
        return "CUDA_VISIBLE_DEVICES"

    @contextmanager
    def nvtx_range(self, msg):
        yield

    def profiler_start(self):
        """No profiler."""

    def profiler_stop(self):
        """No profiler."""

    def ray_resource_name(self):
        return "GPU"  # a logical slot: ray_init.num_gpus counts ranks, not devices

    def ray_noset_envvars(self):
        return []

    def is_ipc_supported(self):
        return False  # weights go to the rollout server through shared memory

    def cudart(self):
        return None


os.environ.setdefault("VERL_PLATFORM", "cpu")
# FSDP engines are registered under "cuda"; the generic vendor makes verl select the same class here
os.environ.setdefault("VERL_ENGINE_DEVICE", "cuda")
platform_manager.set_platform(CpuPlatform())


def _replica():
    from .rollout import TransformersReplica

    return TransformersReplica


rollout_base._ROLLOUT_REGISTRY[(ROLLOUT, "async")] = f"{__package__}.rollout.TransformersWeights"
RolloutReplicaRegistry.register(ROLLOUT, _replica)
