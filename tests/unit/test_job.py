import os
import subprocess
import sys
from pathlib import Path

import pytest
from snakemake.iocontainers import InputFiles, Params, Wildcards

from reward_memory.jobs.job import Job

SCRIPT = """
import os, subprocess, sys
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, ResourceList, Wildcards
from reward_memory.errors import InputError
from reward_memory.jobs.progress import Progress
from reward_memory.jobs.job import job

class snakemake:
    rule, threads, input, output = "train", 3, InputFiles([]), OutputFiles(["out.txt"])
    log = Log(["logs/deep/train.log"])
    wildcards = Wildcards(fromdict={wildcards})
    params = Params(fromdict={{"steps": 2, "code": "0", "state": "state"}})
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


def test_in_debugging_the_terminal_is_the_jobs(run, tmp_path, monkeypatch):
    monkeypatch.setenv("REWARD_MEMORY_DEBUG", "1")
    done = run("with job(snakemake):\n    print('from python')\n    raise InputError('seeds: none.')")
    assert (done.returncode, done.stdout) == (1, "from python\n")
    assert done.stderr.endswith("train tiny 7: seeds: none.\n")
    assert not (tmp_path / "logs").exists()


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
    line = "steps: 1/1 (100 %), 0 s elapsed, 0 s left\n"
    assert log() == line
    assert done.stderr == f"train tiny 7: {line}"
    assert done.stdout == ""


def test_a_job_without_wildcards_is_named_by_its_rule(run):
    done = run("with job(snakemake):\n    Progress('steps', 1).advance()\n", wildcards={})
    assert done.stderr.startswith("train: steps: 1/1")


def test_output_after_the_job_goes_to_the_terminal_again(run, log):
    done = run("with job(snakemake):\n    print('within')\nprint('after')\nProgress('late', 1).advance()\n")
    assert done.stdout == "after\n"
    assert done.stderr == "late: 1/1 (100 %), 0 s elapsed, 0 s left\n"
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


# --- a full disk, damaged state


@pytest.fixture
def full_log(tmp_path):
    """A log that takes no byte."""
    (tmp_path / "logs/deep").mkdir(parents=True)
    (tmp_path / "logs/deep/train.log").symlink_to("/dev/full")


#: What the body of a job writes, and how it ends.
WRITERS = {
    "nothing": "pass",
    "a line": "print('a line')",
    "much": "print('x' * 10**6)",
    "an aside": "print('a line', file=sys.stderr)",
    "without a line's end": "sys.stdout.write('x')",
    "progress": "Progress('steps', 10**9, every=0).advance()",
    "a child": "subprocess.run('echo x; echo y >&2', shell=True, stderr=subprocess.DEVNULL)",
    "logging": "import logging; logging.basicConfig(); logging.error('x')",
    "warnings": "import warnings; warnings.warn('x')",
    "C": "os.system('true'); import ctypes; ctypes.CDLL(None).puts(b'x')",
}


@pytest.mark.slow
@pytest.mark.parametrize("writes", WRITERS)
def test_a_log_that_cannot_grow_ends_no_job(run, full_log, tmp_path, writes):
    done = run(f"with job(snakemake):\n    {WRITERS[writes]}\n    open('out.txt', 'w').write('done')\n")
    assert done.returncode == 0
    assert (tmp_path / "out.txt").read_text() == "done"
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("train tiny 7: steps:")] == []


FULL = "no space left on the disk; free some and run the same command again."
ENDS = {
    "an input error": ("raise InputError('x: wrong.')", "x: wrong."),
    "ours": ("from reward_memory.storage.files import full_disk; raise full_disk('a/b')", f"a/b: {FULL}"),
    "the system's": ("raise OSError(28, 'No space left on device', 'a/b')", f"a/b: {FULL}"),
    "a quota": ("raise OSError(122, 'Disk quota exceeded', 'a/b')", f"a/b: {FULL}"),
    "a library's": ("raise ValueError('I/O error: No space left on device')", None),
    "a cause": (
        "try:\n        raise OSError(28, 'x', 'a/b')\n    except OSError as e:\n        raise ValueError('odd') from e",
        f"a/b: {FULL}",
    ),
    "while another was handled": (
        "try:\n        raise OSError(28, 'x', 'a/b')\n    except OSError:\n        raise ValueError('odd')",
        f"a/b: {FULL}",
    ),
    "another": ("raise ValueError('odd')", "ValueError: odd; see logs/deep/train.log"),
}


@pytest.mark.slow
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("writes", ["nothing", "much", "logging"])
def test_a_full_disk_is_one_sentence_on_the_terminal_even_if_the_log_cannot_grow(run, full_log, tmp_path, ends, writes):
    raises, sentence = ENDS[ends]
    done = run(f"with job(snakemake):\n    {WRITERS[writes]}\n    {raises}\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"train tiny 7: {sentence or f'{tmp_path}/state: {FULL}'}\n"


def test_a_full_disk_is_one_sentence_in_the_log_too(run, log):
    run("with job(snakemake):\n    raise OSError(28, 'No space left on device', 'a/b')\n")
    assert log() == f"error: a/b: {FULL}\n"


def test_a_terminal_that_takes_no_byte_changes_no_exit_status(tmp_path, run, log):
    done = run(
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)\n"
        "with job(snakemake):\n    Progress('steps', 1).advance()\n    raise InputError('x: wrong.')\n"
    )
    assert done.returncode == 1
    assert log().endswith("error: x: wrong.\n")


def test_an_input_error_on_a_full_disk_says_that_it_is_full(run, monkeypatch, tmp_path):
    done = run(
        "import shutil\n"
        "shutil.disk_usage = lambda path: type('Usage', (), {'free': 0})\n"
        "with job(snakemake):\n    raise InputError('training stopped with exit status 1.')\n"
    )
    said = f"training stopped with exit status 1. No space is left on the disk of {tmp_path}/state; free some first."
    assert done.stderr == f"train tiny 7: {said}\n"


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        ("os.makedirs('logs/deep/train.log')", "the log cannot be written (Is a directory)."),
        ("open('logs', 'w').close()", "the log cannot be written (Not a directory)."),
    ],
)
def test_a_log_that_cannot_be_opened_is_told(run, prepare, why):
    done = run(f"{prepare}\nwith job(snakemake):\n    pass\n")
    assert done.returncode == 1
    assert done.stderr == f"train tiny 7: logs/deep/train.log: {why}\n"


@pytest.mark.parametrize(
    ("damage", "access", "file"),
    [
        ("run.state.parent.mkdir(parents=True); run.state.touch()", "run.state.mkdir(parents=True, exist_ok=True)", ""),
        ("(run.state / 'lock').mkdir(parents=True)", "(run.state / 'lock').open('w')", "/lock"),
        ("run.state.mkdir(parents=True)", "(run.state / 'part').read_bytes()", "/part"),
    ],
)
def test_damaged_state_that_nobody_has_foreseen_is_named(run, damage, access, file):
    done = run(f"with job(snakemake) as run:\n    {damage}\n    {access}\n")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("train tiny 7: state/train/")
    assert f"{file}: was left by an earlier attempt and is damaged (" in line
    assert "Traceback" not in line


PARAMS = {"steps": 2, "sampling": {"samples": 8, "top_p": 1.0}, "code": "0", "state": "state"}


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
    assert state(code="1") == state()


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


@pytest.mark.parametrize("policy", ["", ", 'policy': 'gone'", ", 'policy': 'mine'"])
def test_a_policy_that_lost_a_part_ends_the_job_at_once(run, tmp_path, policy):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/config.json").write_text("{")
    (tmp_path / "a.txt").write_text("x")
    done = run(
        f"snakemake.input = InputFiles(fromdict={{'a': 'a.txt'{policy}}})\n"
        "with job(snakemake):\n    Progress('steps', 2).advance(1)"
    )
    if "mine" in policy:
        assert done.returncode == 1
        assert done.stderr.startswith(
            "train tiny 7: mine: has no weights (model.safetensors); restore the file, or, if"
        )
        assert done.stderr.count("\n") == 1
    else:  # what is not there is left to Snakemake
        assert done.returncode == 0
