"""The second paper's tables: each plans its own branch, and only where the configuration has the section meds."""

import re

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

CONFIG = """
seeds: [7]
benchmarks:
  math:          {suite: main, source: generated, train: 16, valid: 4, test: 8}
  dapo_math_17k: {suite: meds, source: generated, train: 16, valid: 4, test: 0}
  aime24:        {suite: meds, source: generated, test: 4}
  amc23:         {suite: meds, source: generated, test: 4}
policies:
  tiny: {bootstrap: {hidden_size: 96, num_hidden_layers: 2, steps: 240}}
  boxed: {bootstrap: {hidden_size: 96, num_hidden_layers: 2, steps: 240, benchmarks: meds}}
methods: [base, oracle]
sandbox: reduced
training: {steps: 4, train_batch_size: 8, samples_per_query: 4, save_freq: 2, test_freq: 2, max_new_tokens: 48}
evaluation: {samples_per_query: 2, max_new_tokens: 48}
error_memory: {last_layers: all}
"""
SECTION = """
suites:
  meds:
    policies: [boxed]
    methods: [base, dapo, meds]
    seeds: [0, 1]
    evaluation: {samples_per_query: 8}
"""
GIVEN = ("--configfile", "mine.yaml")
MAIN = "results/tables/meds_main.csv"
#: What the first paper's section and the comparison with both papers make of it.
FIRST = [
    "accuracy_table main",
    "checkpoints_table",
    "comparison_table",
    "cost_table",
    "learning_curves_table",
    "plot_table comparison",
    "plot_table main",
]


@pytest.fixture
def flow(workflow):
    (workflow.folder / "mine.yaml").write_text(CONFIG + SECTION)
    return workflow


@pytest.fixture(scope="module")
def planned(pristine):
    """The plan of `all` with the section."""
    (pristine.folder / "mine.yaml").write_text(CONFIG + SECTION)
    return pristine.plan("all", *GIVEN)


def drawn(jobs) -> list[str]:
    """The rules of tables and figures; those of several with their table."""
    return sorted(
        rule + (f" {wildcards['table']}" if "table" in wildcards else "")
        for rule, wildcards in jobs
        if rule.endswith("_table")
    )


def test_the_main_table_plans_the_suite_meds_and_nothing_else(planned):
    jobs = planned.branch(MAIN)
    assert {rule for rule, _ in jobs} == {
        *(
            "sample_queries",
            "bootstrap_policy",
            "select_training_queries",
            "select_validation_queries",
            "count_prompt_tokens",
        ),
        *("train_policy", "evaluate_policy", "meds_main_table"),
    }
    assert {wildcards["benchmark"] for rule, wildcards in jobs if rule == "sample_queries"} == {
        "dapo_math_17k",
        "aime24",
        "amc23",
    }
    assert {wildcards["policy"] for rule, wildcards in jobs if "policy" in wildcards} == {"boxed"}
    trained = {(w["method"], w["ratio"], w["seed"]) for rule, w in jobs if rule == "train_policy"}
    assert trained == {(method, "100", seed) for method in ("dapo", "meds") for seed in "01"}
    evaluated = {(w["method"], w["ratio"], w["seed"], w["tested"]) for rule, w in jobs if rule == "evaluate_policy"}
    assert evaluated == {(*run, "meds") for run in trained} | {("base", "0", seed, "meds") for seed in "01"}


def test_what_is_only_trained_on_is_not_evaluated(planned):
    jobs = [job for job in planned.of("evaluate_policy") if job.wildcards["tested"] == "meds"]
    assert len(jobs) == 6
    for job in jobs:
        data = [path for path in job.input if path.startswith("results/data/")]
        assert data == [
            f"results/data/{name}/test.{kind}" for kind in ("parquet", "truths.parquet") for name in ("aime24", "amc23")
        ]


def test_repeated_errors_evaluate_nothing(planned):
    rules = {rule for rule, _ in planned.branch("results/figures/repeated_errors.svg")}
    assert "evaluate_policy" not in rules
    assert {"train_policy", "count_errors", "repeated_errors_table", "plot_table"} <= rules


def test_cluster_sizes_train_what_has_a_memory(planned):
    jobs = planned.branch("results/tables/cluster_sizes.csv")
    assert {wildcards["method"] for rule, wildcards in jobs if rule == "train_policy"} == {"meds"}


def test_without_an_ablation_its_table_says_what_to_add(pristine, planned):
    done = pristine.run("results/tables/meds_ablation.csv", "-n", *GIVEN, check=False)
    assert done.returncode == 1
    assert (
        "suites: meds: methods: none is an ablation of meds; add meds-single-cluster, meds-kmeans, meds-all-layers, "
        "meds-all-diff, meds-diff or meds-answers, and meds and dapo to compare with."
    ) in done.stdout + done.stderr


def test_all_has_the_tables_of_both_papers(flow, planned):
    tables = ["meds_main", "repeated_errors", "error_spread", "cluster_sizes"]
    second = [name for table in tables for name in (f"{table}_table", f"plot_table {table}")]
    assert drawn(planned.branch("all")) == sorted([*FIRST, *second])
    flow.edit("mine.yaml", "[base, dapo, meds]", "[dapo, meds, meds-kmeans]")
    more = ["meds_ablation_table", "plot_table meds_ablation"]
    assert drawn(flow.jobs("all", *GIVEN)) == sorted([*FIRST, *second, *more])


def test_without_the_section_there_is_no_such_table(flow):
    # all policies are then the first paper's
    (flow.folder / "mine.yaml").write_text(CONFIG.replace(", benchmarks: meds", ""))
    done = flow.run(MAIN, "-n", *GIVEN, check=False)
    assert done.returncode == 1
    assert "No rule to produce results/tables/meds_main.csv" in done.stdout + done.stderr
    assert drawn(flow.jobs("all", *GIVEN)) == FIRST


def test_another_suites_benchmark_needs_a_test_query(flow):
    flow.edit("mine.yaml", "valid: 4, test: 8", "valid: 4, test: 0")
    done = flow.run(MAIN, "-n", *GIVEN, check=False)
    assert "mine.yaml: benchmarks: math: test: 0 is not at least 1 query." in done.stdout + done.stderr


def test_prompts_and_validation_as_published(flow):
    train, valid = (f"results/training_queries/meds/{part}.parquet" for part in ("verified/ratio100/train", "valid"))
    main = "results/training_queries/main/valid.parquet"
    asked = (train, valid, main, "--cores", "1", *GIVEN)

    def rows(*options: str) -> list[pd.DataFrame]:
        flow.run(*asked, *options)
        return [pd.read_parquet(flow.folder / path) for path in (train, valid, main)]

    corrected, published = rows(), rows("--config", "fidelity=[empty-turn,aime-validation]")
    assert [set(table["data_source"]) for table in corrected] == [{"dapo_math_17k"}, {"dapo_math_17k"}, {"math"}]
    assert [set(table["data_source"]) for table in published] == [{"dapo_math_17k"}, {"aime24"}, {"math"}]
    # the problems that are tested, too
    tested = pd.read_parquet(flow.folder / "results/data/aime24/test.parquet")
    assert {info["id"] for info in published[1]["extra_info"]} == {*tested["id"]}
    empty = {"role": "assistant", "content": ""}
    assert [[prompt[-1] == empty for prompt in table["prompt"]].count(True) for table in corrected] == [0, 0, 0]
    assert [[prompt[-1] == empty for prompt in table["prompt"]].count(True) for table in published] == [16, 4, 0]
    assert [[*prompt[:-1]] for prompt in published[0]["prompt"]] == [[*prompt] for prompt in corrected[0]["prompt"]]


def test_prompts_are_counted_as_they_are_trained_on(flow):
    """What is counted has the same files as what checkpoints are compared on."""
    text = flow.run("results/prompts/boxed/meds.parquet", "-n", *GIVEN, "--config", "fidelity=[aime-validation]").stdout
    read = re.search(r"rule count_prompt_tokens:\n +input: (.*)", text)[1].split(", ")
    assert [path for path in read if path.startswith("results/data")] == [
        "results/data/dapo_math_17k/train.parquet",
        "results/data/aime24/train.parquet",
        "results/data/amc23/train.parquet",
        "results/data/aime24/test.parquet",
        # and those of the tests, whose prompts need room, too
        "results/data/aime24/test.parquet",
        "results/data/amc23/test.parquet",
    ]
