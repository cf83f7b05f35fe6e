"""The tables besides main.csv: each plans its own branch, and `all` those that there is something for."""

import re
from functools import cache

import pytest
from conftest import make

pytestmark = pytest.mark.slow

CONFIG = ("--configfile", "config/test.yaml")
RATIOS = ("label_ratios: [50]", "label_ratios: [50, 75]")
ABLATION = ("memreward, oracle", "memreward, memreward:mlp, memreward:majority, oracle")
NEIGHBORS = ("reward_model: {", "reward_model: {top_k: [1, 3], ")
VALID = ("reward_model: {", "reward_model: {selection: valid, ")
#: What `all` leaves out of the test configuration, because it has one label ratio.
LABELS = ("results/tables/label_ratio.csv", "results/tables/labels_spent.csv")
TRAINED = {
    *(
        "sample_queries",
        "bootstrap_policy",
        "sample_rollouts",
        "grade_rollouts",
        "route_labels",
        "reveal_rewards",
        "embed_rollouts",
        "fit_reward_model",
    ),
    *("select_training_queries", "select_validation_queries", "count_prompt_tokens", "train_policy", "evaluate_policy"),
}


def arms(jobs) -> set[tuple[str, str]]:
    return {(wildcards["method"], wildcards["ratio"]) for rule, wildcards in jobs if rule == "train_policy"}


def drawn(jobs) -> set[str]:
    """The rules of tables and figures; those of several with their table."""
    return {
        rule + (f" {wildcards['table']}" if "table" in wildcards else "")
        for rule, wildcards in jobs
        if rule.endswith("_table")
    }


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The plan of `all` and of LABELS, for the test configuration with one edit."""

    @cache
    def planned(old: str = "", new: str = ""):
        flow = make(tmp_path_factory.mktemp("plan") / "project")
        flow.edit("config/test.yaml", old, new)
        return flow.plan("=".join(CONFIG), "all", *LABELS)

    return planned


def test_out_of_domain_trains_its_own_policies_with_the_reward_models_of_suite_main(planned):
    jobs = planned().branch("results/tables/ood.csv")
    trained = {(w["suite"], w["method"], w["ratio"]) for rule, w in jobs if rule == "train_policy"}
    assert trained == {("ood", "r1-p", "50"), ("ood", "memreward", "50"), ("ood", "oracle", "100")}
    assert {(w["suite"], w["predictor"]) for rule, w in jobs if rule == "fit_reward_model"} == {("main", "graph")}
    # no rollout of the suite: nothing that predicts its rewards has seen a response to its queries
    assert {w["benchmark"] for rule, w in jobs if rule == "sample_rollouts"} == {"math", "mmlu", "mbpp_plus"}
    evaluated = {(w["suite"], w["method"], w["tested"]) for rule, w in jobs if rule == "evaluate_policy"}
    assert evaluated == {("ood", method, "ood") for method in ("base", "r1-p", "memreward", "oracle")}


def test_transfer_tests_the_policies_of_suite_main_and_trains_none_of_suite_ood(planned):
    jobs = planned().branch("results/tables/transfer.csv")
    assert {w["suite"] for rule, w in jobs if rule == "train_policy"} == {"main"}
    evaluated = {(w["suite"], w["method"], w["tested"]) for rule, w in jobs if rule == "evaluate_policy"}
    assert evaluated == {
        ("ood", "base", "ood"),
        *(("main", method, "ood") for method in ("r1-p", "memreward", "oracle")),
    }


def test_label_ratios_stand_beside_the_untrained_policy(planned):
    jobs = planned().branch("results/tables/label_ratio.csv")
    assert {rule for rule, _ in jobs} == {*TRAINED, "accuracy_table"}
    evaluated = {(wildcards["method"], wildcards["tested"]) for rule, wildcards in jobs if rule == "evaluate_policy"}
    assert evaluated == {(method, "main") for method in ("base", "r1-p", "memreward", "oracle")}


def test_every_label_ratio_has_its_own_runs(planned):
    jobs = planned(*RATIOS).branch("results/figures/label_ratio.svg")
    each = {(method, ratio) for method in ("r1-p", "memreward") for ratio in ("50", "75")}
    assert arms(jobs) == each | {("oracle", "100")}
    assert drawn(jobs) == {"accuracy_table label_ratio", "plot_table label_ratio"}


def test_labels_spent_reads_valid_queries_only_where_a_reward_model_selects_on_them(planned):
    (held_out,), (valid,) = (plan.of("labels_spent_table") for plan in (planned(), planned(*VALID)))
    first = ["results/tables/label_ratio.csv", "results/labels/main/ratio50.parquet"]
    assert held_out.input == first
    assert valid.input[:3] == [*first, "results/data/math/valid.parquet"]


def test_the_ablation_trains_no_other_arm(planned):
    jobs = planned(*ABLATION).branch("results/figures/ablation.svg")
    assert arms(jobs) == {("memreward", "50"), ("memreward:mlp", "50")}
    assert drawn(jobs) == {"ablation_table", "plot_table ablation"}


def test_without_an_ablation_its_table_says_what_to_add(pristine):
    done = pristine.run("results/tables/ablation.csv", "-n", *CONFIG, check=False)
    assert done.returncode == 1
    assert (
        "methods: none is an ablation of memreward; add memreward:graph-homogeneous, memreward:graph-no-thinking or "
        "memreward:mlp, and memreward to compare with."
    ) in done.stdout + done.stderr


def test_gains_over_r1_p_train_these_two_arms(planned):
    jobs = planned().branch("results/figures/accuracy_delta.svg")
    assert arms(jobs) == {("r1-p", "50"), ("memreward", "50")}
    assert drawn(jobs) == {"accuracy_delta_table", "plot_table accuracy_delta"}


def test_reliability_trains_no_policy(planned):
    jobs = planned().branch("results/figures/reliability.svg")
    assert not {rule for rule, _ in jobs} & {
        "train_policy",
        "evaluate_policy",
        "select_training_queries",
        "select_validation_queries",
    }
    assert sum(rule == "measure_reward_model" for rule, _ in jobs) == 3
    assert drawn(jobs) == {"reliability_table", "plot_table reliability"}


def test_without_numbers_of_neighbors_their_table_says_what_to_add(pristine):
    done = pristine.run("results/tables/top_k.csv", "-n", *CONFIG, check=False)
    assert "reward_model: top_k: is empty; give numbers of neighbors such as [1, 3, 7]." in done.stdout + done.stderr


def test_numbers_of_neighbors_are_compared_out_of_domain_without_a_training_or_another_fit(planned):
    jobs = planned(*NEIGHBORS).branch("results/figures/top_k.svg")
    assert drawn(jobs) == {"top_k_table", "plot_table top_k"}
    measured = [(w["suite"], w["predictor"], w["ratio"], w["tested"]) for rule, w in jobs if rule == "measure_top_k"]
    assert measured == [("main", "graph", "50", "ood")]
    assert [w["predictor"] for rule, w in jobs if rule == "fit_reward_model"] == ["graph"]
    sampled = {(w["benchmark"], w["split"]) for rule, w in jobs if rule == "sample_rollouts"}
    assert sampled == {*((name, "train") for name in ("math", "mmlu", "mbpp_plus")), ("piqa", "test")}
    assert "train_policy" not in {rule for rule, _ in jobs}


def test_truths_of_test_queries_reach_nothing_that_fits_selects_or_trains(planned):
    telling = re.compile(
        r"/test\.truths\.parquet$|verdicts/.*/test\.parquet$|/predictions/|results/top_k/|metrics\.json$"
    )
    readers = {job.rule for job in planned(*NEIGHBORS).jobs if any(telling.search(path) for path in job.input)}
    assert readers == {
        *("grade_rollouts", "evaluate_policy", "measure_reward_model", "measure_top_k"),
        *("reward_models_table", "reliability_table", "threshold_table", "top_k_table"),
    }


def test_truths_of_training_queries_reach_what_reveals_labels_and_what_is_measured_and_shown(workflow):
    planned = workflow.plan("all", *CONFIG).jobs
    readers = {job.rule for job in planned if any(path.endswith("/train.truths.parquet") for path in job.input)}
    assert readers == {"grade_rollouts", "select_training_queries", "measure_agreement", "show_responses"}
    # a page is read by nobody but people
    shown = {path for job in planned if job.rule == "show_responses" for path in job.written}
    assert not [job.rule for job in planned if job.rule != "all" and shown & {*job.input}]


ALWAYS = {
    "cost_table",
    *(
        "accuracy_table main",
        "accuracy_table ood",
        "accuracy_table transfer",
        "plot_table transfer",
        "plot_table main",
        "plot_table ood",
        "comparison_table",
        "plot_table comparison",
    ),
    *("accuracy_delta_table", "plot_table accuracy_delta"),
    *("reward_models_table", "plot_table reward_models", "reliability_table", "plot_table reliability"),
    *("meds_main_table", "repeated_errors_table", "error_spread_table", "cluster_sizes_table"),
    *("plot_table meds_main", "plot_table repeated_errors", "plot_table error_spread", "plot_table cluster_sizes"),
    *("learning_curves_table", "checkpoints_table"),
    *("threshold_table", "plot_table threshold"),
}


@pytest.mark.parametrize(
    ("edit", "more"),
    [
        ((), set()),
        (
            RATIOS,
            {"accuracy_table label_ratio", "plot_table label_ratio", "labels_spent_table", "plot_table labels_spent"},
        ),
        (ABLATION, {"ablation_table", "plot_table ablation"}),
        (NEIGHBORS, {"top_k_table", "plot_table top_k"}),
    ],
)
def test_all_makes_what_there_is_something_for(planned, edit, more):
    assert drawn(planned(*edit).branch("all")) == ALWAYS | more
