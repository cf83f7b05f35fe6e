"""How long threads spin while they wait: import this before torch.

Threads of torch wait for each other thousands of times a second. OpenMP lets them spin for milliseconds. Where other
work runs, too, that takes the processor from the very thread that is waited for. With no spinning at all, waking them
up takes what two threads gain. A sixth of the usual time does well on quiet and on busy machines (perf/main.md).
"""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "50000")
