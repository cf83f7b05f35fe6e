"""Two patches of verl 0.9.1 for GPU runs: a separate socket for each training, and log-probabilities in chunks.

verl sends the weights to vLLM through a socket that it names after Ray's job. That is 01000000 in every Ray cluster,
and each training starts a cluster, so two trainings on one machine would read each other's weights.

Without the package flash-attn, verl computes log-probabilities one token after another, which takes longer than the
arithmetic.
"""

import importlib.util
import os
from functools import wraps

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from verl.utils import torch_functional

from ..device_memory import CHUNK

#: Environment variable of GPU runs: a folder that only this training uses, on each of its machines.
SOCKETS = "REWARD_MEMORY_SOCKETS"
#: Prefix of verl's socket addresses.
SHARED = "ipc:///tmp/rl-colocate-zmq-"


def apply() -> None:
    """Patch verl in this process, once, and only if the launch of a GPU run has set SOCKETS."""
    if SOCKETS not in os.environ:
        return
    torch_functional.logprobs_from_logits_v2 = log_probs
    if importlib.util.find_spec("vllm") is not None:
        from verl.workers.rollout.vllm_rollout import bucketed_weight_transfer

        move_sockets(bucketed_weight_transfer)


def move_sockets(transfer) -> None:
    """Make both ends of `transfer`, verl's module bucketed_weight_transfer, use this training's folder."""
    for end in (transfer.BucketedWeightSender, transfer.BucketedWeightReceiver):
        if not hasattr(end.__init__, "__wrapped__"):
            end.__init__ = _moved(end.__init__)


def _moved(init):
    @wraps(init)
    def moved(self, zmq_handle, *args, **kwargs):
        init(self, private_socket(zmq_handle), *args, **kwargs)

    return moved


def private_socket(address: str) -> str:
    """verl's socket address, moved to this training's folder; RuntimeError if it does not begin with SHARED."""
    if not address.startswith(SHARED):
        raise RuntimeError(f"verl's weights go through {address}, which does not begin with {SHARED}")
    return f"ipc://{os.environ[SOCKETS]}/weights-{address.removeprefix(SHARED)}"


def log_probs(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(...) float32: log-probability of each label, like verl's logprobs_from_logits_v2 without its loop over tokens.

    logits (..., V), labels (...). Chunks are recomputed for the gradient, so no float32 copy of all logits stays.
    """
    rows, wanted = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
    parts = [
        checkpoint(_log_probs, *part, use_reentrant=False, preserve_rng_state=False)
        for part in zip(rows.split(CHUNK), wanted.split(CHUNK), strict=True)
    ]
    return torch.cat(parts).view(labels.shape)


def _log_probs(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.log_softmax(logits.float(), dim=-1).gather(-1, labels[:, None]).squeeze(-1)
