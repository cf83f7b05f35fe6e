"""A label ratio of 0 out of domain: the in-domain reward model predicts all rewards."""

import pandas as pd
import pytest

CONFIG = ("--configfile", "config/test.yaml")
ROWS = "results/training_queries/ood/predicted/ratio0/train.parquet"


@pytest.fixture
def flow(workflow):
    workflow.edit("config/test.yaml", "label_ratios: [50]", "label_ratios: [50, 75]")
    ood = "{reward_model_of: main, label_ratios: [0], reward_model_ratio: 75, methods: [base, memreward, ttrl, oracle]}"
    workflow.edit("config/test.yaml", "ood: {reward_model_of: main}", f"ood: {ood}")
    return workflow


def test_it_trains_on_what_the_other_suites_reward_model_predicts(flow):
    jobs = flow.jobs("results/tables/ood.csv", *CONFIG)
    assert {(w["method"], w["ratio"]) for rule, w in jobs if rule == "train_policy"} == {
        ("memreward", "0"),
        ("ttrl", "0"),
        ("oracle", "100"),
    }
    fitted = [(w["suite"], w["predictor"], w["ratio"]) for rule, w in jobs if rule == "fit_reward_model"]
    assert fitted == [("main", "graph", "75")]


@pytest.mark.slow
def test_no_ground_truth_is_in_its_rows(flow):
    flow.run(ROWS, "--cores", "1", *CONFIG)
    table = pd.read_parquet(flow.folder / ROWS)
    assert len(table) == 16
    assert all(row["ground_truth"] is None for row in table["reward_model"])
