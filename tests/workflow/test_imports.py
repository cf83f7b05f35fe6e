"""Rollouts that the user brings: what is planned, and a small run to the metrics."""

import json

import pandas as pd
import pytest
import yaml
from conftest import documented_import

pytestmark = pytest.mark.slow

CONFIG = ("--configfile", "my.yaml")
METRICS = "results/mine/reward_models/main/mine/graph/ratio20/seed0/metrics.json"
STAGES = ["import_rollouts", "route_labels", "embed_rollouts", "grade_rollouts", "reveal_rewards", "fit_reward_model"]


@pytest.fixture
def imported(workflow):
    """The example of docs/import.md."""
    documented_import(workflow.folder)
    return workflow


def test_metrics_need_the_import_and_no_policy(imported):
    jobs = imported.jobs(METRICS, *CONFIG)
    assert sorted(rule for rule, _ in jobs) == sorted([*STAGES, "measure_reward_model"])
    assert imported.rules("all", *CONFIG) == {
        *STAGES,
        "measure_reward_model",
        "reward_models_table",
        "reliability_table",
        "threshold_table",
        "cost_table",
        "comparison_table",
        "audit_data",
        "count_dropped",
        "plot_table",
        "write_page",
        "all",
    }


def test_every_split_has_all_that_a_reward_model_is_fitted_and_measured_on(imported):
    made = ["data/{0}/{1}.parquet", "data/{0}/{1}.truths.parquet", "rollouts/mine/{0}/{1}.parquet"]
    made += ["verdicts/mine/main/{1}.parquet", "embeddings/mine/main/{1}.safetensors"]
    splits, benchmarks = ("train", "valid", "test"), ("gsm8k", "support")
    targets = {f"results/mine/{one.format(name, split)}" for one in made for name in benchmarks for split in splits}
    jobs = imported.jobs("=".join(CONFIG), *sorted(targets))
    assert sorted(rule for rule, _ in jobs) == ["embed_rollouts"] * 3 + ["grade_rollouts"] * 3 + ["import_rollouts"]


@pytest.mark.parametrize(
    "target",
    [
        "evaluation/main/mine/base/ratio0/seed0/main.parquet",
        "training/main/mine/memreward/ratio20/seed0/history.csv",
        "tables/main.csv",
    ],
)
def test_what_needs_a_policy_cannot_be_asked_for(imported, target):
    done = imported.run(f"results/mine/{target}", "-n", *CONFIG, check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "No rule to produce" in said or "methods: imported rollouts have no methods to evaluate." in said


def test_a_method_is_refused_before_any_job(imported):
    imported.edit("my.yaml", "label_ratios: [20]", "methods: [oracle]")
    done = imported.run("all", "-n", *CONFIG, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "my.yaml: methods: oracle needs a policy to run, and mine is imported; leave methods out." in said
    assert "Traceback" not in said


def test_rewards_truths_and_the_file_are_inputs_of_none_that_learns(imported):
    plan = imported.plan(METRICS, *CONFIG)
    readers = {
        kind: {job.rule for job in plan.jobs if any(kind in path for path in job.input)}
        for kind in ("mine.jsonl", ".truths.parquet", ".rewards.parquet")
    }
    assert readers == {
        "mine.jsonl": {"import_rollouts"},
        ".truths.parquet": {"grade_rollouts"},
        ".rewards.parquet": {"grade_rollouts"},
    }


def test_lint_is_clean(imported):
    assert imported.run("--lint", *CONFIG, check=False).returncode == 0


def row(number: int) -> dict:
    """A sum with four responses; every second one brings rewards instead of a truth."""
    right, texts = 3 * number + 7, []
    for place in range(4):
        wrong = (number + place) % 3 == 0
        texts.append(f"{'Perhaps' if wrong else 'Surely'} it is so.\n#### {right + wrong}")
    query = {"benchmark": "sums", "id": f"s{number}", "query": f"What is {3 * number} + 7?"}
    if number % 2:
        return query | {"ground_truth": right, "responses": texts}
    rewards = [int(text.startswith("Surely")) for text in texts]
    return query | {"responses": [{"text": text, "reward": one} for text, one in zip(texts, rewards, strict=True)]}


def brought(workflow, rows: list) -> None:
    (workflow.folder / "mine.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in rows))


@pytest.mark.long
def test_a_file_becomes_metrics_and_hidden_rewards_reach_nothing_that_learns(imported):
    config = yaml.safe_load((imported.folder / "my.yaml").read_text())
    config["benchmarks"] = {"sums": {"suite": "main", "source": "import", "domain": "math", "valid": 4, "test": 2}}
    config["reward_model"] = {
        "hidden_channels": 32,
        "heads": 2,
        "epochs": 20,
        "check_every": 2,
        "learning_rate": 3.0e-3,
    }
    (imported.folder / "my.yaml").write_text(yaml.safe_dump(config))
    rows = [row(number) for number in range(30)]
    results = imported.folder / "results/mine"

    brought(imported, [*rows, {"benchmark": "sums"}])
    done = imported.run(METRICS, "--cores", "1", *CONFIG, check=False)
    assert done.returncode == 1
    sentence = "mine.jsonl: 1 of 31 rows cannot be used: row 31 (query or messages is required); fix them, or"
    assert f"import_rollouts: {sentence}" in done.stdout + done.stderr

    config["rollouts"]["bad_rows"] = "skip"
    (imported.folder / "my.yaml").write_text(yaml.safe_dump(config))
    imported.run(METRICS, "--cores", "1", *CONFIG)
    assert pd.read_csv(results / "data/bad_rows.csv").values.tolist() == [
        ["mine.jsonl", 31, "query or messages is required"]
    ]
    metrics = json.loads((imported.folder / METRICS).read_text())
    labeled = pd.read_parquet(results / "labels/main/ratio20.parquet").set_index("id")["labeled"]
    assert [len(labeled), labeled.sum()] == [24, 5]
    assert [metrics["train"]["overall"][name] for name in ("queries", "responses")] == [19, 76]
    paths = pd.read_parquet(results / "verdicts/mine/main/train.parquet").groupby("query_id")["path"].first()
    assert all((path == "given") == (int(name.removeprefix("sums/id/s")) % 2 == 0) for name, path in paths.items())

    learned = ["data/sums/train.parquet", "rollouts/mine/sums/train.parquet", "labels/main/mine/rewards20.parquet"]
    learned += [f"reward_models/main/mine/graph/ratio20/seed0/{name}.safetensors" for name in ("model", "memory")]
    before = {name: (results / name).read_bytes() for name in learned}
    for one in rows:
        if not labeled.get(f"sums/id/{one['id']}", False):
            # nonsense where nobody may look
            one |= {"ground_truth": "-1", "responses": [{"text": text, "reward": 0} for text in texts(one)]}
    brought(imported, rows)
    imported.run(METRICS, "--cores", "1", *CONFIG)
    assert {name: (results / name).read_bytes() for name in learned} == before
    assert json.loads((imported.folder / METRICS).read_text())["train"]["overall"]["base_rate"] == 0


def texts(one: dict) -> list[str]:
    return [response if isinstance(response, str) else response["text"] for response in one["responses"]]
