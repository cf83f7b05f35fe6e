"""The three places where torch or Python takes an accelerator for granted under verl 0.9.1."""

from multiprocessing import shared_memory

import torch
from torch.distributed import fsdp

_init_process_group = torch.distributed.init_process_group
_offload_init = fsdp.CPUOffloadPolicy.__init__
_close = shared_memory.SharedMemory.close


def init_process_group(backend=None, *args, **kwargs):
    # verl joins the CPU's and the device's back ends: "cpu:gloo,cpu:gloo" names one device twice
    if isinstance(backend, str) and backend.count("cpu:") > 1:
        backend = "gloo"
    return _init_process_group(backend, *args, **kwargs)


def offload_init(self, pin_memory=False):
    # verl asks for pinned memory for its reference model; pinning needs an accelerator
    _offload_init(self, False)


def close(self):
    # on CPU the receiver's tensors still view the buffer; it goes away with them
    try:
        _close(self)
    except BufferError:
        return


torch.distributed.init_process_group = init_process_group
fsdp.CPUOffloadPolicy.__init__ = offload_init
shared_memory.SharedMemory.close = close
