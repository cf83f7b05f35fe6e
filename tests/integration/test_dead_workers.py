"""What Ray says of an actor that was killed."""

import subprocess
import sys

import pytest

from reward_memory.training.dead_workers import DIED

#: An actor that serves, as the transfer queue's storage does, is killed; what Ray says of it comes within seconds.
KILLED = """
import os, signal, time
import ray

@ray.remote
class Storage:
    def process(self):
        return os.getpid()

ray.init(num_cpus=1, include_dashboard=False, configure_logging=False, log_to_driver=True)
storage = Storage.remote()
os.kill(ray.get(storage.process.remote()), signal.SIGKILL)
time.sleep(8)
"""


@pytest.mark.long
def test_ray_tells_of_a_killed_actor_in_the_words_that_end_a_trainer():
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert any(DIED.search(line) for line in (done.stdout + done.stderr).splitlines()), done.stderr
