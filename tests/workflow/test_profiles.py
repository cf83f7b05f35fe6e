"""The profiles, as Snakemake reads them; what the paper's matrix asks of a cluster; the commands of docs/cluster.md."""

import re
import shlex
import shutil
import subprocess
import sys

import planner
import pytest
import yaml
from conftest import ROOT, Workflow, make
from planner import Plan

from reward_memory.jobs import slurm

pytestmark = pytest.mark.slow

PAPER = ("--configfile", "config/paper.yaml")
DOCUMENT = (ROOT / "docs/cluster.md").read_text()
COMMANDS = sorted({*re.findall(r"^    (snakemake .*)$", DOCUMENT, re.MULTILINE)})
PARTS = [line for line in COMMANDS if line.startswith("snakemake results/")]


@pytest.fixture
def profiled(workflow) -> Workflow:
    copy_profiles(workflow)
    return workflow


def copy_profiles(flow: Workflow) -> None:
    """All profiles, without our logger, whose output is for people."""
    shutil.copytree(ROOT / "profiles", flow.folder / "profiles")
    for path in flow.folder.glob("profiles/*/config.yaml"):
        path.write_text(path.read_text().replace("logger: reward-memory\n", ""))


def plan(flow: Workflow, profile: str, *arguments: str) -> Plan:
    """A dry run with a profile."""
    done = planner.plan(flow.folder, [*arguments, "-n", "--workflow-profile", f"profiles/{profile}"], flow.environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done


def values(found: Plan, wildcard: str) -> set[str]:
    """The different values of a wildcard."""
    return {job.wildcards[wildcard] for job in found.jobs if wildcard in job.wildcards}


@pytest.mark.parametrize("profile", ["default", "slurm", "local-gpu"])
def test_a_profile_is_read(profiled, profile):
    assert plan(profiled, profile, "results/tables/main.csv").of("accuracy_table")


def test_the_local_gpu_profile_caps_what_jobs_ask_for_together(profiled):
    profile = yaml.safe_load((ROOT / "profiles/local-gpu/config.yaml").read_text())
    assert profile["resources"]["gpu"] > 0
    found = plan(profiled, "local-gpu", "results/tables/main.csv")
    assert {job.resources["gpu"] for job in found.of("train_policy")} == {1}


def test_the_cpu_profile_gives_no_gpu(profiled):
    found = plan(profiled, "default", "results/tables/main.csv")
    assert found.jobs
    assert not any(job.resources.get("gpu") for job in found.jobs)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """The dry run of both papers, and how many times the seconds of a small one it took."""
    flow = make(tmp_path_factory.mktemp("matrix") / "project")
    copy_profiles(flow)
    small = plan(flow, "slurm", "--configfile", "config/test.yaml")
    both = plan(flow, "slurm", *PAPER)
    return both, both.seconds / small.seconds


@pytest.mark.long
def test_both_papers_are_planned_for_a_cluster_in_at_most_3000_jobs_and_little_longer_than_a_small_run(matrix):
    both, ratio = matrix
    assert 1000 < len(both.jobs) <= 3000
    assert ratio < 10  # 15 times the jobs, and the small plan imports nothing


def test_every_job_of_the_papers_names_its_memory_and_time_and_fits_a_partition(matrix):
    partitions = yaml.safe_load((ROOT / "profiles/slurm/partitions.yaml").read_text())["partitions"]
    largest = max(limits.get("max_gpu", 0) for limits in partitions.values())
    for job in matrix[0].jobs:
        if job.rule == "all":
            continue
        # of inputs that are not there yet the size is unknown, and what depends on it
        assert job.resources["mem_mb"] == "<TBD>" or job.resources["mem_mb"] >= 1000, job
        assert job.resources["runtime"] >= 10, job
        assert job.resources.get("gpu", 0) <= largest, job


def test_the_rules_that_compute_on_gpus_ask_for_them_and_no_other_does(matrix):
    assert {job.rule for job in matrix[0].jobs if job.resources.get("gpu")} == {
        "sample_rollouts",
        "evaluate_policy",
        "embed_rollouts",
        "fit_reward_model",
        "measure_reward_model",
        "measure_top_k",
        "train_policy",
    }


def test_a_policys_row_plans_that_policy_alone(profiled):
    row = "results/paper/evaluation/main/qwen2.5-3b/memreward/ratio20/seed0/main.parquet"
    found = plan(profiled, "slurm", row, *PAPER)
    assert {job.rule for job in found.jobs} >= {
        "sample_rollouts",
        "embed_rollouts",
        "fit_reward_model",
        "train_policy",
        "evaluate_policy",
    }
    assert len(found.of("train_policy")) == 1
    assert values(found, "policy") == {"qwen2.5-3b"}
    assert values(found, "ratio") == {"20"}


def test_one_benchmarks_rollouts_plan_that_benchmark_alone(profiled):
    found = plan(profiled, "slurm", "results/paper/rollouts/qwen2.5-3b/gsm8k/train.parquet", *PAPER)
    rules = {"download_benchmark", "download_policy", "sample_queries", "sample_rollouts"}
    assert {job.rule for job in found.jobs} == rules
    assert values(found, "benchmark") == {"gsm8k"}


def test_a_table_over_label_ratios_plans_nothing_of_the_other_paper(profiled):
    found = plan(profiled, "slurm", "results/paper/tables/label_ratio.csv", *PAPER)
    assert values(found, "method") == {"base", "r1-p", "memreward", "oracle"}
    assert values(found, "policy") == {"qwen2.5-3b", "qwen2.5-1.5b"}


@pytest.mark.parametrize("command", PARTS)
def test_a_command_of_the_documentation_for_a_part_plans_jobs(profiled, command):
    first, target, *options = shlex.split(command)
    assert (first, [*options][-4:]) == ("snakemake", ["--workflow-profile", "profiles/slurm", *PAPER])
    assert plan(profiled, "slurm", target, *PAPER).jobs


def test_every_other_command_of_the_documentation_is_one_of_these():
    assert {*COMMANDS} - {*PARTS} == {
        "snakemake --workflow-profile profiles/slurm --configfile config/paper.yaml",  # the fixture `matrix`
        "snakemake --unlock --workflow-profile profiles/slurm --configfile config/paper.yaml",
        "snakemake --workflow-profile profiles/local-gpu --configfile config/paper.yaml",
    }


def test_a_folder_is_unlocked_as_documented(profiled):
    [command] = [shlex.split(line) for line in COMMANDS if "--unlock" in line]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=profiled.folder,
        env=profiled.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unlock" in done.stdout + done.stderr


def test_the_names_of_jobs_are_those_that_are_looked_for_after_a_killed_call():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert profile["slurm-jobname-prefix"] + "_" == slurm.PREFIX


def test_a_run_says_what_finished_how_far_it_is_and_what_came_out(profiled):
    shutil.copytree(ROOT / "profiles/default", profiled.folder / "profiles/default", dirs_exist_ok=True)
    target = "results/data/math/train.parquet"
    done = subprocess.run(
        [*profiled.command()[:3], target, "--cores", "1", "--configfile", "config/test.yaml"],
        cwd=profiled.folder,
        env=profiled.environment,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("Using workflow specific profile")]
    assert lines[:2] == ["1 jobs: 1 sample_queries", "About 4 s of work on one core."]
    assert re.fullmatch(r"\[1/1\] sample_queries math: (\d+ min )?\d+ s", lines[2])
    assert re.fullmatch(rf"1 of 1 jobs done in (\d+ min )?\d+ s\. Results: .*{target}.*", lines[3])
    assert len(lines) == 4
