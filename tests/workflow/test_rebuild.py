"""After a whole run: what a change rebuilds, and what it leaves alone."""

import pandas as pd
import pytest

CONFIG = ("--configfile", "config/test.yaml")
TABLE = "results/tables/main.csv"

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def test_nothing_to_do_afterwards_and_quick_to_say_so(finished):
    nothing = finished.run(TABLE, "-n", *CONFIG)
    assert nothing.jobs == []
    everything = finished.run(TABLE, "-n", "--forceall", *CONFIG)
    assert nothing.seconds < 1.5 * everything.seconds


def test_evaluation_samples_rerun_evaluation_and_tables_only(copy):
    copy.edit("config/test.yaml", "evaluation: {samples_per_query: 2", "evaluation: {samples_per_query: 3")
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {rule for rule, _ in jobs} == {"evaluate_policy", "accuracy_table"}
    assert len(jobs) == 5


def test_label_ratio_reruns_no_rollout_and_no_oracle_run(copy):
    copy.edit("config/test.yaml", "label_ratios: [50]", "label_ratios: [75]")
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {rule for rule, _ in jobs} == {
        "route_labels",
        "reveal_rewards",
        "fit_reward_model",
        "select_training_queries",
        "train_policy",
        "evaluate_policy",
        "accuracy_table",
    }
    assert {wildcards["method"] for rule, wildcards in jobs if rule in ("train_policy", "evaluate_policy")} == {
        "r1-p",
        "memreward",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{predictor: graph,", "{predictor: graph, threshold: 0.6,"),
        ("{predictor: graph,", "{predictor: graph, reward: soft,"),
        ("main: {transfer: [ood]}", "main: {transfer: [ood], reward_model: {threshold: 0.6}}"),
    ],
)
def test_what_becomes_of_predictions_reruns_no_fit(copy, old, new):
    copy.edit("config/test.yaml", old, new)
    jobs = copy.jobs(TABLE, *CONFIG)
    assert [rule for rule, _ in jobs] == ["train_policy", "evaluate_policy", "accuracy_table"]
    assert {wildcards["method"] for _, wildcards in jobs if "method" in wildcards} == {"memreward"}


def test_a_variant_with_soft_rewards_shares_the_fit(copy):
    copy.edit("config/test.yaml", "memreward, oracle]", "memreward, soft, oracle]")
    variant = "variants: {soft: {like: memreward, reward_model: {reward: soft}}}\nsandbox: reduced"
    copy.edit("config/test.yaml", "sandbox: reduced", variant)
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {rule for rule, _ in jobs} == {"train_policy", "evaluate_policy", "accuracy_table"}
    assert {wildcards["method"] for _, wildcards in jobs if "method" in wildcards} == {"soft"}


def test_a_variant_that_refits_shares_the_first_fit(copy):
    copy.edit("config/test.yaml", "memreward, oracle]", "memreward, refitted, oracle]")
    others = "ood: {reward_model_of: main, methods: [base, r1-p, memreward, oracle]}"
    copy.edit("config/test.yaml", "ood: {reward_model_of: main}", others)
    variant = "variants: {refitted: {like: memreward, reward_model: {refit: 2}}}\nsandbox: reduced"
    copy.edit("config/test.yaml", "sandbox: reduced", variant)
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {rule for rule, _ in jobs} == {"train_policy", "evaluate_policy", "accuracy_table"}
    assert {wildcards["method"] for _, wildcards in jobs if "method" in wildcards} == {"refitted"}


def test_another_policy_touches_no_other_policy(copy):
    copy.edit(
        "config/test.yaml",
        "policies:\n",
        "policies:\n  other: {bootstrap: {hidden_size: 64, num_hidden_layers: 1, steps: 9}}\n",
    )
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {wildcards["policy"] for _, wildcards in jobs if "policy" in wildcards} == {"other"}
    assert {rule for rule, wildcards in jobs if "policy" not in wildcards} == {"accuracy_table"}


def test_another_seed_keeps_the_first(copy):
    copy.edit("config/test.yaml", "seeds: [0]", "seeds: [0, 1]")
    jobs = copy.jobs(TABLE, *CONFIG)
    assert {wildcards["seed"] for _, wildcards in jobs if "seed" in wildcards} == {"1"}
    assert "sample_rollouts" not in {rule for rule, _ in jobs}


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("report/tables/accuracy.py", {"accuracy_table"}),
        (
            "data/labels.py",
            {
                "route_labels",
                "reveal_rewards",
                "fit_reward_model",
                "select_training_queries",
                "train_policy",
                "evaluate_policy",
                "accuracy_table",
            }
            # its rows are made by the module that reveals truths
            | {"select_validation_queries"},
        ),
        ("evaluation/reward_model_quality.py", set()),
        ("training/objectives/predicted.py", {"train_policy", "evaluate_policy", "accuracy_table"}),
        ("evaluation/statistics.py", {"accuracy_table"}),
    ],
)
def test_editing_a_library_module_reruns_the_rules_that_use_it(copy, module, rules):
    copy.append(f"src/reward_memory/{module}", "EDITED = True\n")
    assert copy.rules(TABLE, *CONFIG) == rules


def test_a_comment_in_a_library_module_reruns_nothing(copy):
    copy.append("src/reward_memory/report/tables/accuracy.py", "# read by accuracy_table\n")
    assert copy.jobs(TABLE, *CONFIG) == []


def test_main_table_has_all_arms_benchmarks_and_averages(finished):
    table = pd.read_csv(finished.folder / TABLE)
    assert set(table["method"]) == {"base", "r1-p", "memreward", "oracle"}
    benchmarks = ["math", "mmlu", "mbpp_plus", "average (sample-weighted)", "average (macro)"]
    for _, arm in table.groupby("method"):
        assert arm["benchmark"].tolist() == benchmarks
        assert arm["n"].tolist() == [8, 8, 8, 24, 24]
    assert (table["ci_low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["ci_high"]).all()
    assert table["published"].isna().all()
    assert set(table["source"]) == {"generated"}


def test_out_of_domain_table_has_only_its_benchmarks(finished):
    table = pd.read_csv(finished.folder / "results/tables/ood.csv")
    assert set(table["benchmark"]) == {"piqa", "average (sample-weighted)", "average (macro)"}


def test_every_job_left_a_log_and_a_measurement(finished):
    logs = {
        path.relative_to(finished.folder / "results/logs") for path in (finished.folder / "results/logs").rglob("*.log")
    }
    usage = {
        path.relative_to(finished.folder / "results/usage").with_suffix(".log")
        for path in (finished.folder / "results/usage").rglob("*.jsonl")
    }
    assert logs == usage
    assert len(logs) > 20
