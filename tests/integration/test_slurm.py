"""The workflow on a real SLURM: one node on this machine, with fake GPUs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, Workflow, make

MINISLURM = ROOT / "tests/tools/minislurm.sh"
#: config/test.yaml, made smaller still: two arms, one of them trained for four steps.
SMALL = """
results: results
seeds: [0]
benchmarks:
  math: {suite: main, source: generated, train: 16, valid: 4, test: 8}
policies:
  tiny: {bootstrap: {hidden_size: 96, num_hidden_layers: 2, steps: 100}}
label_ratios: [50]
methods: [base, r1-p]
sandbox: reduced
training: {steps: 4, train_batch_size: 4, samples_per_query: 2, save_freq: 1, test_freq: 4, max_new_tokens: 32}
evaluation: {samples_per_query: 2, max_new_tokens: 32}
resources: {train_policy: {gpu: 0}, evaluate_policy: {gpu: 0}}    # the GPUs of this SLURM are none to torch
"""
TABLE = "results/tables/main.csv"
CALL = (TABLE, "--configfile", "small.yaml")
TRAINING = "results/training/main/tiny/r1-p/ratio50/seed0"
#: What a test needs to be fast.
QUICK = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "20")

PROBES = """
rule all:
    input: "a.device", "b.device", "slow.done", "greedy.done"

rule device:
    "Two jobs that run at the same time."
    output: "{name}.device"
    priority: 1
    resources: gpu=1, mem_mb=500, runtime=5
    shell: "touch {wildcards.name}.begun; while [ ! -e a.begun -o ! -e b.begun ]; do sleep 0.2; done; "
        "echo $CUDA_VISIBLE_DEVICES > {output}"

rule slow:
    "Too slow for the first minute."
    output: "slow.done"
    resources: mem_mb=500, runtime=lambda wc, attempt: attempt
    shell: "squeue -h -j $SLURM_JOB_ID -o %l >> slow.limits; "
        "[ $(wc -l < slow.limits) = 2 ] || sleep 300; touch {output}"

rule greedy:
    "700 MB, and Snakemake's own beside it."
    output: "greedy.done"
    resources: mem_mb=lambda wc, attempt: 700 * attempt, runtime=5
    shell: "squeue -h -j $SLURM_JOB_ID -o %m >> greedy.limits; "
        "python -c 'import time; filled = bytes([1]) * 700_000_000; time.sleep(8)'; touch {output}"
"""
SLEEPERS = """
rule all:
    input: "0.done", "1.done"

rule sleep:
    output: "{number}.done"
    resources: mem_mb=200, runtime=10
    shell: "sleep 500; touch {output}"
"""

pytestmark = pytest.mark.long


class Cluster:
    """A running SLURM and calls of Snakemake to it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = os.environ | {"PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def start(self, folder: Path, *arguments: str, **environment: str) -> subprocess.Popen:
        """Snakemake with profiles/slurm in `folder`; what it says goes to `folder`/said."""
        with (folder / "said").open("a") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *arguments, "--workflow-profile", "profiles/slurm", *QUICK],
                cwd=folder,
                env=self.environment | environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                # a test run in the background ignores SIGINT, and its children would, too
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )

    def jobs(self, folder: Path) -> list[str]:
        """State and comment of the jobs submitted from `folder` that wait or run."""
        listed = subprocess.run(
            ["squeue", "-h", "-o", "%Z|%T %k"], env=self.environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        return [line.split("|", 1)[1] for line in listed if line.startswith(f"{folder}|")]


@contextmanager
def running(folder: Path, **sizes: str) -> Iterator[Cluster]:
    """SLURM on this machine; sizes as in minislurm.sh. The test skips where its packages are missing."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if shutil.which(name) is None]
    if missing or os.getuid():
        pytest.skip(f"needs root and the packages slurm-wlm and munge; missing: {missing}")
    try:
        subprocess.run([MINISLURM, "start", folder], env=os.environ | {"MEM": "16000"} | sizes, check=True, timeout=60)
        yield Cluster(folder)
    finally:
        subprocess.run([MINISLURM, "stop", folder], check=True, timeout=120)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


def said(cluster: Cluster, *command: str) -> str:
    return subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=False).stdout


def wait(reached: Callable[[], object], seconds: float, process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert process is None or process.poll() is None, "the call ended early"
        assert time.monotonic() < deadline, "it never got so far"
        time.sleep(0.1)


def project(folder: Path, snakefile: str | None = None) -> Path:
    """A folder with the real profiles and either the workflow or a Snakefile of the test's own."""
    if snakefile is None:
        make(folder)
        (folder / "small.yaml").write_text(SMALL)
    else:
        folder.mkdir()
        (folder / "Snakefile").write_text(snakefile)
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    return folder


@pytest.fixture(scope="module")
def probes(cluster, tmp_path_factory):
    """The folder of PROBES after the call; the pipeline runs beside it meanwhile."""
    folder = project(tmp_path_factory.mktemp("probes") / "project", PROBES)
    process = cluster.start(folder)
    try:
        yield folder, process
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()


class Story:
    """What happened to one run of the pipeline."""

    def __init__(self, flow: Workflow):
        self.flow = flow
        self.whole: dict[str, int] = {}
        self.left: list[str] = []

    def stamps(self) -> dict[str, int]:
        """Modification times of what stands before the training, without logs and states."""
        results = self.flow.folder / "results"
        parts = ("data", "policies", "labels", "training_queries")
        files = [path for part in parts for path in (results / part).rglob("*") if path.is_file()]
        return {str(path.relative_to(results)): path.stat().st_mtime_ns for path in files}

    @property
    def said(self) -> str:
        return (self.flow.folder / "said").read_text()

    @property
    def log(self) -> str:
        path = self.flow.folder / "results/logs/train_policy/main.tiny.r1-p.50.0.log"
        return path.read_text() if path.exists() else ""  # Snakemake removes it before another attempt


@pytest.fixture(scope="module")
def local(cluster, tmp_path_factory):
    """The pipeline without SLURM, begun before the one with it: a cluster leaves this machine idle between its jobs."""
    flow = Workflow(project(tmp_path_factory.mktemp("local") / "project"))
    with (flow.folder / "said").open("w") as said:
        process = subprocess.Popen(
            flow.command(TABLE, "--configfile", "small.yaml", "--cores", "1"),
            cwd=flow.folder, env=flow.environment, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield flow, process
    finally:
        end(process)


@pytest.fixture(scope="module")
def story(cluster, probes, local, tmp_path_factory):
    """A run whose training is killed on the node, then retried; whose scheduler is killed; and that is called again."""
    flow = Workflow(project(tmp_path_factory.mktemp("pipeline") / "project"))
    story = Story(flow)
    environment = {"PYTHONPATH": str(flow.folder / "src"), "OMP_NUM_THREADS": "1"}
    first = cluster.start(flow.folder, *CALL, **environment)
    try:
        # step 1 is safe when step 2 is being saved
        wait(lambda: [*flow.folder.glob("results/state/train_policy/*/checkpoints/global_step_2")], 500, first)
        for process in trainings(flow.folder):
            process.kill()
        wait(lambda: story.log.count("training: resuming after step") == 1, 200, first)
        first.kill()  # SIGKILL: its jobs are orphans now
        first.wait()
        story.left, story.whole = cluster.jobs(flow.folder), story.stamps()
        subprocess.run(
            [sys.executable, "-m", "snakemake", *CALL, "--unlock", "--workflow-profile", "none"],
            cwd=flow.folder, env=cluster.environment | environment, check=True, capture_output=True,
        )  # fmt: skip
        second = cluster.start(flow.folder, *CALL, **environment)
        try:
            assert second.wait(400) == 0, story.said
        finally:
            end(second)
    finally:
        end(first)
    return story


def trainings(folder: Path) -> list[psutil.Process]:
    """The Python processes of scripts/train_policy.py that work in `folder`."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.cwd() == str(folder) and any(part.endswith("train_policy.py") for part in process.cmdline()):
                found.append(process)
    return found


def test_the_table_is_that_of_a_local_run(story, local):
    flow, process = local
    assert process.wait(400) == 0, (flow.folder / "said").read_text()
    for path in (TABLE, f"{TRAINING}/history.csv"):
        assert (story.flow.folder / path).read_bytes() == (flow.folder / path).read_bytes()


def test_a_job_killed_on_its_node_is_submitted_again_and_goes_on_from_its_state(story):
    assert "Trying to restart job" in story.said
    assert "training: resuming after step" in story.log


def test_jobs_of_a_killed_call_are_cancelled_by_the_next_one(story):
    assert [job for job in story.left if "rule_train" in job and job.startswith("RUNNING")]
    assert "canceling 1 jobs that an earlier call left in SLURM" in story.said


def test_nothing_whole_is_computed_twice_after_a_killed_call(story):
    assert len(story.whole) > 10
    assert story.stamps() == story.whole


def test_concurrent_jobs_get_distinct_devices(probes):
    folder, process = probes
    wait(lambda: (folder / "a.device").exists() and (folder / "b.device").exists(), 400, process)
    assert {(folder / f"{name}.device").read_text().strip() for name in "ab"} == {"0", "1"}


def test_a_job_over_its_memory_or_time_is_submitted_again_with_more(probes):
    folder, process = probes
    assert process.wait(400) == 0, (folder / "said").read_text()
    assert (folder / "slow.limits").read_text().split() == ["1:00", "2:00"]
    assert (folder / "greedy.limits").read_text().split() == ["700M", "1400M"]


def test_an_interrupted_call_cancels_its_jobs(cluster, tmp_path):
    folder = project(tmp_path / "project", SLEEPERS)
    process = cluster.start(folder)
    try:
        wait(lambda: len([job for job in cluster.jobs(folder) if job.startswith("RUNNING")]) == 2, 90, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
        wait(lambda: not cluster.jobs(folder), 30)
    finally:
        end(process)
