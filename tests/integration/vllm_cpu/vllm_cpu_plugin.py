"""verl's plug-in of GPU runs, on the platform "cpu", with real vLLM servers: takes the place of training.verl.plugin.

Three things differ from a GPU: the platform (gloo, shared memory in place of CUDA IPC), vLLM's linear layers, which on
a CPU drop their weights once they are repacked, so that none could be loaded over them, and the weights' sender, which
writes down where it sends and can wait for another training to send at the same moment.
"""

import os
import sys
import time
from pathlib import Path

from reward_memory.training.cpu import patches, platform  # noqa: F401  both act on import

# isort: split
from reward_memory.training.verl import plugin  # noqa: F401  the GPU runs' own

#: A folder for what this training's senders write down: one file a transfer, with the socket's address.
SENT = "VLLM_CPU_SENT"
#: The same folder of another training, whose transfer of the same number is waited for.
OTHER = "VLLM_CPU_OTHER"
#: Seconds that are waited at most.
PATIENCE = 120.0


def _keep_weights(layer, remove_weight):
    import torch

    layer.cpu_linear = torch.nn.functional.linear


def _wait(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.01)


def _watch(sender) -> None:
    """Have verl's BucketedWeightSender leave a file before it sends, and wait for the other training's."""
    send = sender._init_socket

    def announced(self):
        folder = Path(os.environ[SENT])
        self.number = getattr(sender, "number", 0)
        sender.number = self.number + 1
        mark = f"{os.environ.get('RANK', '0')}-{self.number:04d}"
        partial = folder / f".{mark}"
        partial.write_text(self.zmq_handle)
        partial.rename(folder / mark)
        if OTHER in os.environ:
            _wait(Path(os.environ[OTHER]) / mark)
        send(self)

    sender._init_socket = announced


if "vllm" in sys.modules:  # vLLM's worker: it imports verl for worker_extension_cls, before it loads a model
    from vllm.model_executor.layers import utils

    utils.dispatch_cpu_unquantized_gemm = _keep_weights
if SENT in os.environ:
    from verl.workers.rollout.vllm_rollout import bucketed_weight_transfer

    _watch(bucketed_weight_transfer.BucketedWeightSender)
