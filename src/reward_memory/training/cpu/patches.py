"""Patches of verl 0.9.1 for the CPU.

In three places torch or Python assumes an accelerator. In the last one verl loops over tokens, to save memory.
"""

from multiprocessing import shared_memory

import torch
from torch.distributed import fsdp
from verl.utils import torch_functional

_init_process_group = torch.distributed.init_process_group
_offload_init = fsdp.CPUOffloadPolicy.__init__
_close = shared_memory.SharedMemory.close
_log_probs = torch_functional.logprobs_from_logits_v2


def init_process_group(backend=None, *args, **kwargs):
    # verl joins the backends of the CPU and of the device: "cpu:gloo,cpu:gloo" names one device twice
    if isinstance(backend, str) and backend.count("cpu:") > 1:
        backend = "gloo"
    return _init_process_group(backend, *args, **kwargs)


def offload_init(self, pin_memory=False):
    # verl requests pinned memory for its reference model; pinning needs an accelerator
    _offload_init(self, False)


def close(self):
    # on the CPU the receiver's tensors still view the buffer, which is freed with them
    try:
        _close(self)
    except BufferError:
        return


def log_probs(logits, labels):
    """(n,): log-probability of each label, equal to that of verl's logprobs_from_logits_v2 to the last bit.

    logits (n, V), labels (n,). In float32 one call, not one per token; the entropy takes as much memory anyway.
    """
    if logits.dtype != torch.float32:
        return _log_probs(logits, labels)
    picked = torch.gather(logits, -1, labels[..., None]).squeeze(-1)
    return picked - torch.logsumexp(logits, -1)


torch.distributed.init_process_group = init_process_group
fsdp.CPUOffloadPolicy.__init__ = offload_init
shared_memory.SharedMemory.close = close
torch_functional.logprobs_from_logits_v2 = log_probs
