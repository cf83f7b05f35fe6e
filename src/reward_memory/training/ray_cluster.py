"""A Ray cluster on the nodes of one SLURM job, for a training that needs more than one.

The head runs next to the trainer on the job's first node; srun starts a worker on each other node. All of them end
with the training. A job on one node needs none of this: verl starts Ray itself.

Tested on the CPU with two SLURM nodes on one machine: verl trains with a rank on each. Untested on several machines
and on GPUs.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from reward_memory.errors import InputError
from reward_memory.jobs.gpus import AMD
from reward_memory.jobs.processes import die_with_parent, end
from reward_memory.jobs.scratch import MARK

#: Seconds within which all nodes must join, and seconds that Ray's processes have to end.
JOIN, GRACE = 300.0, 20.0
_COUNT = """
import ray, sys
ray.init(sys.argv[1], log_to_driver=False)
print(sum(node["Alive"] for node in ray.nodes()))
"""
# $0 is the folder, $@ the command; a folder that exists already is that of the head, on the same machine. The trap
# is set before the command starts, so that no signal kills the shell alone.
_WITHIN = """
if mkdir -m 700 "$0" 2>/dev/null; then made=1; exec 9<"$0"; flock 9; touch "$0/MARK"; fi
trap 'stop=1; kill "$!" 2>/dev/null' TERM INT
"$@" 9<&- &
if [ "$stop" ]; then kill "$!"; fi
wait "$!"; code=$?
while kill -0 "$!" 2>/dev/null; do wait "$!"; code=$?; done
if [ "$made" ]; then rm -rf "$0"; fi
exit "$code"
"""


@contextmanager
def run_cluster(nodes: int, gpus: int, environment: dict[str, str], scratch: Path) -> Iterator[list[str]]:
    """Run a Ray cluster on `nodes` nodes; yield the Hydra overrides with which verl joins it, none for one node.

    gpus         of the complete job, shared evenly
    environment  of the trainer; Ray's token is added. Workers inherit theirs from the cluster, not from the trainer
    scratch      a short path for Ray's sockets on each node

    InputError if this is not a SLURM job with that many nodes, or not all of them join.
    """
    if nodes == 1:
        yield []
        return
    names = hosts()
    if len(names) != nodes:
        raise InputError(
            f"resources: train_policy: nodes: {nodes} nodes are requested, but this job has {len(names)}; "
            "training on several nodes needs a SLURM job, see docs/cluster.md."
        )
    address = f"{_address_seen_by(names[1])}:{_free_port()}"
    # Ray requires a token; its default one is in the home folder, where workers look for it before it exists
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with ExitStack() as stack:
        started = commands(names, address, gpus // nodes, scratch)
        running = [stack.enter_context(_running(command, environment)) for command in started]
        _wait(address, nodes, environment, running)
        yield joining(address)


def commands(names: list[str], address: str, gpus: int, scratch: Path) -> list[list[str]]:
    """Commands that start the cluster: the head on this node, the workers through srun on the others.

    names  of all nodes, this one first; address  host:port of the head; gpus  per node
    """
    cpus = 16 + 4 * gpus  # logical, as on one node: each of verl's actors requests some, whatever the machine has
    ray = [_ray(), "start", "--block", f"--num-cpus={cpus}", f"--num-gpus={gpus}", "--disable-usage-stats"]
    host, port = address.split(":")
    head = [*ray, "--head", f"--node-ip-address={host}", f"--port={port}", f"--temp-dir={scratch}"]
    others = names[1:]
    step = ["srun", "--overlap", f"--nodes={len(others)}", f"--ntasks={len(others)}", "--ntasks-per-node=1"]
    step += [f"--nodelist={','.join(others)}", "--mem=0", "--export=ALL", "--kill-on-bad-exit=1"]
    step += [f"--gpus-per-node={gpus}"] if gpus else []
    # SLURM sets the device variables of each step itself; see gpus.unambiguous
    worker = ["env", f"--unset={AMD}", *in_private_folder(scratch), *ray, f"--address={address}"]
    return [[*head, "--include-dashboard=false"], [*step, *worker]]


def in_private_folder(folder: Path) -> list[str]:
    """Prefix for a command on another node: it creates the head's temporary folder, private, and removes it at the end.

    Ray uses the head's path on all nodes, and would create a world-writable folder there.
    """
    return ["sh", "-c", _WITHIN.replace("MARK", MARK), str(folder)]


def joining(address: str) -> list[str]:
    """Hydra overrides that make verl join the cluster; they come after, and so replace, those for one node."""
    return [
        f"++ray_kwargs.ray_init.address='{address}'",
        # Ray rejects these when it joins a cluster
        "++ray_kwargs.ray_init.num_cpus=null",
        "++ray_kwargs.ray_init.num_gpus=null",
        "++ray_kwargs.ray_init._temp_dir=null",
    ]


def hosts() -> list[str]:
    """Names of the nodes of the current SLURM job, this one first; none outside SLURM.

    The variables that list them do not reach a Snakemake job; the job id does.
    """
    job = os.environ.get("SLURM_JOB_ID")
    if job is None or shutil.which("squeue") is None:
        return []
    listed, first = _output("squeue", "--noheader", f"--jobs={job}", "--format=%N %B").split()
    names = _output("scontrol", "show", "hostnames", listed).split()
    return [first, *(name for name in names if name != first)]


def _wait(address: str, nodes: int, environment: dict[str, str], running: list[subprocess.Popen]) -> None:
    start = time.monotonic()
    while time.monotonic() - start < JOIN and all(process.poll() is None for process in running):
        # in a subprocess: this process must not keep a connection that the trainer's ray.init would find
        done = subprocess.run(
            [sys.executable, "-c", _COUNT, address],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
            encoding="utf-8",
        )
        if done.returncode == 0 and int(done.stdout.splitlines()[-1]) >= nodes:
            print(f"training: Ray runs on {nodes} nodes", file=sys.stderr, flush=True)
            return
        time.sleep(1)
    raise InputError(
        f"training: not all of {nodes} nodes joined Ray at {address}; the messages of those that did not are in this "
        "job's log."
    )


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process that ends with the block, by SIGTERM; Ray and srun then end everything that they started."""
    process = subprocess.Popen(
        command,
        env=environment,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  two system calls, no lock is taken
    )
    try:
        yield process
    finally:
        end(process, GRACE)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode:
        raise InputError(f"{command[0]}: {done.stderr.strip()}; the nodes of this SLURM job cannot be listed.")
    return done.stdout.strip()


def _ray() -> str:
    """Path of this environment's `ray`, activated or not."""
    return str(Path(sys.executable).with_name("ray"))


def _address_seen_by(node: str) -> str:
    """This machine's address in the network that leads to another node of the cluster."""
    target = re.search(r"\bNodeAddr=(\S+)", _output("scontrol", "show", "node", node))[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((target, 9))  # sends nothing
        return probe.getsockname()[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]
