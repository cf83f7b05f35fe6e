"""The cost of a configuration: the target by itself, the plan beside Snakemake's own dry run."""

import os
import subprocess
import sys
from collections import Counter

import pandas as pd
import pytest

from reward_memory.cost.jobs import to_run
from reward_memory.errors import InputError

CONFIG = ("--configfile", "config/test.yaml")
COST = "results/tables/cost.csv"


def plan(flow, *arguments: str) -> pd.DataFrame:
    """The table of `reward-memory plan` in the workflow's folder."""
    command = [sys.executable, "-m", "reward_memory.cli", "plan", *arguments, "--csv", "plan.csv"]
    environment = flow.environment | {"COLUMNS": "150"}
    done = subprocess.run(command, cwd=flow.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (flow.folder / "plan.txt").write_text(done.stdout)
    return pd.read_csv(flow.folder / "plan.csv")


def by_rule(table: pd.DataFrame, column: str = "jobs") -> Counter:
    rows = table[(table["policy"] == "all") & (table["rule"] != "total")]
    return Counter(dict(zip(rows["rule"], rows[column].astype(int), strict=True)))


def planned(flow, *arguments: str) -> Counter:
    return Counter(rule for rule, _ in flow.jobs("all", *arguments) if rule != "all")


@pytest.mark.slow
def test_the_plan_has_the_jobs_that_snakemake_would_run(workflow):
    table = plan(workflow, "--gpus", "0")
    snakemake = workflow.plan("all")
    assert by_rule(table) == Counter(job.rule for job in snakemake.jobs if job.rule != "all")
    assert table["job_hours_estimated"].notna().all()
    assert (table.iloc[-1]["finished"], table.iloc[-1]["gpu_hours_estimated"]) == (0, 0)
    # its plan breaks where another job removes a file at that moment, so what may end before does
    before = snakemake.branch("cost_table")
    others = [job for job in snakemake.jobs if (job.rule, job.wildcards) not in before]
    after = {(job.rule, job.wildcards.get("table")) for job in others}
    assert after == {("all", None), ("write_page", "cost"), ("show_responses", None)}


@pytest.mark.slow
def test_the_published_matrix_is_planned_with_nothing_there(workflow):
    (workflow.folder / "cluster").mkdir()
    (workflow.folder / "cluster/config.yaml").write_text("resources: {gpu: 16}\n")
    paper = ("--configfile", "config/paper.yaml", "--config", "seeds=[0]")
    table = plan(workflow, *paper, "--workflow-profile", "cluster")
    last = table.iloc[-1]
    assert by_rule(table)["train_policy"] == 59
    assert last["gpu_hours_estimated"] > 1000
    assert last["elapsed_hours_estimated"] >= last["gpu_hours_estimated"] / 16
    assert last["elapsed_hours_estimated"] >= last["critical_path_hours_estimated"] > 0
    assert last["peak_disk_gb_estimated"] >= last["disk_gb_estimated"] > 100
    assert set(table["estimate"]) == {"assumed, untested"}
    assert "untested" in (workflow.folder / "plan.txt").read_text()
    assert not (workflow.folder / "results").exists()


@pytest.mark.long
def test_the_target_needs_nothing_else_and_measures_what_is_finished(workflow):
    assert [rule for rule, _ in workflow.jobs(COST, *CONFIG)] == ["cost_table"]
    every = planned(workflow, *CONFIG)
    workflow.run("results/labels/main/ratio50.parquet", "--cores", "1", *CONFIG)
    made = plan(workflow, *CONFIG, "--gpus", "0")
    finished = Counter(sample_queries=3, route_labels=1)
    assert +by_rule(made, "finished") == finished
    assert by_rule(made) - by_rule(made, "finished") == planned(workflow, *CONFIG)
    workflow.run(COST, "--cores", "1", *CONFIG)
    table = pd.read_csv(workflow.folder / COST)
    assert by_rule(table) == every | Counter(cost_table=1)
    assert workflow.jobs(COST, *CONFIG) == []
    for costs in (made, table):
        assert +by_rule(costs, "finished") == finished
        queries = costs[(costs["policy"] == "all") & (costs["rule"] == "sample_queries")].iloc[0]
        assert queries["job_hours_measured"] > 0
        assert queries["job_hours_left"] == pytest.approx(queries["job_hours_estimated"] / 2)


@pytest.mark.slow
def test_what_snakemake_refuses_is_its_own_sentence(workflow, monkeypatch):
    monkeypatch.chdir(workflow.folder)
    with pytest.raises(InputError, match=r"could not be made: .*No rule to produce results/tables/none\.csv"):
        to_run("Snakefile", ["results/tables/none.csv"], CONFIG, [])


@pytest.mark.slow
def test_after_a_run_measured_figures_stand_beside_the_estimates(finished):
    table = pd.read_csv(finished.folder / COST)
    last = table.iloc[-1]
    train = table[(table["policy"] == "all") & (table["rule"] == "train_policy")].iloc[0]
    assert train["finished"] == train["jobs"]
    assert 0 < train["job_hours_measured"] < 2
    assert 0 < train["trained_tokens_measured"] <= train["sampled_tokens_measured"]
    assert train["disk_gb_measured"] > 0
    assert last["elapsed_hours_measured"] <= last["job_hours_measured"]


@pytest.mark.slow
def test_a_whole_run_has_nothing_left_and_a_lost_file_is_left(finished, tmp_path):
    copy = finished.copy(tmp_path / "project")
    assert plan(copy, *CONFIG, "--gpus", "0").iloc[-1]["job_hours_left"] == 0
    os.unlink(copy.folder / "results/tables/reliability.csv")
    table = plan(copy, *CONFIG, "--gpus", "0")
    unfinished = by_rule(table) - by_rule(table, "finished")
    assert unfinished["reliability_table"] == 1
    assert unfinished["train_policy"] == 0
