"""After a whole run: what switching a published behavior on would run again."""

import pytest

CONFIG = ("--configfile", "config/test.yaml")
TABLE = "results/tables/main.csv"

pytestmark = pytest.mark.slow

AFTER_LABELS = {"revealed_rewards", "reward_model", "training_queries", "train", "evaluate", "accuracy_table"}
AFTER_DATA = AFTER_LABELS | {"rollouts", "embeddings", "verdicts", "labels", "validation_queries", "prompt_lengths"}


def switched(finished, name: str) -> list[tuple[str, dict[str, str]]]:
    return finished.jobs(TABLE, *CONFIG, "--config", f"fidelity=[{name}]")


def of(jobs, rule: str, wildcard: str) -> set[str]:
    return {wildcards[wildcard] for name, wildcards in jobs if name == rule}


def test_corrected_is_the_default(finished):
    assert finished.jobs(TABLE, *CONFIG, "--config", "fidelity=corrected") == []


def test_base_tests_make_code_queries_anew_and_no_others(finished):
    jobs = switched(finished, "base-tests")
    assert {rule for rule, _ in jobs} == AFTER_DATA | {"queries"}
    assert of(jobs, "queries", "benchmark") == of(jobs, "rollouts", "benchmark") == {"mbpp_plus"}


def test_torn_templates_make_all_queries_anew(finished):
    jobs = switched(finished, "torn-templates")
    assert {rule for rule, _ in jobs} == AFTER_DATA | {"queries"}
    assert of(jobs, "queries", "benchmark") == {"math", "mmlu", "mbpp_plus"}


def test_colliding_ids_route_labels_anew_and_leave_arms_without_labels(finished):
    jobs = switched(finished, "colliding-ids")
    assert {rule for rule, _ in jobs} == AFTER_LABELS | {"labels"}
    assert of(jobs, "train", "method") == of(jobs, "evaluate", "method") == {"r1-p", "memreward"}


def test_loose_checks_grade_anew_and_sample_no_rollout(finished):
    jobs = switched(finished, "loose-checks")
    assert {rule for rule, _ in jobs} == AFTER_LABELS - {"training_queries"} | {"verdicts"}
    assert of(jobs, "evaluate", "method") == {"base", "r1-p", "memreward", "oracle"}


def test_a_behavior_of_the_reward_model_reruns_the_arm_that_trains_with_it(finished):
    jobs = switched(finished, "query-edges")
    assert {rule for rule, _ in jobs} == {"reward_model", "train", "evaluate", "accuracy_table"}
    assert of(jobs, "train", "method") == {"memreward"}
