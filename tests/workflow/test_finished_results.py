"""Days of work are safe: what becomes of finished results once something that made them has changed."""

import signal
import subprocess
import time

import pytest

POLICY = "results/policies/tiny"
EVALUATION = "results/evaluation/tiny/base/ratio0/seed0"
CONFIG = ("--configfile", "config/test.yaml")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, request):
    """A policy and its evaluation, made with `finished: check`."""
    from conftest import make

    flow = make(tmp_path_factory.mktemp("lasting") / "project")
    flow.edit("config/test.yaml", "finished: rebuild", "finished: check")
    flow.edit("config/test.yaml", "steps: 240", "steps: 20")
    flow.run(f"{EVALUATION}/main.parquet", "--cores", "1", *CONFIG)
    return flow


@pytest.fixture
def copy(evaluated, tmp_path):
    return evaluated.copy(tmp_path / "project")


def weights(flow):
    file = flow.folder / POLICY / "model.safetensors"
    return file.read_bytes(), file.stat().st_ino


def test_an_edit_and_a_touched_file_make_nothing_anew_and_are_told(copy):
    before = weights(copy)
    copy.edit("src/reward_memory/policies/pretraining.py", "import", "EDITED = True\nimport")
    for file in (copy.folder / POLICY).iterdir():
        file.touch()
    done = copy.run(f"{EVALUATION}/ood.parquet", "--cores", "1", *CONFIG)
    assert weights(copy) == before
    assert "Kept as it is: bootstrap_policy of tiny (took 0" in done.stderr
    assert "other code: the code of this workflow" in done.stderr
    assert (copy.folder / EVALUATION / "ood.parquet").exists()


def test_other_settings_stop_what_would_read_the_result_before_anything_runs(copy):
    copy.edit("config/test.yaml", "steps: 20}", "steps: 21}")
    assert copy.jobs(f"{EVALUATION}/ood.parquet", *CONFIG)[-1][0] == "evaluate"
    done = copy.run(f"{EVALUATION}/ood.parquet", "--cores", "1", *CONFIG, check=False)
    assert done.returncode == 1
    assert "settings: bootstrap.steps 20 -> 21" in done.stderr
    assert f"such as {POLICY}: --config finished=rebuild makes them anew" in done.stderr
    assert not (copy.folder / "results/data/piqa").exists()


def test_keep_reads_it_all_the_same(copy):
    before = weights(copy)
    copy.edit("config/test.yaml", "steps: 20}", "steps: 21}")
    copy.run(f"{EVALUATION}/ood.parquet", "--cores", "1", *CONFIG, "--config", "finished=keep")
    assert weights(copy) == before
    assert (copy.folder / EVALUATION / "ood.parquet").exists()


def test_rebuild_says_what_it_makes_anew_and_why(copy):
    copy.edit("config/test.yaml", "steps: 20}", "steps: 21}")
    done = copy.run(f"{EVALUATION}/main.parquet", "-n", *CONFIG, "--config", "finished=rebuild")
    assert "Params have changed since last execution" in done.stdout + done.stderr
    assert copy.rules(f"{EVALUATION}/main.parquet", *CONFIG, "--config", "finished=rebuild") >= {
        "bootstrap_policy",
        "evaluate",
    }


def test_a_rebuild_that_is_killed_leaves_the_old_result_and_can_be_taken_up(copy):
    before = weights(copy)
    copy.edit("config/test.yaml", "steps: 20}", "steps: 400}")
    rebuild = (POLICY, *CONFIG, "--config", "finished=rebuild")
    running = subprocess.Popen(
        copy.command(*rebuild, "--cores", "1"),
        cwd=copy.folder,
        env=copy.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = copy.folder / "results/logs/bootstrap_policy/tiny.log"
    wait_until(lambda: log.exists() and "/400" in log.read_text())
    subprocess.run(["pkill", "-KILL", "-s", str(running.pid)], check=False)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert weights(copy) == before
    copy.run("--unlock", *CONFIG)
    copy.edit("config/test.yaml", "steps: 400}", "steps: 22}")
    copy.run(*rebuild, "--cores", "1", "--rerun-incomplete")
    assert weights(copy)[0] != before[0]


def test_a_finished_result_as_a_target_is_told_to_be_there(copy):
    done = copy.run(POLICY, "--cores", "1", *CONFIG, check=False)
    assert f"{POLICY} is finished and kept, so there is nothing to make" in done.stderr


def test_an_unfinished_one_is_made_as_ever(copy):
    assert copy.rules("results/evaluation/tiny-math/base/ratio0/seed0/meds.parquet", *CONFIG) == {
        "bootstrap_policy",
        "queries",
        "evaluate",
    }


def wait_until(ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)
