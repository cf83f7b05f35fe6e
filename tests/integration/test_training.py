"""The real trainer: resumed runs, hidden labels, failing reward models."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from integration_runs import CONFIG, kill_when

from reward_memory.reward_models.features.embedding import query_text
from reward_memory.reward_models.registry import load
from reward_memory.storage import parquet
from reward_memory.storage.files import file_digest

ORACLE = "results/training/main/tiny/oracle/ratio100/seed0"
MEMREWARD = "results/training/main/tiny/memreward/ratio50/seed0"

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def state_of(flow) -> Path:
    return flow.folder / "results/state/train_policy"


def poison(flow) -> None:
    """Nonsense as ground truth of every unlabeled query."""
    labels = parquet.read(flow.folder / "results/labels/main/ratio50.parquet", parquet.LABELS)
    hidden = set(labels.loc[~labels["labeled"], "id"])
    for path in flow.folder.glob("results/data/*/train.truths.parquet"):
        truths = parquet.read(path, parquet.TRUTHS)
        secret, answered = truths["query_id"].isin(hidden), truths["ground_truth"].notna()
        truths.loc[secret & answered, "ground_truth"] = "A"
        truths.loc[secret & ~answered, "tests"] = (
            '{"entry_point": "f", "calls": [[1]], "expected": ["nonsense"], "atol": 0, "base": 1}'
        )
        parquet.write(truths, path, parquet.TRUTHS)


@pytest.mark.long
def test_a_killed_training_ends_as_an_uninterrupted_one(finished, copy):
    for name in ("history.csv", "responses.parquet", "manifest.json"):
        (copy.folder / ORACLE / name).unlink()

    def saving() -> bool:
        return any(state_of(copy).glob("*/checkpoints/global_step_2/actor"))

    def in_step_four() -> bool:
        return any(state_of(copy).glob("*/responses/step_000004.parquet"))

    kill_when(copy, f"{ORACLE}/history.csv", saving)
    kill_when(copy, f"{ORACLE}/history.csv", in_step_four)
    copy.run(f"{ORACLE}/history.csv", "all", *CONFIG)
    for name in ("history.csv", "responses.parquet", "policy/model.safetensors"):
        assert file_digest(copy.folder / ORACLE / name) == file_digest(finished.folder / ORACLE / name), name
    table = "results/tables/main.csv"
    assert (copy.folder / table).read_bytes() == (finished.folder / table).read_bytes()


def test_hidden_truths_change_no_byte_of_what_is_trained(finished, copy):
    """The canary: nonsense as ground truth of every unlabeled query."""
    poison(copy)
    copy.run(
        f"{MEMREWARD}/history.csv",
        *CONFIG,
        "--forcerun",
        "grade_rollouts",
        "route_labels",
        "reveal_rewards",
        "embed_rollouts",
        "fit_reward_model",
        "select_training_queries",
        "train_policy",
    )
    verdicts = "results/verdicts/tiny/main/train.parquet"
    assert file_digest(copy.folder / verdicts) != file_digest(finished.folder / verdicts), "the canary was not seen"
    for name in (
        "results/labels/main/ratio50.parquet",
        "results/labels/main/tiny/rewards50.parquet",
        "results/training_queries/main/predicted/ratio50/train.parquet",
        "results/reward_models/main/tiny/graph/ratio50/seed0/model.safetensors",
        "results/reward_models/main/tiny/graph/ratio50/seed0/memory.safetensors",
        "results/reward_models/main/tiny/graph/ratio50/seed0/model.json",
        f"{MEMREWARD}/history.csv",
        f"{MEMREWARD}/responses.parquet",
        f"{MEMREWARD}/policy/model.safetensors",
    ):
        assert file_digest(copy.folder / name) == file_digest(finished.folder / name), name


@pytest.mark.long
def test_hidden_truths_out_of_domain_change_no_byte_of_the_training_rows(copy):
    """The same canary for a suite that has another suite's reward models."""
    rows = "results/training_queries/ood/predicted/ratio50/train.parquet"
    copy.run(rows, "--cores", "1", *CONFIG)
    before = file_digest(copy.folder / rows)
    labels = parquet.read(copy.folder / "results/labels/ood/ratio50.parquet", parquet.LABELS)
    path = copy.folder / "results/data/piqa/train.truths.parquet"
    truths = parquet.read(path, parquet.TRUTHS)
    secret = truths["query_id"].isin(labels.loc[~labels["labeled"], "id"])
    assert 0 < secret.sum() < len(truths)
    for poisoned, same in ((secret, True), (~secret, False)):
        parquet.write(
            truths.assign(ground_truth=truths["ground_truth"].mask(poisoned, "nonsense")), path, parquet.TRUTHS
        )
        copy.run(rows, "--cores", "1", *CONFIG, "--forcerun", "select_training_queries")
        assert (file_digest(copy.folder / rows) == before) == same


@pytest.mark.long
def test_unlabeled_rows_reach_the_trainer_without_truth_and_get_predicted_rewards(finished):
    rows = pd.read_parquet(finished.folder / "results/training_queries/main/predicted/ratio50/train.parquet")
    truths = rows["reward_model"].map(lambda value: value["ground_truth"])
    labels = pd.read_parquet(finished.folder / "results/labels/main/ratio50.parquet").set_index("id")["labeled"]
    ids = rows["extra_info"].map(lambda value: value["id"])
    assert truths.notna().tolist() == labels.loc[ids].tolist()
    responses = pd.read_parquet(finished.folder / MEMREWARD / "responses.parquet")
    labeled = responses["query_id"].map(labels)
    assert (responses["probability"].isna() == labeled).all()
    predicted = responses[~labeled]
    assert len(predicted) > 0
    assert (predicted["reward"] == (predicted["probability"] > 0.5)).all()


@pytest.mark.long
def test_a_refitted_reward_model_knows_no_hidden_truth_and_survives_a_kill(finished, copy):
    """It is fitted again in each step; the canary again, and a kill between two fits."""
    run = MEMREWARD.replace("memreward", "refitted")
    copy.edit("config/test.yaml", "memreward, oracle]", "memreward, refitted, oracle]")
    others = "ood: {reward_model_of: main, methods: [base, r1-p, memreward, oracle]}"
    copy.edit("config/test.yaml", "ood: {reward_model_of: main}", others)
    copy.edit(
        "config/test.yaml",
        "sandbox: reduced",
        "variants: {refitted: {like: memreward, reward_model: {refit: 1}}}\nsandbox: reduced",
    )
    copy.run(f"{run}/history.csv", *CONFIG)
    frozen, refitted = (
        pd.read_parquet(folder / "responses.parquet").set_index(["step", "query_id", "sample"])
        for folder in (finished.folder / MEMREWARD, copy.folder / run)
    )
    assert (copy.folder / "results/logs/train_policy/main.tiny.refitted.50.0.log").read_text().count("fitted again") > 1
    pd.testing.assert_frame_equal(refitted.loc[[1]].drop(columns="score"), frozen.loc[[1]].drop(columns="score"))
    # the same policy sampled the second step; another reward model judged it
    assert refitted.loc[2, "text"].tolist() == frozen.loc[2, "text"].tolist()
    judged = refitted.loc[2, "probability"].notna()
    assert (refitted.loc[2, "probability"][judged] != frozen.loc[2, "probability"][judged]).any()
    names = ("history.csv", "responses.parquet", "policy/model.safetensors")
    before = [file_digest(copy.folder / run / name) for name in names]
    poison(copy)

    def in_step_four() -> bool:
        return any(state_of(copy).glob("*/responses/step_000004.parquet"))

    for name in ("history.csv", "responses.parquet", "manifest.json"):
        (copy.folder / run / name).unlink()
    shutil.rmtree(copy.folder / "results/state/train_policy")
    again = ("--forcerun", "grade_rollouts", "reveal_rewards", "select_training_queries")
    kill_when(copy, f"{run}/history.csv", in_step_four, (*CONFIG, *again))
    copy.run(f"{run}/history.csv", *CONFIG)
    assert [file_digest(copy.folder / run / name) for name in names] == before


@pytest.mark.long
def test_fewer_neighbors_are_asked_out_of_domain_and_nothing_is_fitted_anew(finished, copy):
    copy.edit("config/test.yaml", "reward_model: {predictor", "reward_model: {top_k: [1, 3], predictor")
    model = "results/reward_models/main/tiny/graph/ratio50/seed0/model.safetensors"
    before = (copy.folder / model).stat().st_mtime_ns
    copy.run("results/tables/top_k.csv", "results/figures/top_k.svg", *CONFIG)
    table = pd.read_csv(copy.folder / "results/tables/top_k.csv")
    assert set(zip(table["suite"], table["predictor"], table["num_neighbors"], strict=True)) == {
        ("ood", "graph", 1),
        ("ood", "graph", 3),
    }
    assert table.loc[table["metric"] == "accuracy", "mean"].between(0, 1).all()
    asked = pd.read_parquet(copy.folder / "results/top_k/main/tiny/graph/ratio50/seed0/ood.parquet")
    one, three = (asked[asked["num_neighbors"] == count]["probability"].to_numpy() for count in (1, 3))
    assert len(one) == len(three) == 8 * 4
    assert (one != three).any()
    assert (copy.folder / model).stat().st_mtime_ns == before


@pytest.mark.long
def test_a_failing_reward_model_stops_the_run(copy):
    """No fallback: neither to the hidden truth, nor to a reward of zero."""
    copy.edit(
        "src/reward_memory/reward_models/base.py",
        "    def predict(",
        "    def predict(self, *args, **kwargs):\n        raise ValueError('the model is broken')\n\n    def _predict(",
    )
    (copy.folder / MEMREWARD / "history.csv").unlink()
    done = copy.run(f"{MEMREWARD}/history.csv", *CONFIG, "--rerun-triggers", "mtime", check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "training stopped with exit status 1" in said
    assert not (copy.folder / MEMREWARD / "history.csv").exists()
    assert "the model is broken" in (copy.folder / "results/logs/train_policy/main.tiny.memreward.50.0.log").read_text()


@pytest.mark.long
def test_another_predictor_drives_an_arm(finished, copy):
    run = "results/training/main/tiny/memreward:graph-plus/ratio50/seed0"
    copy.run(f"{run}/responses.parquet", *CONFIG, "--config", "methods=[memreward:graph-plus]")
    responses = pd.read_parquet(copy.folder / run / "responses.parquet")
    first = responses[(responses["step"] == 1) & responses["probability"].notna()]
    queries = parquet.read_all(sorted(copy.folder.glob("results/data/*/train.parquet")), parquet.QUERIES)
    queries = queries.set_index("id")
    groups = [rows for _, rows in first.groupby("query_id", sort=True)]
    asked = [queries.loc[rows["query_id"].iloc[0]] for rows in groups]
    found = {}
    for name in ("graph", "graph-plus"):
        model = load(copy.folder / f"results/reward_models/main/tiny/{name}/ratio50/seed0")
        found[name] = model.predict(
            [query_text(query["messages"]) for query in asked],
            [
                [model.split(text, query["domain"]) for text in rows["text"]]
                for rows, query in zip(groups, asked, strict=True)
            ],
            [query["domain"] for query in asked],
        )
    for rows, mine, other in zip(groups, found["graph-plus"], found["graph"], strict=True):
        assert rows["probability"].tolist() == pytest.approx(mine.tolist(), abs=1e-5)
        assert rows["probability"].tolist() != pytest.approx(other.tolist(), abs=1e-3)


@pytest.mark.long
def test_without_a_label_out_of_domain_all_rewards_are_predicted(copy):
    target = "results/training/ood/tiny/memreward/ratio0/seed0"
    settings = "label_ratios: [0], reward_model_ratio: 50, methods: [base, memreward]"
    zero = f"ood: {{reward_model_of: main, {settings}}}"
    copy.edit("config/test.yaml", "ood: {reward_model_of: main}", zero)
    copy.run(f"{target}/history.csv", *CONFIG)
    history = pd.read_csv(copy.folder / target / "history.csv")
    assert history["step"].tolist() == list(range(5))
    assert (history.loc[history["step"] > 0, "predicted_share"] == 1).all()
    responses = pd.read_parquet(copy.folder / target / "responses.parquet")
    assert responses["probability"].notna().all()
    assert (responses["reward"] == (responses["probability"] > 0.5)).all()
