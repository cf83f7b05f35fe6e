"""The methods of docs/methods.md in the real trainer: what they reward, what they train on, and that they repeat."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Workflow, make
from integration_runs import kill_when

from reward_memory.reward_models.features.signals import answer_key
from reward_memory.storage import parquet
from reward_memory.storage.files import file_digest
from reward_memory.training.objectives.trapo import Selection
from reward_memory.training.objectives.votes import agreement_rewards, majority_rewards
from reward_memory.training.responses import STEP_RESPONSES, Response

CONFIG = ("--configfile", "config/methods.yaml", "--cores", "2")
RATIOS = {
    **dict.fromkeys(("ttrl", "votes", "empo"), 0),
    **dict.fromkeys(("trapo", "memreward:random"), 50),
    **dict.fromkeys(("nsr", "psr", "w-reinforce", "passk", "kl-cov", "clip-cov", "meds-answers"), 100),
}
FILES = ("history.csv", "responses.parquet", "policy/model.safetensors")
STEPS, WARM_UP = 6, 3

pytestmark = pytest.mark.long


def folder_of(method: str) -> str:
    return f"results/training/main/tiny/{method}/ratio{RATIOS[method]}/seed0"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Workflow:
    """One training of each method."""
    flow = make(tmp_path_factory.mktemp("methods") / "project")
    shutil.copy(ROOT / "tests/integration/methods.yaml", flow.folder / "config")
    flow.run(*(f"{folder_of(method)}/history.csv" for method in RATIOS), *CONFIG)
    return flow


def responses_of(flow: Workflow, method: str) -> pd.DataFrame:
    """A run's responses with `key`, the answer, and `labeled`."""
    table = pd.read_parquet(flow.folder / folder_of(method) / "responses.parquet")
    queries = parquet.read_all(sorted(flow.folder.glob("results/data/*/train.parquet")), parquet.QUERIES)
    domains = queries.set_index("id")["domain"]
    labels = parquet.read(flow.folder / "results/labels/main/ratio50.parquet", parquet.LABELS).set_index("id")
    keys = [answer_key(*pair) for pair in zip(table["text"], table["query_id"].map(domains), strict=True)]
    return table.assign(key=keys, labeled=table["query_id"].map(labels["labeled"]))


@pytest.mark.parametrize("method", RATIOS)
def test_every_method_trains_to_the_end(trained, method):
    history = pd.read_csv(trained.folder / folder_of(method) / "history.csv")
    assert history["step"].tolist() == list(range(STEPS + 1))
    gradients = history.loc[history["step"] > 0, "gradient_norm"]
    assert np.isfinite(gradients).all()
    # something is learned from
    assert (gradients > 0).any()


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("ttrl", majority_rewards),
        ("votes", lambda keys, groups: majority_rewards(keys, groups, "none")),
        ("empo", agreement_rewards),
    ],
)
def test_answers_are_rewarded_by_their_votes(trained, method, rule):
    responses = responses_of(trained, method)
    assert responses["probability"].notna().all()
    for _, part in responses.sort_values(["query_id", "sample"]).groupby("step"):
        assert part["reward"].tolist() == pytest.approx(rule(part["key"].tolist(), part["query_id"].tolist()))
    assert 0 < responses["reward"].mean() < 1


@pytest.mark.parametrize(("method", "trained_on"), [("ttrl", {0, 1, 2, 3}), ("votes", {0, 1})])
def test_the_first_responses_of_a_query_are_trained_on(trained, method, trained_on):
    responses = responses_of(trained, method)
    assert set(responses["sample"]) == {0, 1, 2, 3}
    assert (responses["trained"] == responses["sample"].isin(trained_on)).all()
    assert responses.loc[~responses["trained"], "score"].isna().all()


def test_trapo_trains_on_labeled_queries_and_on_those_that_it_selects(trained, tmp_path):
    responses = responses_of(trained, "trapo")
    assert (responses["probability"].isna() == responses["labeled"]).all()
    warm = responses["step"] <= WARM_UP
    assert (responses.loc[warm, "trained"] == responses.loc[warm, "labeled"]).all()
    assert responses.loc[responses["labeled"], "trained"].all()
    chosen = responses[responses["trained"] & ~responses["labeled"]]
    assert len(chosen)
    # the same choice from the responses alone
    selection = Selection(tmp_path, STEPS, warm_up=0.5)
    for step, part in responses.groupby("step"):
        rows = [
            Response(row.query_id, row.sample, 1, row.text, [], row.reward, row.probability)
            for row in part.itertuples(index=False)
        ]
        assert selection.choose(step, rows)[0] == set(part.loc[part["trained"], "query_id"]), step
        path = tmp_path / f"responses/step_{step:06d}.parquet"
        parquet.write(part[STEP_RESPONSES.names], path, STEP_RESPONSES)


def test_rewards_by_chance_do_not_look_at_responses(trained):
    responses = responses_of(trained, "memreward:random")
    unlabeled = responses[~responses["labeled"]]
    assert (unlabeled["reward"] == (unlabeled["probability"] > 0.5)).all()
    # what a query's sample got at its first visit it gets at every one
    assert (unlabeled.groupby(["query_id", "sample"])["probability"].nunique() == 1).all()
    assert unlabeled["probability"].nunique() > len(unlabeled) / 4


def test_repeated_answers_cost(trained):
    responses = responses_of(trained, "meds-answers")
    wrong = responses[responses["reward"] == 0]
    seen = wrong["cluster_size"] > 0
    assert seen.any()
    assert (wrong.loc[seen, "score"] < 0).all()
    for row in wrong.itertuples():
        before = wrong[(wrong["step"] < row.step) & (wrong["query_id"] == row.query_id) & (wrong["key"] == row.key)]
        assert row.cluster_size == (len(before) if row.key else 0)


def again(trained: Workflow, folder: Path, method: str) -> Workflow:
    """A copy in which the training of a method is yet to be done."""
    flow = trained.copy(folder)
    shutil.rmtree(flow.folder / folder_of(method))
    return flow


@pytest.mark.parametrize("method", ["clip-cov", "kl-cov", "trapo"])
def test_a_killed_run_ends_as_an_undisturbed_one(trained, tmp_path, method):
    flow = again(trained, tmp_path / "project", method)

    def in_step_five() -> bool:
        return any(flow.folder.glob("results/state/train_policy/*/responses/step_000005.parquet"))

    kill_when(flow, f"{folder_of(method)}/history.csv", in_step_five, CONFIG)
    flow.run(f"{folder_of(method)}/history.csv", *CONFIG)
    for name in FILES:
        assert file_digest(flow.folder / folder_of(method) / name) == file_digest(
            trained.folder / folder_of(method) / name
        ), name


@pytest.mark.parametrize("method", ["ttrl", "trapo"])
def test_hidden_truths_change_no_byte_of_what_is_trained(trained, tmp_path, method):
    """The canary: nonsense as ground truth of every query that the method has no label of."""
    flow = again(trained, tmp_path / "project", method)
    labels = parquet.read(flow.folder / "results/labels/main/ratio50.parquet", parquet.LABELS)
    seen = set(labels.loc[labels["labeled"], "id"]) if method == "trapo" else set()
    for path in flow.folder.glob("results/data/*/train.truths.parquet"):
        truths = parquet.read(path, parquet.TRUTHS)
        secret = ~truths["query_id"].isin(seen)
        assert secret.any()
        truths.loc[secret, "ground_truth"] = "A"
        parquet.write(truths, path, parquet.TRUTHS)
    flow.run(f"{folder_of(method)}/history.csv", *CONFIG, "--forcerun", "select_training_queries", "train_policy")
    for name in FILES:
        assert file_digest(flow.folder / folder_of(method) / name) == file_digest(
            trained.folder / folder_of(method) / name
        ), name
