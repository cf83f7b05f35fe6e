"""What is planned, and what wrong input says, before any job."""

import shutil
import subprocess

import pytest

TABLE = "results/tables/main.csv"


@pytest.fixture(scope="module")
def default(pristine):
    """The plan of the default configuration's main table."""
    return pristine.plan(TABLE)


@pytest.mark.slow
def test_the_branch_of_a_target_is_what_snakemake_plans_for_it_alone(pristine, default):
    def listed(jobs):
        return sorted((rule, *wildcards.items()) for rule, wildcards in jobs)

    whole = pristine.plan("all")
    assert len(default.jobs) < len(whole.jobs)
    assert listed(whole.branch(TABLE)) == listed((job.rule, job.wildcards) for job in default.jobs)


def test_default_plan_has_every_stage(default):
    jobs = default.branch(TABLE)
    counts = {rule: sum(name == rule for name, _ in jobs) for rule, _ in jobs}
    assert counts == {
        "sample_queries": 10,  # the ten benchmarks of the main suite: an out-of-domain one is not touched
        "bootstrap_policy": 1,
        "sample_rollouts": 10,
        "grade_rollouts": 1,
        "route_labels": 2,
        "reveal_rewards": 2,
        "embed_rollouts": 1,
        "fit_reward_model": 4,
        "select_training_queries": 5,
        "select_validation_queries": 1,
        "count_prompt_tokens": 1,
        "train_policy": 7,
        "evaluate_policy": 8,
        "accuracy_table": 1,
    }


def test_one_benchmarks_rollouts_plan_their_own_branch_only(default):
    jobs = default.branch("results/rollouts/tiny/math/train.parquet")
    assert {rule for rule, _ in jobs} == {"sample_queries", "bootstrap_policy", "sample_rollouts"}
    assert {wildcards.get("benchmark", "math") for _, wildcards in jobs} == {"math"}


def test_without_memreward_no_reward_model_is_planned(workflow):
    workflow.edit("config.yaml", 'memreward, "memreward:graph-plus", oracle]', "oracle]")
    assert not workflow.rules(TABLE) & {"sample_rollouts", "embed_rollouts", "fit_reward_model", "grade_rollouts"}


def test_a_trainer_never_reads_the_data_with_truths(default):
    """By construction: the files with hidden truths are no input of what trains or selects."""
    for rule in ("train_policy", "fit_reward_model", "embed_rollouts", "sample_rollouts"):
        assert default.of(rule)
        for job in default.of(rule):
            assert not any(word in path for path in job.input for word in ("/verdicts/", "truths"))
            if rule == "train_policy":
                assert not any("/data/" in path for path in job.input)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("label_ratios: [5, 20]", "label_ratios: [130]", "label_ratios: 130 is not a whole percentage"),
        (
            "  samples_per_query: 8\n  temperature: 1.0\n  max",
            "  samples_per_query: 0\n  temperature: 1.0\n  max",
            "rollouts: samples_per_query: 0 is",
        ),
        ("seeds: [0]", "sedes: [0]", "sedes: no such key"),
        ("  mmlu: ", "  math: ", "benchmarks: math: is given twice"),
        ("results: results ", "results: src ", "config.yaml: results: src lies in src"),
        ("reward_model:\n", "reward_mode:\n", "reward_mode: no such key"),
        (
            "tiny:      {bootstrap: {hidden_size: 128, num_hidden_layers: 2",
            "tiny: {path: nowhere} #",
            "nowhere: no such policy",
        ),
        ("gsm8k:          {suite: main, source: generated", "gsm8k:  {suite: main, source: mirror", "data: mirror"),
    ],
)
def test_a_mistake_in_the_configuration_stops_with_one_sentence(workflow, old, new, sentence):
    workflow.edit("config.yaml", old, new)
    done = workflow.run(TABLE, "-n", check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert sentence in said
    assert "Traceback" not in said
    assert not (workflow.folder / "results").exists()


def test_a_missing_mirror_file_is_named(pristine, tmp_path):
    done = pristine.run(
        "results/small/tables/main.csv",
        "-n",
        "--configfile",
        "config/small.yaml",
        "--config",
        f"data={{mirror: {tmp_path}}}",
        check=False,
    )
    assert done.returncode == 1
    assert "gsm8k/train.jsonl: no such file" in done.stdout + done.stderr


def test_another_configuration_replaces_the_default_one(pristine):
    jobs = pristine.jobs(TABLE, "--configfile", "config/test.yaml")
    assert {wildcards["benchmark"] for rule, wildcards in jobs if rule == "sample_queries"} == {
        "math",
        "mmlu",
        "mbpp_plus",
    }


@pytest.mark.slow
def test_rule_graph_draws(pristine):
    if not shutil.which("dot"):
        pytest.skip("needs the system package graphviz")
    graph = pristine.run(TABLE, "--rulegraph").stdout
    drawn = subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, text=True, check=True).stdout
    assert "fit_reward_model" in drawn
    assert "evaluate_policy" in drawn


@pytest.mark.slow
def test_lint_is_clean(pristine):
    assert pristine.run("--lint", check=False).returncode == 0
