"""The positive controls: config/controls.yaml plans both experiments, with the arms and seeds that they need."""

from collections import Counter
from pathlib import Path

import pytest

CONFIG = ("--configfile", "config/controls.yaml")
OVER = "config/overoptimization.yaml"
MEMORIES = ("dapo", "meds", "meds-cap-8", "meds-single-cluster", "meds-answers", "meds-alpha-0")


def trained(jobs) -> Counter:
    return Counter((w["suite"], w["method"], int(w["ratio"])) for rule, w in jobs if rule == "train_policy")


@pytest.fixture(scope="module")
def planned(pristine):
    return pristine.plan("all", *CONFIG)


@pytest.mark.slow
def test_the_error_memory_has_its_own_benchmark_and_three_seeds_of_every_arm(planned):
    jobs = planned.branch("results/controls/figures/error_spread.svg")
    assert trained(jobs) == {("meds", method, 100): 3 for method in MEMORIES}
    assert {w["benchmark"] for rule, w in jobs if rule == "sample_queries"} == {"watches"}
    assert not [rule for rule, _ in jobs if rule in ("fit_reward_model", "sample_rollouts")]


@pytest.mark.slow
def test_few_labels_have_five_ratios_and_five_seeds(planned):
    ratios = {
        ("main", method, ratio): 5
        for method in ("r1-p", "memreward", "memreward:graph-plus")
        for ratio in (2, 5, 10, 20, 50)
    } | {("main", "oracle", 100): 5, ("main", "ttrl", 0): 5}
    for target in ("figures/label_ratio.svg", "tables/main.csv"):
        assert trained(planned.branch(f"results/controls/{target}")) == ratios


@pytest.mark.slow
def test_learning_curves_look_the_truth_up_where_rewards_are_no_verdicts(planned):
    jobs = planned.branch("results/controls/figures/learning_curves/main.svg")
    looked_up = Counter(w["method"] for rule, w in jobs if rule == "measure_agreement")
    assert looked_up == {"memreward": 25, "memreward:graph-plus": 25, "ttrl": 5}
    # one table for all suites
    assert {suite for suite, *_ in trained(jobs)} == {"main", "meds"}


@pytest.mark.slow
def test_a_training_that_refits_is_given_the_revealed_rewards_and_no_truth(pristine):
    plan = pristine.plan("results/overoptimization/tables/main.csv", "--configfile", OVER)
    trainings = {job.wildcards["method"]: job.input for job in plan.jobs if job.rule == "train_policy"}
    added = {Path(path).name for path in trainings["refitted"]} - {Path(path).name for path in trainings["careful"]}
    assert added == {"train.queries.parquet", "train.responses.parquet", "train.safetensors", "rewards5.parquet"}
    assert not [path for path in trainings["refitted"] if "truths" in path or "verdicts" in path]


def test_over_optimization_has_its_answers_beside_it_and_one_reward_model_a_seed(pristine):
    jobs = pristine.jobs("results/overoptimization/figures/learning_curves/main.svg", "--configfile", OVER)
    predicted = ("memreward:graph-plus", "refitted", "careful", "anchored", "soft")
    arms = [*predicted, "r1-p"]
    assert trained(jobs) == {("main", arm, 5): 3 for arm in arms} | {("main", "oracle", 100): 3}
    assert Counter(w["method"] for rule, w in jobs if rule == "measure_agreement") == dict.fromkeys(predicted, 3)
    fitted = [(w["predictor"], w["seed"]) for rule, w in jobs if rule == "fit_reward_model"]
    assert sorted(fitted) == [("graph-plus", seed) for seed in "012"]
