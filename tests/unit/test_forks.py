import json
import subprocess
import sys

import pytest

from reward_memory.training.cpu import fork_worker

#: A driver that imports nothing heavy: `main` of cpu.main_ppo with a program of our own in place of the trainer.
DRIVER = """
import os, runpy, subprocess, sys
from reward_memory.training.cpu import main_ppo

class Trainer:
    run_path = staticmethod(runpy.run_path)

    @staticmethod
    def run_module(name, run_name, alter_sys):
        from ray._private import ray_constants
        assert name == "verl.trainer.main_ppo"
        command = [sys.executable, ray_constants.SETUP_WORKER_FILENAME, *sys.argv[1:]]
        environment = os.environ | {"FROM_RAY": "yes"}
        done = subprocess.run(command, env=environment, cwd=os.environ["FOLDER"], capture_output=True, text=True)
        print("driver", os.getpid(), main_ppo.RAY.keys() & os.environ.keys())
        print(done.stdout + done.stderr)

main_ppo.MODULES = ("json",)
main_ppo.runpy = Trainer
main_ppo.main()
"""
WORKER = """
import json, os, sys
print(json.dumps({"arguments": sys.argv, "folder": os.getcwd(), "main": __name__, "parent": os.getppid(),
                  "variables": [os.environ.get(name) for name in ("FROM_RAY", "FROM_CONTEXT", "RAY_JOB_ID")]}))
"""


@pytest.fixture
def answer(tmp_path):
    """What a forked worker said, and the driver's process id."""
    (tmp_path / "elsewhere").mkdir()
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    context = json.dumps({"env_vars": {"FROM_CONTEXT": "too"}})
    command = [f"--serialized-runtime-env-context={context}", "--language=PYTHON", str(worker), "--node=x y", "--z"]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *command],
        env={fork_worker.SOCKET: str(tmp_path / "forks"), "FOLDER": str(tmp_path / "elsewhere")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    driver, said = done.stdout.strip().splitlines()
    return driver, json.loads(said)


@pytest.mark.slow
def test_a_fork_becomes_the_worker_that_ray_asked_for(answer, tmp_path):
    driver, said = answer
    assert said["arguments"] == [str(tmp_path / "worker.py"), "--node=x y", "--z"]
    assert said["folder"] == str(tmp_path / "elsewhere")
    assert said["main"] == "__main__"
    assert said["variables"][:2] == ["yes", "too"]
    assert said["parent"] != int(driver.split()[1]), "the worker is a child of the process that forks"


@pytest.mark.slow
def test_the_variables_for_rays_import_reach_no_process(answer):
    driver, said = answer
    assert driver.endswith("set()")
    assert said["variables"][2] is None


#: Forks of a process in which an import has drawn an id of Ray's already, as verl's does.
SHARED_SEED = """
import os, sys
from ray import ObjectRef
from reward_memory.training.cpu.main_ppo import _move_on

ObjectRef.from_random()
for number in range(4):
    if os.fork() == 0:
        if sys.argv[1] == "apart":
            _move_on(number)
        print(*(ObjectRef.from_random().hex() for _ in range(50)), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.parametrize(("how", "different"), [("alike", 50), ("apart", 200)])
def test_forks_share_rays_random_ids_unless_they_move_on(how, different):
    done = subprocess.run(
        [sys.executable, "-c", SHARED_SEED, how], capture_output=True, text=True, timeout=60, check=True
    )
    assert len(set(done.stdout.split())) == different
