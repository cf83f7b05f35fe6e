"""What each published behavior of the reward model changes, and that nothing of it happens unasked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from graph_rollouts import frames, made_up

from reward_memory.answers.responses import split_as_served, split_response
from reward_memory.data import labels
from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import predictions
from reward_memory.reward_models.base import save
from reward_memory.reward_models.features.answer_features import answer_features
from reward_memory.reward_models.features.embedding import CUTS, embed, embed_rollouts
from reward_memory.reward_models.features.math_answers import extract_cut_number, extract_number
from reward_memory.reward_models.registry import fit, load
from reward_memory.reward_models.rollouts import assemble

SMALL = {"hidden_channels": 16, "epochs": 30, "check_every": 2, "learning_rate": 1e-2}
PUBLISHED = {"selection": "valid", "criterion": "f1", "run_criterion": "fpr"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(model) -> dict[str, torch.Tensor]:
    return model.tensors()[0]


def equal(one, two) -> bool:
    return all(torch.equal(value, weights(two)[name]) for name, value in weights(one).items())


# cut-number, zero-majority


@pytest.mark.parametrize(
    ("response", "cut", "whole"),
    [
        ("so\n#### 2/3", 2, 2 / 3),
        ("so\n#### -1,234.5 apples", -1234.5, -1234.5),
        ("#### 7 or rather #### 8", 7, 8),
        (r"hence \boxed{5} and 6", 5, 6),
        (r"hence \boxed{\frac{1}{2}}", 2, 0.5),
        ("three of 10 are 4", 4, 4),
        # what is no number is passed over
        ("#### , or 5", 5, 5),
        (r"\boxed{x} or 6 and 7", 7, 7),
        (r"\boxed{8} or #### 9", 9, 9),
        ("none", None, None),
    ],
)
def test_the_published_number_is_cut(response, cut, whole):
    assert extract_cut_number(response) == cut
    assert extract_number(split_response(response, "math")[1]) == pytest.approx(whole)


def test_cut_numbers_agree_where_whole_ones_do_not():
    thinking, answers = ["a", "b", "c"], ["#### 1/3", "#### 1/4", "#### 5"]
    arguments = (answers, [0, 0, 0], ["math"] * 3)
    assert answer_features(*arguments)[:, 2].tolist() == [1, 0, 0]
    assert answer_features(*arguments, thinking=thinking, fidelity=["cut-number"])[:, 2].tolist() == [1, 1, 0]


def test_published_majorities_are_of_cents():
    arguments = (["#### 0.001", "#### 0.002", "#### 3"], [0, 0, 0], ["math"] * 3)
    found = answer_features(*arguments, thinking=[""] * 3, fidelity=["cut-number"])
    assert found[:, 2].tolist() == [1, 1, 0]
    assert answer_features(*arguments)[:, 2].tolist() == [1, 0, 0]
    tenths = (["#### 0.21", "#### 0.24", "#### 0.24"], [0, 0, 0], ["math"] * 3)
    assert answer_features(*tenths, thinking=[""] * 3, fidelity=["cut-number"])[:, 2].tolist() == [0, 1, 1]


def test_a_majority_of_zero_counts_as_none():
    arguments = (["#### 0", "#### 0", "#### 4"], [0, 0, 0], ["math"] * 3)
    assert answer_features(*arguments)[:, 2].tolist() == [1, 1, 0]
    assert answer_features(*arguments, fidelity=["zero-majority"])[:, 2].tolist() == [0, 0, 0]
    others = (["#### 6", "#### 6", "#### 4"], [0, 0, 0], ["math"] * 3)
    assert answer_features(*others, fidelity=["zero-majority"])[:, 2].tolist() == [1, 1, 0]


def test_the_memory_has_the_features_that_are_served(tmp_path):
    queries, responses, verdicts = frames(8)
    responses["answer"] = "#### 1/" + (responses.index + 2).astype(str)
    embed_rollouts(queries, responses, tmp_path / "e")
    part, revealed = (queries, responses, tmp_path / "e"), labels.reveal(verdicts, labels.route(queries, 50, 0))
    plain, cut = assemble([part], revealed), assemble([part], revealed, ["cut-number"])
    assert (plain.features != cut.features).any()
    model = fit("graph", cut, hidden_channels=16, epochs=4, fidelity=["cut-number"])
    groups = [
        list(zip(rows["thinking"], rows["answer"], strict=True))
        for _, rows in responses.groupby("query_id", sort=False)
    ]
    asked = [messages[1]["content"] for messages in queries["messages"]]
    served = np.concatenate(model.predict(asked, groups, ["math"] * 8))
    assert served == pytest.approx(model.score(cut), abs=1e-5)
    assert np.abs(served - model.score(plain)).max() > 1e-4


# serving: uncut-serving, serving-split, groups-of-eight


def test_published_splits_cut_at_the_first_mark():
    text = "I add.\n#### 5\nNo, wait.\n#### 6"
    assert split_as_served(text) == ("I add.", "5\nNo, wait.")
    assert split_response(text, "math")[1] == "#### 6"
    assert split_as_served("no mark " * 20) == ("no mark " * 20, ("no mark " * 20)[:100])
    assert split_as_served("thought ####") == ("thought", "thought")
    assert split_as_served("") == ("", "")


def test_uncut_texts_have_other_vectors_where_they_are_long():
    long = ["word " * 10 + "end", "many words " * (CUTS["answer"] // 5) + "and an end"]
    cut, uncut = embed(long, "answer"), embed(long, "answer", cut=False)
    assert (cut[0] == uncut[0]).all() or np.abs(cut[0] - uncut[0]).max() < 1e-5
    assert np.abs(cut[1] - uncut[1]).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("behavior", ["uncut-serving", "serving-split", "groups-of-eight"])
def test_a_behavior_of_serving_leaves_the_fit_alone_and_changes_what_is_served(behavior, tmp_path):
    queries, responses, verdicts = frames(8)
    responses["thinking"] = responses["thinking"] + " international communication" * 60
    responses["text"] = responses["thinking"] + "\n#### 3 at first\n" + responses["answer"]
    embed_rollouts(queries, responses, tmp_path / "e")
    rollouts = assemble([(queries, responses, tmp_path / "e")], labels.reveal(verdicts, labels.route(queries, 50, 0)))
    plain, changed = (fit("graph", rollouts, fidelity=names, **SMALL) for names in ([], [behavior]))
    assert equal(plain, changed)
    tables = [predictions(model, rollouts, verdicts, "train", (queries, responses)) for model in (plain, changed)]
    assert (tables[0]["query_id"] == tables[1]["query_id"]).all()
    assert np.abs(tables[0]["probability"] - tables[1]["probability"]).max() > 1e-4


def test_groups_of_eight_are_right_where_a_query_has_eight(tmp_path):
    rollouts = made_up([8] * 6)
    model = fit("graph", rollouts, fidelity=["groups-of-eight"], **SMALL)
    groups = [[("thought", f"#### {row}") for row in range(8)]] * 2
    plain = fit("graph", rollouts, **SMALL)
    asked = (["What?", "Why?"], groups, ["math"] * 2)
    assert np.concatenate(model.predict(*asked)) == pytest.approx(np.concatenate(plain.predict(*asked)), abs=1e-6)


def test_nine_responses_to_one_query_fail_as_published():
    model = fit("graph", made_up([8] * 6), fidelity=["groups-of-eight"], **SMALL)
    with pytest.raises(RuntimeError, match="groups-of-eight: 9 responses do not fit 1 queries of 8 each"):
        model.predict(["What?"], [[("thought", "#### 1")] * 9], ["math"])


def test_what_is_saved_serves_as_published(tmp_path):
    model = fit("graph", made_up([8] * 6), fidelity=["serving-split", "empty-relation"], **SMALL)
    save(model, tmp_path)
    found, new = load(tmp_path), made_up([4, 4], seed=1)
    assert found.split("a #### b #### c", "math") == ("a", "b")
    assert (found.score(new) == model.score(new)).all()


# selection: same-seed, last-weights, valid-selection, empty-relation, query-edges


@pytest.mark.slow
def test_with_one_seed_all_runs_are_one():
    rollouts = made_up([4] * 20)
    plain, same = (fit("graph", rollouts, seeds=(1, 2, 3), fidelity=names, **SMALL) for names in ([], ["same-seed"]))
    assert [run["seed"] for run in same.metrics["runs"]] == [1, 1, 1]
    assert len({str(run["looks"]) for run in same.metrics["runs"]}) == 1
    assert len({str(run["looks"]) for run in plain.metrics["runs"]}) == 3


def test_last_weights_are_kept_though_others_were_better():
    rollouts = made_up([4] * 20)
    plain, last = (
        fit("graph", rollouts, fidelity=names, **SMALL | {"criterion": "auc"}) for names in ([], ["last-weights"])
    )
    runs = plain.metrics["runs"][0], last.metrics["runs"][0]
    assert runs[0]["looks"] == runs[1]["looks"]
    assert runs[1]["kept_epoch"] == runs[1]["looks"][-1][0] > runs[1]["epoch"] == runs[0]["kept_epoch"]
    assert not equal(plain, last)


@pytest.mark.slow
def test_selection_on_valid_trains_on_all_labeled_queries_and_reads_valid_truths():
    rollouts, valid = made_up([4] * 20), made_up([4] * 10, seed=1)
    model = fit("graph", rollouts, valid=valid, selection="valid", **SMALL)
    assert model.metrics["selection_queries"] == 10
    assert fit("graph", rollouts, **SMALL).metrics["selection_queries"] == 4
    turned = replace(valid, rewards=1 - valid.rewards)
    other = fit("graph", rollouts, valid=turned, selection="valid", **SMALL)
    assert model.metrics["runs"][0]["looks"] != other.metrics["runs"][0]["looks"]


@pytest.mark.slow
def test_without_the_switch_valid_queries_are_not_looked_at():
    rollouts, valid = made_up([4] * 20), made_up([4] * 10, seed=1)
    assert equal(fit("graph", rollouts, valid=valid, **SMALL), fit("graph", rollouts, **SMALL))


def test_selection_on_valid_needs_valid_queries():
    with pytest.raises(InputError, match="selection: valid needs graded responses to valid queries; there are none"):
        fit("graph", made_up([4] * 20), selection="valid", **SMALL)


@pytest.mark.slow
def test_runs_are_compared_by_their_own_criterion():
    rollouts, valid = made_up([4] * 20), made_up([4] * 10, seed=1)
    model = fit("graph", rollouts, valid=valid, seeds=(1, 2, 3), **PUBLISHED, **SMALL)
    runs = model.metrics["runs"]
    assert all(-1 <= run["score"] <= 0 for run in runs)  # minus a false-positive rate
    assert all(0 <= look[2] <= 1 for run in runs for look in run["looks"])  # F1
    best = max(range(3), key=lambda number: runs[number]["score"])
    assert model.metrics["seed"] == runs[best]["seed"]


def test_published_valid_queries_speak_to_the_labeled_ones_in_training():
    rollouts = made_up([4] * 20)
    one, two = made_up([4] * 10, seed=1), made_up([4] * 10, seed=2)
    two = replace(two, rewards=one.rewards)
    fixed = SMALL | {"selection": "valid", "epochs": 2}
    plain = [fit("graph", rollouts, valid=valid, **fixed) for valid in (one, two)]
    turned = [fit("graph", rollouts, valid=valid, fidelity=["query-edges"], **fixed) for valid in (one, two)]
    assert equal(*plain)
    assert not equal(*turned)


@pytest.mark.slow
def test_an_empty_relation_changes_what_is_served_and_not_the_fit():
    rollouts, new = made_up([4] * 20), made_up([4] * 5, seed=1)
    plain, changed = (fit("graph", rollouts, fidelity=names, **SMALL) for names in ([], ["empty-relation"]))
    assert equal(plain, changed)
    assert np.abs(plain.score(new) - changed.score(new)).max() > 1e-3


def test_the_tables_need_the_texts_of_what_is_served_otherwise():
    rollouts = made_up([8] * 6)
    model = fit("graph", rollouts, fidelity=["serving-split"], **SMALL)
    unseen = made_up([8] * 2, seed=1, labeled=False)
    verdicts = pd.DataFrame({"query_id": unseen.query_ids[unseen.group], "sample": unseen.samples, "reward": 1.0})
    with pytest.raises(ValueError, match="serving-split: serving needs the texts of queries and responses"):
        predictions(model, unseen, verdicts, "test")
