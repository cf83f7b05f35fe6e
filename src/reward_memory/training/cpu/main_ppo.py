"""verl's main_ppo with forked Ray workers: `python -m reward_memory.training.cpu.main_ppo OVERRIDE ...`.

A training run has eight workers on one machine. Normally each of them imports verl separately. Forked from a process
that has imported it, they start at once and share its memory (perf/training.md). Ray starts a worker with its
setup_worker.py; here `fork_worker.py` takes that file's place and requests a fork.
"""

import gc
import importlib
import itertools
import json
import os
import runpy
import signal
import socket
import sys
from pathlib import Path

from reward_memory.jobs.processes import die_with_parent, keep_freed_memory

from .fork_worker import SOCKET

#: Modules that verl's processes import; verl itself imports our plugin.
MODULES = (
    "reward_memory.policies.lean",
    "verl.trainer.ppo.v1",
    "verl.experimental.agent_loop.single_turn_agent_loop",
    "verl.utils.dataset.rl_dataset",
    "verl.workers.engine.fsdp",
    "verl.workers.engine_workers",
    "transformers.models.qwen2.modeling_qwen2",
    "reward_memory.reward_models.registry",
    "reward_memory.training.verl.agent_loop",
    "reward_memory.training.cpu.agent_loops",
)
#: Ray's C++ part reads these variables when it is imported, not when a worker starts: no job yet, and the process
#: whose end ends the worker.
RAY = {"RAY_JOB_ID": "ffffffff", "RAY_RAYLET_PID": str(os.getpid())}
#: Number of random ids between the first ids of one worker and of the next.
APART = 1000


def main() -> None:
    """Run main_ppo with this process's arguments, in an environment set up by training.launch."""
    driver = os.getpid()
    keep_freed_memory()
    os.environ |= RAY
    # imported objects stay alive: garbage collection would take a tenth of the import time and find nothing
    gc.disable()
    for module in MODULES:
        importlib.import_module(module)
    for name in RAY:
        del os.environ[name]
    # half a million objects stay alive; frozen, a collection takes 1 ms instead of 100, and forks share them
    gc.collect()
    gc.freeze()
    gc.enable()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.environ[SOCKET])
        listener.listen(64)
        if os.fork() == 0:
            _be_worker(*_wait_for_request(listener, driver))
            return
    from ray._private import node, ray_constants, utils

    ray_constants.SETUP_WORKER_FILENAME = str(Path(__file__).with_name("fork_worker.py"))
    # no dashboard and no autoscaler: saves three unused processes, and a third of the remaining agent
    node.Node.start_api_server = node.Node.start_monitor = lambda self, **settings: None
    utils.get_dashboard_dependency_error = lambda: "not wanted"
    runpy.run_module("verl.trainer.main_ppo", run_name="__main__", alter_sys=True)


def _wait_for_request(listener: socket.socket, driver: int) -> tuple[socket.socket, int]:
    """Fork for each requested worker; return only in the fork: the connection of its request, and its number."""
    die_with_parent(driver)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    server = os.getpid()
    for number in itertools.count(1):
        connection, _ = listener.accept()
        if os.fork() == 0:
            die_with_parent(server)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return connection, number
        connection.close()


def _move_on(number: int) -> None:
    """Skip random ids, so that no two workers use the same ones.

    Importing verl seeds Ray's id generator, so all forks would continue with the same ids. Two that start at once would
    store their first object under one id; Ray then aborts and the run never begins.
    """
    from ray import ObjectRef

    for _ in range(number * APART):
        ObjectRef.from_random()


def _be_worker(connection: socket.socket, number: int) -> None:
    """Become the worker that `fork_worker.py` requested; the connection closes when this process ends."""
    _move_on(number)
    header, files, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as stream:
        request = json.loads(stream.read(int.from_bytes(header, "big")))
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:] = request["arguments"]
    from ray._private.utils import update_envs
    from ray._raylet import Config

    Config.initialize("")  # re-reads Ray's other variables
    update_envs(json.loads(request["context"]).get("env_vars", {}))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
