import subprocess
import sys

import pytest

#: Prints how many pages the system gave for twenty blocks, each freed before the next is asked for.
PROGRAM = """
import ctypes, os, resource, sys
from reward_memory.jobs.processes import keep_freed_memory
if "keep" in sys.argv:
    keep_freed_memory()
if "fork" in sys.argv and (child := os.fork()):
    os.waitpid(child, 0)
    os._exit(0)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    block = libc.malloc(int(sys.argv[1]) << 20)
    libc.memset(block, 1, int(sys.argv[1]) << 20)
    libc.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, flush=True)
"""


def pages(*words):
    command = [sys.executable, "-c", PROGRAM, *words]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("megabytes", "words", "kept"),
    [("40", ["keep"], True), ("40", ["keep", "fork"], True), ("40", [], False), ("100", ["keep"], False)],
)
def test_freed_memory_is_used_again_here_and_in_forks_up_to_a_size(megabytes, words, kept):
    once = int(megabytes) * 256
    assert (pages(megabytes, *words) < 3 * once) is kept
