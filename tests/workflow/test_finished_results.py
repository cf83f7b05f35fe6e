"""Days of work are safe: what becomes of finished results once something that made them has changed."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

POLICY = "results/policies/tiny"
EVALUATION = "results/evaluation/ood/tiny/base/ratio0/seed0"
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
    copy.edit("src/reward_memory/policies/bootstrap/pretraining.py", "import", "EDITED = True\nimport")
    for file in (copy.folder / POLICY).iterdir():
        file.touch()
    done = copy.run(f"{EVALUATION}/ood.parquet", "--cores", "1", *CONFIG)
    assert weights(copy) == before
    assert "Kept unchanged: bootstrap_policy of tiny (took 0" in done.stderr
    assert "different code: the code of this workflow" in done.stderr
    assert (copy.folder / EVALUATION / "ood.parquet").exists()


def test_other_settings_stop_what_would_read_the_result_before_anything_runs(copy):
    copy.edit("config/test.yaml", "steps: 20}", "steps: 21}")
    assert copy.jobs(f"{EVALUATION}/ood.parquet", *CONFIG)[-1][0] == "evaluate_policy"
    done = copy.run(f"{EVALUATION}/ood.parquet", "--cores", "1", *CONFIG, check=False)
    assert done.returncode == 1
    assert "settings: bootstrap.steps 20 -> 21" in done.stderr
    assert f"such as {POLICY}: --config finished=rebuild rebuilds them" in done.stderr
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
        "evaluate_policy",
    }


@pytest.mark.long
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
    assert copy.rules("results/evaluation/meds/tiny-math/base/ratio0/seed0/meds.parquet", *CONFIG) == {
        "bootstrap_policy",
        "sample_queries",
        "evaluate_policy",
    }


def elsewhere(flow, place: str) -> str:
    """Put the results somewhere else, in a fresh clone of the project or not, and say how they are named there."""
    results = flow.folder / "results"
    if place == "in a fresh clone":
        shutil.rmtree(flow.folder / ".snakemake")
        return "results"
    if place.startswith("moved"):
        os.rename(results, flow.folder / "moved")
        return "moved" if place == "moved" else str(flow.folder / "moved")
    if place.startswith("copied"):
        shutil.copytree(
            results, flow.folder / "copy", copy_function=shutil.copyfile if "times" in place else shutil.copy2
        )
        return "copy"
    if place == "linked":
        (flow.folder / "link").symlink_to("results")
        return "link"
    return {"absolute": str(results), "dot": "./results", "slash": "results/"}[place]


@pytest.mark.parametrize("edit", [False, True], ids=["as it was", "after an edit"])
@pytest.mark.parametrize(
    "place",
    [
        "absolute",
        "dot",
        "slash",
        "linked",
        "moved",
        "moved and absolute",
        "copied",
        "copied without times",
        "in a fresh clone",
    ],
)
def test_results_are_protected_wherever_their_folder_lies(copy, place, edit):
    if edit:
        copy.edit("src/reward_memory/policies/bootstrap/pretraining.py", "import", "EDITED = True\nimport")
    results = elsewhere(copy, place)
    target = Path(os.path.normpath(results)) / "evaluation/ood/tiny/base/ratio0/seed0/ood.parquet"
    done = copy.run(str(target), "-n", *CONFIG, "--config", f"results={results}")
    planned = copy.rules(str(target), *CONFIG, "--config", f"results={results}")
    assert planned == {"sample_queries", "evaluate_policy"}
    assert ("Kept unchanged: bootstrap_policy of tiny" in done.stdout) == edit


def test_settings_are_compared_in_a_moved_folder_too(copy):
    copy.edit("config/test.yaml", "steps: 20}", "steps: 21}")
    results = elsewhere(copy, "moved and absolute")
    target = f"{results}/evaluation/ood/tiny/base/ratio0/seed0/ood.parquet"
    done = copy.run(target, "--cores", "1", *CONFIG, "--config", f"results={results}", check=False)
    assert done.returncode == 1
    assert "settings: bootstrap.steps 20 -> 21" in done.stderr
    assert f"such as {results}/policies/tiny: " in done.stderr


@pytest.mark.parametrize("mode", ["check", "keep", "rebuild"])
@pytest.mark.parametrize("content", ["", '{"rule": "bootstr', "[]"])
def test_a_damaged_record_stops_all_but_rebuild_with_one_sentence(copy, mode, content):
    (record,) = (copy.folder / "results/finished/bootstrap_policy").iterdir()
    record.write_text(content)
    done = copy.run(f"{EVALUATION}/ood.parquet", "-n", *CONFIG, "--config", f"finished={mode}", check=False)
    assert f"{record.relative_to(copy.folder)}: this record of a finished result " in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (done.returncode == 0) == (mode == "rebuild")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            '"policy": "tiny"',
            '"policy": "tiny", "seed": "0"',
            "results: bootstrap_policy, which made results/pol",
        ),
        (
            '"bootstrap_policy"',
            '"bootstrap"',
            "results: bootstrap, which made results/policies/tiny, is no job of",
        ),
        ("policies/tiny", "policies/tiny.json", "this record of a finished result names other results than its job"),
    ],
    ids=["other wildcards", "another version's rule", "other files"],
)
def test_a_record_of_other_files_than_its_job_makes_is_named(copy, old, new, told):
    (record,) = (copy.folder / "results/finished/bootstrap_policy").iterdir()
    (copy.folder / "results/policies/tiny.json").touch()
    value = json.loads(record.read_text().replace(old, new))
    del value["checksum"]  # as earlier versions wrote it
    record.unlink()
    record = record.parent.parent / value["rule"] / record.name
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps(value))
    done = copy.run(f"{EVALUATION}/ood.parquet", "-n", *CONFIG, check=False)
    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_damaged_digests_are_told_and_stop_nothing(copy):
    (copy.folder / "results/finished/digests.json").write_text('{"results/pol')
    done = copy.run(f"{EVALUATION}/ood.parquet", "-n", *CONFIG)
    assert "results/finished/digests.json: this file is not complete JSON; the digests in it" in done.stderr


def wait_until(ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)
