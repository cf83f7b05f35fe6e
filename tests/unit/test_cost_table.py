"""The table of costs: jobs as a dry run lists them, sums, what made-up finished jobs took."""

import json
import logging
import os
from pathlib import Path

import pandas as pd
import pytest
import yaml

from reward_memory.config import loading
from reward_memory.cost.jobs import Job, configured, is_target
from reward_memory.cost.listing import Jobs
from reward_memory.cost.model import Model
from reward_memory.cost.plan import load
from reward_memory.cost.table import COLUMNS, cost_table
from reward_memory.errors import InputError
from reward_memory.jobs.finished import record
from reward_memory.settings import Configuration, Cost, Policy

ROOT = Path(__file__).parents[2]
#: Fields of Snakemake's event that a listing reads.
EVENT = {
    "event": "job_info",
    "rule_name": "train_policy",
    "wildcards": {"policy": "tiny", "method": "oracle"},
    "input": ["results/policies/a, b", "results/training_queries/main/valid.parquet"],
    "output": ["results/training/tiny/policy (update)", "results/training/tiny/history.csv (update)"],
    "benchmark": "results/usage/train/tiny.jsonl",
    "resources": {"tmpdir": "/tmp", "runtime": 20, "gpu": 2, "mem_mb": "<TBD>"},
    "threads": 4,
}


def test_a_job_is_read_from_the_event_that_snakemake_logs():
    listing = Jobs()
    for extra in (EVENT, {"event": "shellcmd"}, {}, EVENT | {"rule_name": "all", "output": []}):
        listing.emit(logging.makeLogRecord(extra))
    (fields,) = json.loads(json.dumps(listing.found))
    assert Job(**fields) == Job(
        "train_policy",
        {"policy": "tiny", "method": "oracle"},
        ["results/policies/a, b", "results/training_queries/main/valid.parquet"],
        ["results/training/tiny/policy", "results/training/tiny/history.csv"],
        "results/usage/train/tiny.jsonl",
        gpus=2,
        mem_mb=0,
        threads=4,
    )


def test_the_table_is_asked_for_by_name_or_needed_by_something_else():
    class Settings:
        targets = frozenset({"elsewhere/tables/cost.csv"})

    assert is_target(Settings(), "tables/cost.csv")
    assert not is_target(Settings(), "tables/main.csv")
    assert not is_target(None, "tables/cost.csv")


#: A workflow that stops as often as its folder says.
FRAGILE = """
from pathlib import Path
stops = Path("stops")
if left := int(stops.read_text()):
    stops.write_text(str(left - 1))
    raise WorkflowError("a file is gone")
rule all:
    output: "made"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("stops", "planned"), [(0, True), (1, True), (2, False)])
def test_a_plan_that_another_job_broke_is_made_once_more(tmp_path, monkeypatch, stops, planned):
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").write_text(FRAGILE)
    Path("stops").write_text(str(stops))
    if planned:
        assert [job.rule for job in configured("Snakefile", {})] == ["all"]
    else:
        with pytest.raises(InputError, match="a file is gone"):
            configured("Snakefile", {})


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The test configuration, its results in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    given = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    return loading.load(given)


def on_h100(config: Configuration) -> Configuration:
    return config.model_copy(update={"cost": Cost(gpu="h100")})


def rollouts(split: str = "train") -> Job:
    name = f"tiny/math/{split}"
    wildcards = {"policy": "tiny", "benchmark": "math", "split": split}
    made = [f"results/rollouts/{name}.parquet"]
    return Job("sample_rollouts", wildcards, [], made, f"results/usage/rollouts/{split}.jsonl", 1, 0, 1)


def train(method: str = "oracle") -> Job:
    folder = f"results/training/tiny/{method}"
    made = [f"{folder}/history.csv", f"{folder}/responses.parquet"]
    wildcards = {"suite": "main", "policy": "tiny", "method": method, "ratio": "100", "seed": "0"}
    return Job("train_policy", wildcards, [], made, f"results/usage/train/{method}.jsonl", 1, 0, 1)


def finish(job: Job, tokens: list[int], ended: float, **measured) -> None:
    """Leave a job's outputs and its benchmark file."""
    for path in map(Path, job.outputs):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            pd.DataFrame({"step": [0, 1], "sampled_tokens": [None, sum(tokens)]}).to_csv(path, index=False)
        else:
            trained = [place % 2 == 0 for place in range(len(tokens))]
            pd.DataFrame({"tokens": tokens, "trained": trained}).to_parquet(path)
    usage = Path(job.usage)
    usage.parent.mkdir(parents=True, exist_ok=True)
    usage.write_text(json.dumps({"s": 999.0}) + "\n" + json.dumps(measured) + "\n")
    os.utime(usage, (ended, ended))


def whole(table: pd.DataFrame) -> pd.Series:
    return table.iloc[-1]


def test_before_a_run_everything_is_estimated_and_nothing_measured(config):
    table = cost_table([rollouts(), train()], Model(config, ROOT / "reference", 0))
    assert list(table.columns) == COLUMNS
    assert whole(table)["jobs"] == 2
    assert whole(table)["finished"] == 0
    assert table.filter(like="_measured").isna().all(axis=None)
    # 16 queries, 4 samples, half of 48 tokens; 4 steps of 8 queries and 4 rollouts
    assert whole(table)["sampled_tokens_estimated"] == 16 * 4 * 24 + 4 * 8 * 4 * 24
    assert whole(table)["trained_tokens_estimated"] == 4 * 8 * 4 * 24


def test_a_finished_job_tells_what_it_took(config):
    job = rollouts()
    finish(job, [3, 4], ended=10_000, s=1800.0, cpu_time=900.0)
    table = cost_table([job, rollouts("test")], Model(config, ROOT / "reference", 0))
    row = table[(table["policy"] == "tiny") & (table["rule"] == "sample_rollouts")].iloc[0]
    assert (row["jobs"], row["finished"]) == (2, 1)
    assert row["job_hours_measured"] == 0.5  # the last line: Snakemake appends
    assert row["cpu_hours_measured"] == 0.25
    assert row["sampled_tokens_measured"] == 7
    assert row["disk_gb_measured"] == Path(job.outputs[0]).stat().st_size / 1e9
    assert row["gpu_hours_measured"] == 0


def test_gpu_hours_are_those_of_the_devices_that_a_job_had(config):
    jobs = [train("oracle"), train("r1-p")]
    for job, ended in zip(jobs, (10_000, 20_000), strict=True):
        finish(job, [1, 2], ended=ended, s=3600.0, cpu_time=1.0)
    record("results", jobs[0].rule, jobs[0].wildcards, jobs[0].outputs, {}, {}, begun=6400.0, seconds=3600.0, gpus=4)
    table = cost_table(jobs, Model(on_h100(config), ROOT / "reference"))
    assert (
        whole(table)["gpu_hours_measured"] == 5
    )  # 4 where the record of the finished job says so, else the one asked for
    assert whole(table)["gpu_hours_left"] == 0
    assert whole(table)["gpu_hours_estimated"] > 0


def test_a_trainings_tokens_are_those_sampled_and_those_it_learnt_from(config):
    finish(train(), [5, 7, 11], ended=10_000, s=1.0, cpu_time=1.0)
    row = whole(cost_table([train()], Model(config, ROOT / "reference", 0)))
    assert row["sampled_tokens_measured"] == 23
    assert row["trained_tokens_measured"] == 16


def test_jobs_that_ran_side_by_side_count_once_and_pauses_not_at_all(config):
    jobs = [rollouts("train"), rollouts("valid"), rollouts("test")]
    for job, ended in zip(jobs, (3600, 5400, 36000), strict=True):
        finish(job, [1], ended=ended, s=3600.0, cpu_time=1.0)
    assert whole(cost_table(jobs, Model(config, ROOT / "reference", 0)))["elapsed_hours_measured"] == 2.5


def test_what_snakemake_could_not_measure_is_left_out(config):
    finish(rollouts(), [1], ended=10_000, s=0.2, cpu_time="NA")
    row = whole(cost_table([rollouts()], Model(config, ROOT / "reference", 0)))
    assert pd.isna(row["cpu_hours_measured"])
    assert row["job_hours_measured"] == 0.2 / 3600


@pytest.mark.parametrize(
    "damage", ["", "{", '{"s": "long"}', '{"s": -1}', "[3]", '{"h": 2}', '{"s": 1, "cpu_time": "x"}']
)
def test_a_damaged_benchmark_file_is_told_and_costs_no_table(config, capsys, damage):
    finish(rollouts(), [6], ended=10_000)
    Path(rollouts().usage).write_text(damage)
    row = whole(cost_table([rollouts()], Model(config, ROOT / "reference", 0)))
    assert (row["finished"], row["sampled_tokens_measured"]) == (1, 6)
    assert pd.isna(row["job_hours_measured"])
    assert capsys.readouterr().err == (
        f"{rollouts().usage}: is damaged, so the cost table has no hours of its job; remove the file.\n"
    )


def test_without_a_benchmark_file_the_time_is_unknown_and_the_tokens_are_not(config):
    finish(rollouts(), [6], ended=10_000)
    Path(rollouts().usage).unlink()
    row = whole(cost_table([rollouts()], Model(config, ROOT / "reference", 0)))
    assert (row["finished"], row["sampled_tokens_measured"]) == (1, 6)
    assert pd.isna(row["job_hours_measured"])


def test_half_of_a_jobs_outputs_do_not_make_it_finished(config):
    finish(train(), [1], ended=10_000, s=1.0, cpu_time=1.0)
    Path(train().outputs[0]).unlink()
    assert whole(cost_table([train()], Model(config, ROOT / "reference", 0)))["finished"] == 0


def test_what_is_left_is_the_estimate_of_the_rest(config):
    jobs = [train("oracle"), train("r1-p")]
    row = whole(cost_table(jobs, Model(on_h100(config), ROOT / "reference"), done={jobs[0].key}))
    assert row["gpu_hours_left"] == pytest.approx(row["gpu_hours_estimated"] / 2)


def test_a_policy_of_unknown_size_has_no_estimate_and_neither_have_sums_with_it(config):
    config.policies["tiny"] = Policy.model_validate({"hub": {"repository": "some/body", "revision": "0" * 40}})
    table = cost_table([train()], Model(config, ROOT / "reference", 0))
    assert table["job_hours_estimated"].isna().all()
    assert (table["jobs"] == 1).all()


def test_the_sums_are_those_of_their_rows(config):
    jobs = [rollouts(), rollouts("test"), train("oracle"), train("r1-p")]
    table = cost_table(jobs, Model(config, ROOT / "reference", 0))
    single = table[(table["policy"] != "all") & (table["rule"] != "total")]
    for part in (
        table[(table["policy"] != "all") & (table["rule"] == "total")],
        table[(table["policy"] == "all") & (table["rule"] != "total")],
        table.iloc[-1:],
    ):
        for name in ("jobs", "job_hours_estimated", "sampled_tokens_estimated", "disk_gb_estimated"):
            assert part[name].sum() == pytest.approx(single[name].sum())


def test_later_configurations_and_pairs_go_first(tmp_path):
    (tmp_path / "a.yaml").write_text((ROOT / "config/test.yaml").read_text())
    (tmp_path / "b.yaml").write_text("training: {steps: 8}\n")
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    config, source = load(files, ["seeds=[3]", "training={train_batch_size: 4}"])
    assert source.endswith("b.yaml + --config")
    assert (config.training.steps, config.training.train_batch_size, config.seeds) == (8, 4, [3])
    assert config.training.samples_per_query == 4


@pytest.mark.parametrize(
    ("files", "pairs", "sentence"),
    [(["nowhere.yaml"], [], "nowhere.yaml: no such file"), ([], ["seeds"], "--config seeds: should be key=value")],
)
def test_a_wrong_configuration_is_told_in_one_sentence(tmp_path, monkeypatch, files, pairs, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=sentence):
        load([Path(file) for file in files], pairs)
