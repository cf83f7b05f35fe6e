"""The scripts of the tables and figures, run as jobs on made-up verdicts and predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_grades import graded
from test_source_jobs import run_job

from reward_memory.storage import parquet

pytestmark = pytest.mark.slow

PUBLISHED = str(Path(__file__).parents[2] / "reference/published_results.csv")
POLICY = "qwen2.5-3b"
#: (method, label ratio, seed) -> rewards of the two queries
ARMS = {
    ("base", 0): [[0, 0], [1, 0]],
    ("r1-p", 20): [[0, 0], [0, 1]],
    ("memreward", 20): [[1, 0], [1, 1]],
    ("memreward:mlp", 20): [[1, 0], [0, 0]],
    ("oracle", 100): [[1, 1], [1, 1]],
}
SOURCES = {"gsm8k": "hub", "humaneval_plus": "hub"}


@pytest.fixture
def job(tmp_path):
    """A function that runs a script on verdicts of some arms and returns its table or the path of its figure."""

    def run(rule: str, output: str, methods=(), inputs: dict | None = None, **params):
        arms = [arm for arm in ARMS if arm[0] in methods]
        grades = []
        for method, ratio in arms:
            for seed, (one, two) in enumerate(ARMS[method, ratio]):
                rewards = {("gsm8k", "q1"): [one], ("humaneval_plus", "q2"): [two]}
                path = tmp_path / f"{method}.{seed}"
                parquet.write(graded(rewards, (POLICY, method, ratio, seed)), path, parquet.GRADED)
                grades.insert(0, str(path))  # the files' order says nothing
        given = {"input": inputs or {"grades": grades, "published": PUBLISHED}, "output": {"one": output}}
        shared = {"policies": [POLICY], "arms": arms, "sources": SOURCES, "expected": {}}
        done = run_job(tmp_path, rule, {}, **given, params=shared | params, wildcards={"table": Path(output).stem})
        assert done.returncode == 0, done.stderr + (tmp_path / "job.log").read_text()
        path = tmp_path / output
        return pd.read_csv(path) if path.suffix == ".csv" else path.read_bytes()

    return run


PAIRS = [("memreward", "r1-p"), ("memreward:mlp", "r1-p")]


def test_the_gain_over_r1_p(job):
    table = job("accuracy_delta_table", "delta.csv", ("r1-p", "memreward", "memreward:mlp"), pairs=PAIRS)
    found = table.set_index(["method", "benchmark"])["difference"]
    assert set(table["method"]) == {"memreward", "memreward:mlp"}
    assert found["memreward", "gsm8k"] == 100
    assert found["memreward:mlp", "humaneval_plus"] == -50
    assert found["memreward:mlp", "average (macro)"] == 0
    published = table.set_index(["method", "benchmark"])["published"]
    assert published["memreward", "humaneval_plus"] == pytest.approx(61.54 - 64.10)
    assert published["memreward:mlp"].isna().all()
    assert b"<svg" in job("plot_table", "accuracy_delta.svg", inputs={"table": "delta.csv"})


def test_the_ablation(job):
    table = job(
        "ablation_table",
        "ablation.csv",
        ("memreward", "memreward:mlp"),
        domains={"gsm8k": "math", "humaneval_plus": "code"},
        known_as={"memreward": "memreward", "memreward:mlp": "memreward-mlp"},
    )
    assert table["domain"].tolist() == ["math", "code", "overall"] * 2
    assert table["accuracy"].tolist() == [100, 50, 75, 50, 0, 25]
    # the paper's domains hold more benchmarks than one each
    assert table["published"].isna().all()
    assert b"<svg" in job("plot_table", "ablation.svg", inputs={"table": "ablation.csv"})


def test_official_scores_are_beside_those_of_the_untrained_policy(job):
    given = {"expected": {POLICY: {"gsm8k": 79.1}}}
    plain = job("accuracy_table", "label_ratio.csv", ("base", "r1-p"))
    table = job("accuracy_table", "label_ratio.csv", ("base", "r1-p"), **given)
    # columns at the end, nothing else
    assert table.columns.tolist() == [*plain.columns, "expected", "expected_delta"]
    pd.testing.assert_frame_equal(table[plain.columns.tolist()], plain)
    filled = table[table["expected"].notna()]
    assert filled[["method", "benchmark", "expected"]].to_numpy().tolist() == [["base", "gsm8k", 79.1]]
    assert filled["expected_delta"].tolist() == pytest.approx([filled["accuracy"].iloc[0] - 79.1])


def test_label_ratios_and_labels_spent(job, tmp_path):
    job("accuracy_table", "label_ratio.csv", ("base", "r1-p", "memreward", "oracle"))
    labels = pd.DataFrame({"id": list("abcde"), "benchmark": "gsm8k", "label_ratio": 20})
    labels["labeled"] = labels["id"] == "a"
    parquet.write(labels, tmp_path / "ratio20", parquet.LABELS)
    valid = pd.DataFrame({name: ["x", "y"] if name == "id" else None for name in parquet.QUERIES.names})
    parquet.write(valid, tmp_path / "valid", parquet.QUERIES)
    inputs = {"accuracies": "label_ratio.csv", "labels": ["ratio20"], "valid": ["valid"]}
    table = job("labels_spent_table", "spent.csv", inputs=inputs, selecting=["memreward"])
    assert table["labels"].tolist() == [0, 1, 3, 5]
    assert table["accuracy"].tolist()[1:] == [25, 75, 100]
    assert b"<svg" in job("plot_table", "label_ratio.svg", inputs={"table": "label_ratio.csv"})
    assert b"<svg" in job("plot_table", "labels_spent.svg", inputs={"table": "spent.csv"})


def test_reliability(job, tmp_path):
    names = []
    for predictor, probability in (("graph", 0.85), ("knn", 0.35)):
        for seed in (0, 1):
            columns = {
                **{"suite": "main", "policy": POLICY, "predictor": predictor, "label_ratio": 20, "seed": seed},
                "split": "train",
                "query_id": ["a", "b"],
                "template": None,
                "benchmark": "gsm8k",
                "sample": 0,
                "reward": [1.0, 0.0],
            }
            table = pd.DataFrame(columns | {"probability": np.float32(probability)})
            parquet.write(table, tmp_path / f"{predictor}{seed}", parquet.PREDICTIONS)
            names.insert(0, f"{predictor}{seed}")  # the files' order says nothing
    models = {"predictors": ["graph", "knn"], "ratios": [20]}
    table = job("reliability_table", "reliability.csv", inputs={"predictions": names}, redrawn=False, **models)
    filled = table[table["responses"] > 0]
    assert filled[["predictor", "bin_low", "responses", "mean_probability", "share_right"]].values.tolist() == [
        ["graph", 0.8, 4, 0.85, 0.5],
        ["knn", 0.3, 4, 0.35, 0.5],
    ]
    assert b"<svg" in job("plot_table", "reliability.svg", inputs={"table": "reliability.csv"})
    both = {"predictions": names, "published": PUBLISHED}
    metrics = job("reward_models_table", "reward_models.csv", inputs=both, redrawn=False, **models)
    assert metrics[["published", "published_confidence"]].isna().all(axis=None)
    accuracies = metrics[(metrics["metric"] == "accuracy") & (metrics["benchmark"] == "overall")]
    assert accuracies["predictor"].tolist() == ["graph", "knn"]
    assert accuracies["mean"].tolist() == [0.5, 0.5]
