"""The error memory in the real trainer: a run that is killed anywhere ends as one that is not."""

from pathlib import Path

import pandas as pd
import pytest
from integration_runs import CONFIG, kill_when

from reward_memory.storage.files import file_digest

MEDS = "results/training/meds/tiny-math/meds/ratio100/seed0"
FILES = ("history.csv", "responses.parquet", "policy/model.safetensors")

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(finished, tmp_path):
    return finished.copy(tmp_path / "project")


@pytest.mark.long
def test_a_killed_run_remembers_what_an_uninterrupted_one_does(finished, copy):
    for name in ("history.csv", "responses.parquet", "manifest.json"):
        (copy.folder / MEDS / name).unlink()

    def left(pattern: str) -> list[Path]:
        return list((copy.folder / "results/state/train_policy").glob(f"*/{pattern}"))

    def in_step_one() -> bool:
        return bool(left("error_memory/steps-00000001-00000001.parquet"))

    def saving_step_two() -> bool:
        return bool(left("checkpoints/global_step_2/actor")) and not left("checkpoints/latest_*")

    def between_memory_and_checkpoint() -> bool:
        return bool(left("error_memory/steps-00000004-00000004.parquet")) and not left("checkpoints/global_step_4")

    kill_when(copy, f"{MEDS}/history.csv", in_step_one)
    kill_when(copy, f"{MEDS}/history.csv", saving_step_two)
    kill_when(copy, f"{MEDS}/history.csv", between_memory_and_checkpoint)
    copy.run(f"{MEDS}/history.csv", "results/tables/meds_main.csv", *CONFIG)
    for name in FILES:
        assert file_digest(copy.folder / MEDS / name) == file_digest(finished.folder / MEDS / name), name
    table = "results/tables/meds_main.csv"
    assert (copy.folder / table).read_bytes() == (finished.folder / table).read_bytes()


def test_repeated_failures_are_found_and_cost(finished):
    responses = pd.read_parquet(finished.folder / MEDS / "responses.parquet")
    trained = responses[responses["trained"]]
    repeated = (trained["cluster_size"] > 0) & (trained["reward"] == 0)
    assert repeated.any()
    assert (trained.loc[repeated, "score"] < 0).all()
    right = trained["reward"] == 1
    assert (trained.loc[right, "cluster_size"] == 0).all()
    assert trained.groupby("step")["query_id"].nunique().tolist() == [4] * 4


def test_groups_that_all_agree_are_sampled_but_not_trained_on(finished):
    responses = pd.read_parquet(finished.folder / MEDS / "responses.parquet")
    spread = responses.groupby(["step", "batch", "query_id"]).agg({"reward": "nunique", "trained": "first"})
    assert (spread["reward"][spread["trained"]] > 1).all()
    history = pd.read_csv(finished.folder / MEDS / "history.csv").set_index("step")
    sampled = responses.groupby("step").size()
    assert history.loc[sampled.index, "sampled_responses"].tolist() == sampled.tolist()


@pytest.mark.long
def test_prompts_that_end_with_an_empty_reply_are_trained_on_to_the_end(finished, copy):
    published = ("--config", "fidelity=[empty-turn]")
    copy.run(f"{MEDS}/history.csv", *CONFIG, *published)
    rows = pd.read_parquet(copy.folder / "results/training_queries/meds/verified/ratio100/train.parquet")
    assert all(prompt[-1] == {"role": "assistant", "content": ""} for prompt in rows["prompt"])
    history, corrected = (pd.read_csv(flow.folder / MEDS / "history.csv") for flow in (copy, finished))
    assert history["step"].tolist() == corrected["step"].tolist()
    assert history["reward"].tolist() != corrected["reward"].tolist()
    assert (history.loc[history["step"] > 0, "gradient_norm"] > 0).any()
