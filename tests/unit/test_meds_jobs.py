"""The scripts of the second paper's tables and figures, run as jobs on made-up verdicts and training runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_grades import graded
from test_source_jobs import run_job

from reward_memory.storage import parquet
from reward_memory.training.responses import STEP_RESPONSES

pytestmark = pytest.mark.slow

PUBLISHED = str(Path(__file__).parents[2] / "reference/published_results.csv")
POLICY = "qwen3-8b"
SOURCES = {"aime24": "hub", "amc23": "hub"}
#: method -> seed -> rewards of the two samples of a problem of each benchmark
GRADES = {
    "base": [([0, 0], [0, 1]), ([0, 0], [0, 0])],
    "dapo": [([0, 1], [0, 1]), ([0, 0], [1, 1])],
    "meds-single-cluster": [([1, 1], [0, 1]), ([0, 1], [1, 1])],
}
#: method -> (step, boxed answer, reward, trained, cluster size) of a run at one query
RUNS = {
    "dapo": [(1, "5", 0, True, None), (2, "5", 0, True, None), (2, "5", 0, False, None), (2, "6", 0, True, None)],
    "meds-single-cluster": [(1, "5", 0, True, 0), (2, "5", 0, True, 1), (2, "7", 0, True, 1), (2, "4", 1, True, 0)],
}


def responses(path: Path, rows: list[tuple]) -> str:
    """Write the responses of a run at the query q."""
    names = ("step", "text", "reward", "trained", "cluster_size")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    table["text"] = [f"so \\boxed{{{answer}}}" for answer in table["text"]]
    table["cluster_size"] = table["cluster_size"].astype("Int32")
    table = table.assign(query_id="q", sample=range(len(table)), batch=1, tokens=3, probability=np.nan, score=0.0)
    parquet.write(table, path, STEP_RESPONSES)
    return path.name


@pytest.fixture
def job(tmp_path):
    """A function that runs a script and returns its table or the bytes of its figure."""

    def run(rule: str, output: str | dict, inputs: dict, wildcards: dict | None = None, **params):
        named = {"one": output} if isinstance(output, str) else output
        shared = {"policies": [POLICY], "sources": SOURCES, "baseline": "dapo"}
        wildcards = wildcards or {"table": Path(next(iter(named.values()))).stem}
        given = {"input": inputs, "output": named, "wildcards": wildcards}
        done = run_job(tmp_path, rule, {}, **given, params=shared | params)
        assert done.returncode == 0, done.stderr + (tmp_path / "job.log").read_text()
        path = tmp_path / next(iter(named.values()))
        return path.read_bytes() if path.suffix == ".svg" else path

    return run


@pytest.fixture
def counted(job, tmp_path):
    """Counts of errors of two equal seeds of each trained method: method -> names of its files, for each output."""
    queries = pd.DataFrame({name: ["q"] if name in ("id", "query_id") else None for name in parquet.QUERIES.names})
    parquet.write(queries.assign(domain="math"), tmp_path / "queries", parquet.QUERIES)
    found = {}
    for method, rows in RUNS.items():
        inputs = {"queries": ["queries"], "responses": responses(tmp_path / "responses", rows)}
        files = {"repeats": ".parquet", "sizes": ".csv", "spread": ".spread"}
        made = [{output: f"{method}.{seed}{end}" for output, end in files.items()} for seed in (1, 0)]
        for seed, named in zip("10", made, strict=True):
            wildcards = {"suite": "meds", "policy": POLICY, "method": method, "ratio": "100", "seed": seed}
            job("count_errors", named, inputs, wildcards, predicted_rewards=None)
        found[method] = [[named[output] for named in made] for output in files]
    return found


def grades(folder: Path, *methods: str) -> list[str]:
    paths = []
    for method in methods:
        for seed, (one, two) in enumerate(GRADES[method]):
            run = (POLICY, method, 0 if method == "base" else 100, seed)
            rows = graded({("aime24", "p1"): one, ("amc23", "p2"): two}, run)
            paths.insert(0, folder / f"{method}.{seed}")  # the files' order says nothing
            parquet.write(rows, paths[0], parquet.GRADED)
    return list(map(str, paths))


def arms(*methods: str) -> list[tuple[str, int]]:
    return [(method, 0 if method == "base" else 100) for method in methods]


def test_the_main_table(job, tmp_path):
    for seed, (responses, tokens) in enumerate([([8, 4], [30, 10]), ([8, 8], [30, 30])]):
        run = dict(zip(parquet.RUN.names, ("meds", POLICY, "dapo", 100, seed), strict=True))
        logged = pd.DataFrame({"step": [1, 2], "sampled_responses": responses, "sampled_tokens": tokens})
        logged["valid_accuracy"] = [np.nan, 0.5]
        logged.assign(**run).to_csv(tmp_path / f"h{seed}")
    inputs = {"grades": grades(tmp_path, "base", "dapo"), "histories": ["h0", "h1"], "published": PUBLISHED}
    given = {"arms": arms("base", "dapo"), "domains": dict.fromkeys(SOURCES, "math"), "trained_on": "hub"}
    table = pd.read_csv(job("meds_main_table", "meds_main.csv", inputs, **given))
    at = table.set_index(["method", "benchmark", "metric"])
    # of four samples over two seeds one is right, and in one of two seeds one of both
    assert at["value"]["dapo", "aime24", "pass@1"] == 25
    assert at["value"]["dapo", "aime24", "pass@2"] == 50
    assert at["value"]["dapo", "average (macro)", "pass@1"] == (25 + 75) / 2
    assert at["published"]["dapo", "aime24", "pass@1"] == 45.42
    assert at["delta"]["dapo", "aime24", "pass@1"] == pytest.approx(25 - 45.42)
    # the published average is over five benchmarks
    assert np.isnan(at["published"]["dapo", "average (macro)", "pass@1"])
    assert at["value"]["dapo", "training", "sampled_responses"] == 14
    assert at["value"]["dapo", "training", "sampled_tokens"] == 50
    assert "training" not in at.loc["base"].index
    assert b"<svg" in job("plot_table", "meds_main.svg", {"table": "meds_main.csv"})


def test_the_ablation(job, counted, tmp_path):
    methods = ["dapo", "meds-single-cluster"]
    inputs = {"grades": grades(tmp_path, *methods), "published": PUBLISHED}
    inputs["repeats"] = [file for method in methods for file in counted[method][0]]
    known_as = {method: method for method in methods}
    table = pd.read_csv(job("meds_ablation_table", "meds_ablation.csv", inputs, arms=arms(*methods), known_as=known_as))
    at = table.set_index(["method", "metric"])
    assert at["value"].to_dict() == pytest.approx(
        {
            ("dapo", "pass@1"): 50,
            ("dapo", "pass@2"): 75,
            ("dapo", "repeated_share"): 200 / 3,
            ("meds-single-cluster", "pass@1"): 75,
            ("meds-single-cluster", "pass@2"): 100,
            ("meds-single-cluster", "repeated_share"): 50,
        },
        abs=1e-3,
    )
    assert at["difference"].loc["dapo"].isna().all()
    assert at["difference"].loc["meds-single-cluster"].tolist() == pytest.approx([25, 25, 50 - 200 / 3], abs=1e-3)
    assert b"<svg" in job("plot_table", "meds_ablation.svg", {"table": "meds_ablation.csv"})


def test_repeated_errors_count_what_was_not_trained_on_too(job, counted):
    inputs = {"repeats": [file for files, *_ in counted.values() for file in files]}
    table = pd.read_csv(job("repeated_errors_table", "repeated_errors.csv", inputs, arms=arms(*counted)))
    whole = table[table["step"].isna()].set_index(["method", "metric"])
    # dapo: two of three errors in step 2, of two seeds; the untrained one is one of them
    assert whole["n"]["dapo", "repeated_share"] == 6
    assert whole["value"]["dapo", "repeated_share"] == pytest.approx(66.667)
    assert whole["value"]["dapo", "repeated_share_all"] == 50
    assert whole["value"]["meds-single-cluster", "repeated_share-dapo"] == pytest.approx(-16.667)
    assert ("dapo", "repeated_share-dapo") not in whole.index
    steps = table[table["step"].notna()].set_index(["method", "step"])["value"]
    assert np.isnan(steps["dapo", 1])
    assert steps["meds-single-cluster", 2] == 50
    assert b"<svg" in job("plot_table", "repeated_errors.svg", {"table": "repeated_errors.csv"})


def test_errors_spread_over_the_visits(job, counted):
    inputs = {"spreads": [file for *_, files in counted.values() for file in files]}
    table = pd.read_csv(job("error_spread_table", "error_spread.csv", inputs, arms=arms(*counted)))
    later = table[table["visit"].isna()].set_index(["method", "metric"])["value"]
    # at the second visit 5, 5 and 6, the untrained one among them; with the memory 5 and 7
    assert later["dapo", "largest_share"] == pytest.approx(200 / 3, abs=1e-3)
    assert later["meds-single-cluster", "largest_share-dapo"] == pytest.approx(50 - 200 / 3, abs=1e-3)
    assert later["meds-single-cluster", "wrong_entropy"] == pytest.approx(np.log(2), abs=1e-3)
    first = table[(table["visit"] == 1) & (table["metric"] == "largest_share")]["value"]
    assert first.tolist() == [100, 100]
    assert b"<svg" in job("plot_table", "error_spread.svg", {"table": "error_spread.csv"})


def test_cluster_sizes_are_of_the_arms_with_a_memory(job, counted):
    method = "meds-single-cluster"
    inputs = {"sizes": counted[method][1]}
    table = pd.read_csv(job("cluster_sizes_table", "cluster_sizes.csv", inputs, arms=arms(method)))
    filled = table[table["responses"] > 0]
    # two wrong responses a seed in step 2; the right one does not count
    assert filled[["step", "size", "responses", "share"]].values.tolist() == [[1, "0", 2, 100], [2, "1", 4, 100]]
    assert b"<svg" in job("plot_table", "cluster_sizes.svg", {"table": "cluster_sizes.csv"})
