"""Threads that wait without a processor: import this before torch.

Threads of torch wait for each other thousands of times a second. OpenMP lets them spin meanwhile. Where other work
runs, too, that takes the processor from the very thread that is waited for, and two threads take twice as long as one
(perf/main.md).
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
