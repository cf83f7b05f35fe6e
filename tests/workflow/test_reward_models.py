"""Reward models other than the graph: their table, and training with them."""

import json

import pandas as pd
import pytest

from reward_memory.evaluation.reward_model_quality import METRICS

CONFIG = ("--configfile", "config/test.yaml")
TABLE = "results/tables/reward_models.csv"


def test_the_table_plans_no_training(workflow):
    rules = {rule for rule, _ in workflow.jobs(TABLE, *CONFIG)}
    assert {"fit_reward_model", "measure_reward_model", "reward_models_table"} <= rules
    assert not rules & {"train_policy", "evaluate_policy", "select_training_queries", "select_validation_queries"}


def test_a_method_may_name_its_reward_model(workflow):
    workflow.edit("config/test.yaml", "memreward, oracle", "memreward:majority, oracle")
    jobs = workflow.jobs("results/tables/main.csv", *CONFIG)
    assert [wildcards["predictor"] for rule, wildcards in jobs if rule == "fit_reward_model"] == ["majority"]
    assert "memreward:majority" in {wildcards["method"] for rule, wildcards in jobs if rule == "train_policy"}
    assert "predicted" in {wildcards["rewards"] for rule, wildcards in jobs if rule == "select_training_queries"}


@pytest.mark.slow
def test_every_reward_model_has_its_metrics_on_every_split(finished):
    table = pd.read_csv(finished.folder / TABLE)
    overall = table[table["benchmark"] == "overall"].set_index(["predictor", "split", "metric"])
    assert len(overall) == 3 * 3 * len(METRICS)
    assert overall.loc[("graph", "train", "auc"), "queries"] == 24
    assert overall.loc[("graph", "test", "auc"), "queries"] == 24
    assert overall["mean"].dropna().between(0, 1).all()
    assert (table["ci_low"].isna() | (table["ci_low"] <= table["mean"] + 1e-9)).all()


@pytest.mark.slow
def test_a_reward_model_may_be_selected_on_the_truths_of_valid_queries(finished, tmp_path):
    copy = finished.copy(tmp_path / "project")
    copy.edit("config/test.yaml", "reward_model: {", "reward_model: {selection: valid, abstain: 0.1, ")
    target = "results/reward_models/main/tiny/graph/ratio50/seed0/model.json"
    assert [rule for rule, _ in copy.jobs(target, *CONFIG)] == ["fit_reward_model"]
    first = json.loads((copy.folder / target).read_text())
    copy.run(target, "--cores", "1", *CONFIG)
    second = json.loads((copy.folder / target).read_text())
    # what is made of its probabilities is none of its settings
    assert second["config"] == first["config"] | {"selection": "valid"}
    assert second["metrics"] != first["metrics"]


@pytest.mark.slow
def test_an_arm_with_another_reward_model_leaves_the_others_alone(finished, tmp_path):
    copy = finished.copy(tmp_path / "project")
    copy.edit("config/test.yaml", "memreward, oracle", "memreward, memreward:graph-plus, oracle")
    jobs = copy.jobs("results/tables/main.csv", *CONFIG)
    assert {rule for rule, _ in jobs} == {"train_policy", "evaluate_policy", "accuracy_table"}
    assert {wildcards["method"] for _, wildcards in jobs if "method" in wildcards} == {"memreward:graph-plus"}


@pytest.mark.slow
def test_rewards_of_a_run_are_compared_with_the_truth_afterwards(finished, tmp_path):
    copy = finished.copy(tmp_path / "project")
    target = "results/training/main/tiny/memreward/ratio50/seed0/agreement.csv"
    (copy.folder / target).unlink()  # the table of learning curves has made it
    assert [rule for rule, _ in copy.jobs(target, *CONFIG)] == ["measure_agreement"]
    copy.run(target, "--cores", "1", *CONFIG)
    table = pd.read_csv(copy.folder / target)
    rewarded = pd.read_parquet(copy.folder / "results/training/main/tiny/memreward/ratio50/seed0/responses.parquet")
    predicted = rewarded[rewarded["probability"].notna()]
    assert table["step"].tolist() == sorted(predicted["step"].unique())
    assert table["responses"].tolist() == predicted.groupby("step").size().tolist()
    assert table["agreement"].between(0, 1).all()
