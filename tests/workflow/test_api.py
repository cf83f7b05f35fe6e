"""reward_memory.load on a finished run: the frames agree with the files that they are read from."""

import pandas as pd
import pytest

import reward_memory
from reward_memory.api import TRAINING
from reward_memory.errors import InputError


@pytest.fixture(scope="module")
def results(finished):
    return reward_memory.load(finished.folder / "results")


def test_tables_are_those_of_the_run(results):
    assert {"main", "ood", "meds_main"} <= set(results.tables())
    assert results.table("main").equals(pd.read_csv(results.folder / "tables/main.csv"))
    assert "main" in repr(results)


def test_histories_say_which_training_a_row_is_of(results):
    histories = results.histories()
    assert list(histories.columns[: len(TRAINING)]) == list(TRAINING)
    runs = set(histories[[*TRAINING]].itertuples(index=False, name=None))
    assert ("main", "tiny", "memreward", 50, 0) in runs
    assert ("meds", "tiny-math", "dapo", 100, 0) in runs
    own = histories[(histories["suite"] == "main") & (histories["method"] == "memreward")]
    file = pd.read_csv(results.folder / "training/main/tiny/memreward/ratio50/seed0/history.csv")
    assert own["reward"].tolist() == pytest.approx(file["reward"].tolist(), nan_ok=True)


def test_accuracies_follow_from_the_graded_responses(results):
    graded = results.graded()
    own = graded[(graded["suite"] == "main") & (graded["method"] == "oracle") & (graded["benchmark"] == "math")]
    table = results.table("main")
    row = table[(table["method"] == "oracle") & (table["benchmark"] == "math")].iloc[0]
    assert 100 * own["reward"].mean() == pytest.approx(row["accuracy"], abs=0.01)


def test_training_responses_and_predictions_are_frames(results):
    responses, predictions = results.training_responses(), results.predictions()
    assert set(responses["method"]) >= {"r1-p", "memreward", "oracle", "dapo", "meds"}
    assert predictions["probability"].between(0, 1).all()


def test_a_policy_answers_and_a_reward_model_predicts(results):
    for model, tokenizer in (results.policy("tiny"), results.policy("tiny", "memreward")):
        ids = tokenizer("What is 1 + 1?", return_tensors="pt")
        assert model.generate(**ids, max_new_tokens=3).shape[1] > ids["input_ids"].shape[1]
    (probabilities,) = results.reward_model("tiny").predict(["1 + 1?"], [[("1 + 1 = 2.", "2"), ("", "3")]], ["math"])
    assert probabilities.shape == (2,)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda results: results.table("mian"), "there is no such table; build it with"),
        (lambda results: results.policy("tiny", "memreward", label_ratio=7), "there is none"),
        (lambda results: results.policy("huge"), "there is no such policy"),
        (lambda results: reward_memory.load("nowhere"), "there is no such folder"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(results, call, words):
    with pytest.raises(InputError, match=words):
        call(results)
