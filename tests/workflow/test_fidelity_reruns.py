"""After a whole run: what switching a published behavior on would run again."""

import pandas as pd
import pytest

CONFIG = ("--configfile", "config/test.yaml")
TABLE = "results/tables/main.csv"

pytestmark = pytest.mark.slow

AFTER_LABELS = {
    "reveal_rewards",
    "fit_reward_model",
    "select_training_queries",
    "train_policy",
    "evaluate_policy",
    "accuracy_table",
}
AFTER_DATA = AFTER_LABELS | {
    "sample_rollouts",
    "embed_rollouts",
    "grade_rollouts",
    "route_labels",
    "select_validation_queries",
    "count_prompt_tokens",
}


def switched(finished, name: str) -> list[tuple[str, dict[str, str]]]:
    return finished.jobs(TABLE, *CONFIG, "--config", f"fidelity=[{name}]")


def of(jobs, rule: str, wildcard: str) -> set[str]:
    return {wildcards[wildcard] for name, wildcards in jobs if name == rule}


def test_corrected_is_the_default(finished):
    assert finished.jobs(TABLE, *CONFIG, "--config", "fidelity=corrected") == []


def test_base_tests_make_code_queries_anew_and_no_others(finished):
    jobs = switched(finished, "base-tests")
    assert {rule for rule, _ in jobs} == AFTER_DATA | {"sample_queries"}
    assert of(jobs, "sample_queries", "benchmark") == of(jobs, "sample_rollouts", "benchmark") == {"mbpp_plus"}


def test_torn_templates_make_all_queries_anew(finished):
    jobs = switched(finished, "torn-templates")
    assert {rule for rule, _ in jobs} == AFTER_DATA | {"sample_queries"}
    assert of(jobs, "sample_queries", "benchmark") == {"math", "mmlu", "mbpp_plus"}


def test_colliding_ids_route_labels_anew_and_leave_arms_without_labels(finished):
    jobs = switched(finished, "colliding-ids")
    assert {rule for rule, _ in jobs} == AFTER_LABELS | {"route_labels"}
    assert of(jobs, "train_policy", "method") == of(jobs, "evaluate_policy", "method") == {"r1-p", "memreward"}


def test_loose_checks_grade_anew_and_sample_no_rollout(finished):
    jobs = switched(finished, "loose-checks")
    assert {rule for rule, _ in jobs} == AFTER_LABELS - {"select_training_queries"} | {"grade_rollouts"}
    assert of(jobs, "evaluate_policy", "method") == {"base", "r1-p", "memreward", "oracle"}


def test_a_behavior_of_the_reward_model_reruns_the_arm_that_trains_with_it(finished):
    jobs = switched(finished, "query-edges")
    assert {rule for rule, _ in jobs} == {"fit_reward_model", "train_policy", "evaluate_policy", "accuracy_table"}
    assert of(jobs, "train_policy", "method") == {"memreward"}


def test_out_of_domain_no_query_counts_as_labeled_as_published(workflow):
    rows = "results/training_queries/ood/{}/ratio{}/train.parquet"
    predicted, labeled = rows.format("predicted", 50), rows.format("labeled", 50)
    main = predicted.replace("/ood/", "/main/")

    def truths(*options: str) -> list[int]:
        """How many rows of each file have a ground truth."""
        workflow.run(predicted, labeled, main, "--cores", "2", *CONFIG, *options)
        tables = [pd.read_parquet(workflow.folder / path)["reward_model"] for path in (predicted, labeled, main)]
        return [sum(value["ground_truth"] is not None for value in table) for table in tables]

    assert truths() == [8, 8, 24]
    assert truths("--config", "fidelity=[unlabeled-ood]") == [0, 8, 24]
