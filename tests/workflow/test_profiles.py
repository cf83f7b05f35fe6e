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

from reward_memory.jobs import slurm

PAPER = ("--configfile", "config/paper.yaml")
DOCUMENT = (ROOT / "docs/cluster.md").read_text()
COMMANDS = sorted({*re.findall(r"^    (snakemake .*)$", DOCUMENT, re.MULTILINE)})
PARTS = [line for line in COMMANDS if line.startswith("snakemake results/")]
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)


@pytest.fixture
def profiled(workflow) -> Workflow:
    copy_profiles(workflow)
    return workflow


def copy_profiles(flow: Workflow) -> None:
    """All profiles, without our logger, whose output is for people."""
    shutil.copytree(ROOT / "profiles", flow.folder / "profiles")
    for path in flow.folder.glob("profiles/*/config.yaml"):
        path.write_text(path.read_text().replace("logger: reward-memory\n", ""))


def plan(flow: Workflow, profile: str, *arguments: str) -> str:
    """What a dry run with a profile says."""
    return planned_with(flow, profile, *arguments)[0]


def planned_with(flow: Workflow, profile: str, *arguments: str) -> tuple[str, float]:
    """What a dry run with a profile says, and its processor seconds."""
    done = planner.plan(flow.folder, [*arguments, "-n", "--workflow-profile", f"profiles/{profile}"], flow.environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout + done.stderr, done.seconds


def planned(said: str) -> dict[str, set[str]]:
    """Rule -> the different `resources` of its jobs."""
    found: dict[str, set[str]] = {}
    for rule, body in JOB.findall(said):
        asked = re.search(r"^    resources: (.*)$", body, re.MULTILINE)
        found.setdefault(rule, set()).add(asked[1] if asked else "")
    return found


def number(resources: str, name: str) -> int:
    found = re.search(rf"\b{name}=(\d+)", resources)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("profile", ["default", "slurm", "local-gpu"])
def test_a_profile_is_read(profiled, profile):
    assert "accuracy_table" in plan(profiled, profile, "results/tables/main.csv")


def test_the_local_gpu_profile_caps_what_jobs_ask_for_together(profiled):
    profile = yaml.safe_load((ROOT / "profiles/local-gpu/config.yaml").read_text())
    assert profile["resources"]["gpu"] > 0
    said = planned(plan(profiled, "local-gpu", "results/tables/main.csv"))
    assert {number(asked, "gpu") for asked in said["train_policy"]} == {1}


def test_the_cpu_profile_gives_no_gpu(profiled):
    said = planned(plan(profiled, "default", "results/tables/main.csv"))
    assert all(number(asked, "gpu") == 0 for rule in said for asked in said[rule])


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """What the dry run of both papers says, and how many times the seconds of a small one it took."""
    flow = make(tmp_path_factory.mktemp("matrix") / "project")
    copy_profiles(flow)
    _, small = planned_with(flow, "slurm", "--configfile", "config/test.yaml")
    said, seconds = planned_with(flow, "slurm", *PAPER)
    return said, seconds / small


def test_both_papers_are_planned_for_a_cluster_in_at_most_3000_jobs_and_little_longer_than_a_small_run(matrix):
    said, ratio = matrix
    assert 1000 < int(re.search(r"^total +(\d+)", said, re.MULTILINE)[1]) <= 3000
    assert ratio < 10  # 15 times the jobs, and the small plan imports nothing


def test_every_job_of_the_papers_names_its_memory_and_time_and_fits_a_partition(matrix):
    partitions = yaml.safe_load((ROOT / "profiles/slurm/partitions.yaml").read_text())["partitions"]
    largest = max(limits.get("max_gpu", 0) for limits in partitions.values())
    for rule, all_asked in planned(matrix[0]).items():
        for asked in all_asked - {""} if rule == "all" else all_asked:
            # of inputs that are not there yet the size is unknown, and what depends on it
            assert number(asked, "mem_mb") >= 1000 or "mem_mb=<TBD>" in asked, rule
            assert number(asked, "runtime") >= 10, rule
            assert number(asked, "gpu") <= largest, rule


def test_the_rules_that_compute_on_gpus_ask_for_them_and_no_other_does(matrix):
    found = planned(matrix[0]).items()
    asking = {rule for rule, all_asked in found if any(number(asked, "gpu") for asked in all_asked)}
    assert asking == {
        "sample_rollouts",
        "evaluate_policy",
        "embed_rollouts",
        "fit_reward_model",
        "measure_reward_model",
        "train_policy",
    }


def test_a_policys_row_plans_that_policy_alone(profiled):
    row = "results/paper/evaluation/main/qwen2.5-3b/memreward/ratio20/seed0/main.parquet"
    said = plan(profiled, "slurm", row, *PAPER)
    assert planned(said).keys() >= {
        "sample_rollouts",
        "embed_rollouts",
        "fit_reward_model",
        "train_policy",
        "evaluate_policy",
    }
    assert len(re.findall(r"^rule train_policy:", said, re.MULTILINE)) == 1
    assert set(re.findall(r"\bpolicy=([^,\s]+)", said)) == {"qwen2.5-3b"}
    assert set(re.findall(r"\bratio=([^,\s]+)", said)) == {"20"}


def test_one_benchmarks_rollouts_plan_that_benchmark_alone(profiled):
    said = plan(profiled, "slurm", "results/paper/rollouts/qwen2.5-3b/gsm8k/train.parquet", *PAPER)
    assert planned(said).keys() == {"download_benchmark", "download_policy", "sample_queries", "sample_rollouts"}
    assert set(re.findall(r"\bbenchmark=([^,\s]+)", said)) == {"gsm8k"}


def test_a_table_over_label_ratios_plans_no_base_policy_and_nothing_of_the_other_paper(profiled):
    said = plan(profiled, "slurm", "results/paper/tables/label_ratio.csv", *PAPER)
    assert set(re.findall(r"\bmethod=([^,\s]+)", said)) == {"r1-p", "memreward", "oracle"}
    assert set(re.findall(r"\bpolicy=([^,\s]+)", said)) == {"qwen2.5-3b", "qwen2.5-1.5b"}


@pytest.mark.parametrize("command", PARTS)
def test_a_command_of_the_documentation_for_a_part_plans_jobs(profiled, command):
    first, target, *options = shlex.split(command)
    assert (first, [*options][-4:]) == ("snakemake", ["--workflow-profile", "profiles/slurm", *PAPER])
    assert "Job stats" in plan(profiled, "slurm", target, *PAPER)


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
    assert re.fullmatch(r"\[1/1\] sample_queries math: \d+ s", lines[2])
    assert re.fullmatch(rf"1 of 1 jobs done in \d+ s\. Results: .*{target}.*", lines[3])
    assert len(lines) == 4
