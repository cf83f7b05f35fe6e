import os
import subprocess
import sys
from pathlib import Path

import pytest
from snakemake.iocontainers import InputFiles, Params, Wildcards

from reward_memory.runtime import Job

SCRIPT = """
import os, subprocess, sys
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, ResourceList, Wildcards
from reward_memory.errors import InputError
from reward_memory.progress import Progress
from reward_memory.runtime import job

class snakemake:
    rule, threads, input, output = "train", 3, InputFiles([]), OutputFiles(["out.txt"])
    log = Log(["logs/deep/train.log"])
    wildcards = Wildcards(fromdict={wildcards})
    params = Params(fromdict={{"steps": 2, "src": "0", "state": "state"}})
    resources = ResourceList(fromdict={resources})

{body}
"""


@pytest.fixture
def run(tmp_path):
    """Run a script's lines as a job of the rule train; its log is `logs/deep/train.log`."""

    def run(body: str, wildcards=None, resources=None) -> subprocess.CompletedProcess:
        text = SCRIPT.format(
            body=body,
            wildcards={"policy": "tiny", "seed": "7"} if wildcards is None else wildcards,
            resources={"mem_mb": 10} if resources is None else resources,
        )
        return subprocess.run(
            [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def log(tmp_path):
    return (tmp_path / "logs/deep/train.log").read_text


def test_all_output_goes_to_the_log_that_of_children_too(run, log):
    done = run(
        "with job(snakemake):\n"
        "    print('from python')\n"
        "    print('an aside', file=sys.stderr)\n"
        "    subprocess.run('echo from a child; echo its aside >&2', shell=True)\n"
        "    os.write(1, b'from C\\n')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(log().splitlines()) == ["an aside", "from C", "from a child", "from python", "its aside"]


def test_a_progress_line_goes_to_the_log_and_with_its_job_to_the_terminal(run, log):
    done = run("with job(snakemake):\n    Progress('steps', 1).advance()\n")
    line = "steps: 1/1 (100 %), 0 s gone, 0 s left\n"
    assert log() == line
    assert done.stderr == f"train tiny 7: {line}"
    assert done.stdout == ""


def test_a_job_without_wildcards_is_named_by_its_rule(run):
    done = run("with job(snakemake):\n    Progress('steps', 1).advance()\n", wildcards={})
    assert done.stderr.startswith("train: steps: 1/1")


def test_output_after_the_job_goes_to_the_terminal_again(run, log):
    done = run("with job(snakemake):\n    print('within')\nprint('after')\nProgress('late', 1).advance()\n")
    assert done.stdout == "after\n"
    assert done.stderr == "late: 1/1 (100 %), 0 s gone, 0 s left\n"
    assert log() == "within\n"


def test_an_input_error_ends_the_job_with_one_sentence_in_log_and_terminal(run, log):
    done = run("with job(snakemake):\n    raise InputError('x.parquet: no such file.')\nprint('never')\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "train tiny 7: x.parquet: no such file.\n"
    assert log() == "error: x.parquet: no such file.\n"


def test_any_other_error_leaves_its_traceback_in_the_log_and_a_line_on_the_terminal(run, log):
    done = run("with job(snakemake):\n    raise ValueError('odd')\n")
    assert done.returncode == 1
    assert done.stderr == "train tiny 7: ValueError: odd; see logs/deep/train.log\n"
    assert log().startswith("Traceback")
    assert log().endswith("ValueError: odd\n")


def test_a_second_attempt_adds_to_the_log(run, log):
    for text in ("one", "two"):
        run(f"with job(snakemake):\n    print('{text}')\n")
    assert log() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("resources", "device"), [({"mem_mb": 1}, "0 cpu"), ({"gpu": 0}, "0 cpu"), ({"gpu": 2}, "2 cuda")]
)
def test_a_job_takes_the_devices_that_it_was_given(run, log, monkeypatch, tmp_path, resources, device):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("REWARD_MEMORY_LEASES", str(tmp_path))
    run("with job(snakemake) as run:\n    print(run.gpus, run.device)\n", resources=resources)
    assert log() == f"{device}\n"


def test_a_job_leases_devices_of_its_own(run, log, monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    monkeypatch.setenv("REWARD_MEMORY_LEASES", str(tmp_path))
    run("with job(snakemake):\n    print(os.environ['CUDA_VISIBLE_DEVICES'])\n", resources={"gpu": 2})
    assert log() == "0,1\n"


def test_of_a_job_on_several_nodes_each_leases_its_share(run, log, monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    monkeypatch.setenv("REWARD_MEMORY_LEASES", str(tmp_path))
    run("with job(snakemake):\n    print(os.environ['CUDA_VISIBLE_DEVICES'])\n", resources={"gpu": 4, "nodes": 2})
    assert log() == "0,1\n"


def test_a_job_fetches_nothing_and_keeps_to_its_threads(run, log):
    run("with job(snakemake):\n    print(os.environ['HF_HUB_OFFLINE'], os.environ['OMP_NUM_THREADS'])\n")
    assert log() == "1 3\n"


def test_the_state_goes_when_the_job_is_done(run, tmp_path):
    run("with job(snakemake) as run:\n    run.state.mkdir(parents=True)\n    (run.state / 'shard').touch()\n")
    assert list((tmp_path / "state/train").iterdir()) == []


@pytest.mark.parametrize("end", ["raise InputError('x.')", "raise ValueError", "os.kill(os.getpid(), 9)"])
def test_the_state_stays_when_the_job_fails(run, tmp_path, end):
    run(f"with job(snakemake) as run:\n    run.state.mkdir(parents=True)\n    {end}\n")
    assert len(list((tmp_path / "state/train").iterdir())) == 1


PARAMS = {"steps": 2, "sampling": {"samples": 8, "top_p": 1.0}, "src": "0", "state": "state"}


@pytest.fixture
def state(tmp_path):
    """The state folder of a job with other inputs, params, wildcards or another rule."""
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy/weights").write_text("w")
    (tmp_path / "queries").write_text("q")

    def state(rule="rollouts", wildcards=None, **params) -> Path:
        inputs = InputFiles(fromdict={"queries": str(tmp_path / "queries"), "policy": str(tmp_path / "policy")})
        wildcards = Wildcards(fromdict={"policy": "tiny", "seed": "7"} if wildcards is None else wildcards)
        return Job(rule, inputs, None, Params(fromdict=PARAMS | params), wildcards, 0).state

    return state


def test_the_state_lies_below_its_root_and_rule(state):
    assert state().parent == Path("state/rollouts")
    assert state(state="elsewhere/state") == Path("elsewhere/state/rollouts") / state().name


def test_an_edit_of_the_library_keeps_the_state(state):
    assert state(src="1") == state()


@pytest.mark.parametrize("params", [{"steps": 3}, {"sampling": {"samples": 9, "top_p": 1.0}}, {"new": None}])
def test_other_params_have_a_state_of_their_own(state, params):
    assert state(**params) != state()


def test_other_wildcards_and_rules_have_a_state_of_their_own(state):
    assert state(wildcards={"policy": "tiny", "seed": "8"}) != state()
    assert state(rule="evaluate") != state()


@pytest.mark.parametrize("name", ["queries", "policy/weights"])
def test_inputs_of_other_content_have_a_state_of_their_own(state, tmp_path, name):
    before = state()
    (tmp_path / name).write_text("other")
    assert state() != before


def test_inputs_that_were_only_made_anew_keep_the_state(state, tmp_path):
    before = state()
    os.utime(tmp_path / "queries", (1, 1))
    assert state() == before


def test_the_seed_is_the_wildcards():
    assert Job("train", [], [], None, Wildcards(fromdict={"seed": "12"}), 0).seed == 12
