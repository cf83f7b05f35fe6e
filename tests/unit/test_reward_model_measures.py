"""Measures of reward models by hand: weights of queries, ties, one class only, and the tables made of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from graph_rollouts import made_up

from reward_memory.errors import InputError
from reward_memory.evaluation.reward_model_quality import METRICS, THRESHOLDED, assess, at_thresholds, predictions
from reward_memory.evaluation.reward_model_quality import measure as measured
from reward_memory.reward_models.registry import fit

#: Three queries, whose responses do not come one query after another; one of two equals is right.
TRUTH = np.array([1, 0, 0, 1, 1, 0, 0, 1])
PROBABILITY = np.array([0.8, 0.8, 0.2, 0.4, 0.9, 0.3, 0.6, 0.7])
GROUP = np.array([0, 0, 1, 2, 1, 0, 2, 2])
#: Each query once; the first twice without the second; the third alone.
WEIGHTS = np.array([[1, 1, 1], [2, 0, 1], [0, 0, 3]])
BY_HAND = {
    "base_rate": [4 / 8, 4 / 9, 2 / 3],
    # 3.5, 2, 4 and 3 of 4 wrong ones are below; 8 + 2 + 3 of 4 x 5 pairs; 0 + 1 of 2
    "auc": [12.5 / 16, 13 / 20, 1 / 2],
    # 1.5 of 2, 1 of 1, 1 of 2
    "within_query_auc": [0.75, (2 * 0.75 + 0.5) / 3, 0.5],
    "accuracy": [5 / 8, 5 / 9, 1 / 3],
    "precision": [3 / 5, 3 / 6, 3 / 6],
    "recall": [3 / 4, 3 / 4, 3 / 6],
    "f1": [6 / 9, 6 / 10, 6 / 12],
    "fpr": [2 / 4, 3 / 5, 3 / 3],
    # in the bin of 0.8 one of two is right: 0.6 off in all
    "calibration_error": [2.7 / 8, 3.3 / 9, 4.5 / 9],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_every_measure_counts_a_query_as_often_as_its_weight_says(name):
    assert measured(TRUTH, PROBABILITY, GROUP, WEIGHTS)[name].tolist() == pytest.approx(BY_HAND[name])


def test_the_measures_are_those_of_the_tables_and_the_share_right():
    assert list(measured(TRUTH, PROBABILITY, GROUP, WEIGHTS)) == ["base_rate", *METRICS]
    assert list(at_thresholds(TRUTH, PROBABILITY, GROUP, WEIGHTS, [0.5])) == list(THRESHOLDED)


def test_the_order_of_the_responses_says_nothing():
    order = np.random.default_rng(0).permutation(len(TRUTH))
    found = measured(TRUTH[order], PROBABILITY[order], GROUP[order], WEIGHTS)
    assert {name: values.tolist() for name, values in found.items()} == {
        name: pytest.approx(values) for name, values in BY_HAND.items()
    }


def test_a_threshold_moves_what_is_predicted_right_and_nothing_else():
    found = {name: values[0] for name, values in measured(TRUTH, PROBABILITY, GROUP, WEIGHTS, 0.75).items()}
    # right above it are 0.8 and 0.9, wrong is the other 0.8
    assert (found["precision"], found["recall"], found["fpr"]) == pytest.approx((2 / 3, 2 / 4, 1 / 4))
    assert (found["accuracy"], found["f1"]) == pytest.approx((5 / 8, 4 / 7))
    for name in ("base_rate", "auc", "within_query_auc", "calibration_error"):
        assert found[name] == pytest.approx(BY_HAND[name][0])


def test_several_thresholds_at_once_are_each_of_them():
    together = at_thresholds(TRUTH, PROBABILITY, GROUP, WEIGHTS, [0.75, 0.5])
    for name in ("accuracy", "precision", "recall", "f1", "fpr"):
        assert together[name][:, 1].tolist() == pytest.approx(BY_HAND[name])
    assert together["precision"][:, 0].tolist() == pytest.approx([2 / 3, 1 / 2, np.nan], nan_ok=True)
    # only what is strictly above: of 0.8 itself nothing
    assert at_thresholds(TRUTH, PROBABILITY, GROUP, WEIGHTS, [0.8])["predicted_share"][0] == 1 / 8
    # 3 of 8; 2 x 2 of 9; none
    assert together["predicted_share"][:, 0].tolist() == pytest.approx([3 / 8, 4 / 9, 0])


@pytest.mark.parametrize(
    ("probability", "right", "error"),
    [
        # a certain one is in the last bin, beside 0.95
        ([1.0], [0], 1.0),
        ([1.0, 0.95], [0, 1], 0.95 / 2),
        ([0.0], [1], 1.0),
        ([0.0, 0.05], [1, 0], 0.95 / 2),
    ],
)
def test_certain_predictions_are_in_the_outermost_bins(probability, right, error):
    found = measured(np.array(right), np.array(probability), np.zeros(len(right), int), np.ones((1, 1)))
    assert found["calibration_error"][0] == pytest.approx(error)


def test_no_responses_have_no_measures():
    found = measured(np.empty(0), np.empty(0), np.empty(0, int), np.ones((2, 0)))
    assert all(np.isnan(values).all() and values.shape == (2,) for values in found.values())


def test_a_query_with_one_kind_of_response_has_no_order_of_its_own():
    truth, probability = np.array([1, 1, 1, 0]), np.array([0.1, 0.2, 0.3, 0.4])
    found = measured(truth, probability, np.array([0, 0, 1, 1]), np.array([[1, 1], [1, 0]]))
    assert found["within_query_auc"].tolist() == pytest.approx([0, np.nan], nan_ok=True)
    assert found["auc"].tolist() == pytest.approx([0, np.nan], nan_ok=True)


# --- of a run


def table(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["split", "benchmark", "query_id", "reward", "probability"])


def test_a_predictor_is_assessed_by_split_and_by_benchmark():
    found = assess(
        table(
            ("valid", "math", "q", 1.0, 0.9),
            ("valid", "math", "q", 0.0, 0.2),
            ("valid", "arc", "r", 1.0, 0.4),
            ("test", "math", "s", 0.0, 0.7),
        )
    )
    assert list(found) == ["valid", "test"]
    assert list(found["valid"]["benchmarks"]) == ["arc", "math"]
    assert list(found["test"]["benchmarks"]) == ["math"]
    whole = found["valid"]["overall"]
    assert list(whole) == ["queries", "responses", "base_rate", *METRICS]
    assert (whole["queries"], whole["responses"]) == (2, 3)
    # 0.9 and 0.4 are above 0.2
    assert (whole["auc"], whole["recall"], whole["within_query_auc"]) == (1, 0.5, 1)
    math = found["valid"]["benchmarks"]["math"]
    assert (math["queries"], math["responses"], math["accuracy"]) == (1, 2, 1)
    # what cannot be computed is left open
    only = found["test"]["overall"]
    assert (only["auc"], only["within_query_auc"], only["recall"], only["fpr"]) == (None, None, None, 1)


@pytest.fixture
def half():
    """(model, rollouts whose second and fourth query are not labeled, verdicts on all)."""
    whole = made_up([2, 3, 1, 2])
    rollouts = replace(whole, rewards=np.where(whole.group % 2 == 0, whole.rewards, np.nan).astype(np.float32))
    names = {"query_id": whole.query_ids[whole.group], "sample": whole.samples}
    verdicts = pd.DataFrame(names | {"reward": np.float32([1, 0, 1, 0, 0, 1, 0, 1])})
    return fit("majority", rollouts), rollouts, verdicts


def test_predictions_are_of_every_response_that_has_no_label(half):
    model, rollouts, verdicts = half
    found = predictions(model, rollouts, verdicts[::-1].astype({"sample": float}), "valid")
    names = [f"made_up/0/{row}" for row in (1, 1, 1, 3, 3)]
    assert found["split"].tolist() == ["valid"] * 5
    assert found["query_id"].tolist() == names
    assert found["benchmark"].tolist() == ["benchmark1"] * 3 + ["benchmark0"] * 2
    assert found["sample"].tolist() == [0, 1, 2, 0, 1]
    assert found["reward"].tolist() == [1, 0, 0, 0, 1]
    scored = model.score(rollouts.take(np.array([1, 3])))
    assert found["probability"].tolist() == scored.tolist()


def test_where_all_is_labeled_there_is_nothing_to_predict(half):
    model, rollouts, verdicts = half
    known = replace(rollouts, rewards=verdicts["reward"].to_numpy())
    found = predictions(model, known, verdicts, "train")
    assert found.columns.tolist() == ["split", "query_id", "benchmark", "sample", "reward", "probability"]
    assert found.empty
    assert assess(found) == {}


class Served:
    """A model that serves otherwise than it was fitted: answers are probabilities, and it keeps what it was asked."""

    fidelity = frozenset({"uncut-serving"})

    def split(self, text, domain):
        return domain, text.removeprefix("likely ")

    def predict(self, queries, groups, domains):
        self.asked = list(zip(queries, groups, domains, strict=True))
        return [np.float32([float(answer) for _, answer in group]) for group in groups]


def test_what_serves_otherwise_is_asked_with_the_texts_of_every_query(half):
    _, rollouts, verdicts = half
    queries = pd.DataFrame({"id": rollouts.query_ids[::-1]})
    queries["messages"] = [[{"role": "user", "content": f"What is {name}?"}] for name in queries["id"]]
    responses = verdicts.assign(text=[f"likely 0.{row}" for row in range(8)])[::-1]
    model = Served()
    found = predictions(model, rollouts, verdicts, "train", (queries, responses))
    # the second query has the responses 2 to 4 of all, the fourth 6 and 7
    assert found["probability"].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.6, 0.7])
    assert model.asked == [
        ("What is made_up/0/1?", [("math", "0.2"), ("math", "0.3"), ("math", "0.4")], "math"),
        ("What is made_up/0/3?", [("math", "0.6"), ("math", "0.7")], "math"),
    ]


def test_what_serves_otherwise_needs_the_texts(half):
    _, rollouts, verdicts = half
    with pytest.raises(ValueError, match=r"^uncut-serving: serving needs the texts of queries and responses$"):
        predictions(Served(), rollouts, verdicts, "train")


@pytest.mark.parametrize(("lost", "sample", "query"), [(4, 2, "made_up/0/1"), (6, 0, "made_up/0/3")])
def test_the_first_response_without_a_verdict_is_named(half, lost, sample, query):
    model, rollouts, verdicts = half
    with pytest.raises(InputError) as caught:
        predictions(model, rollouts, verdicts.iloc[:lost], "train")
    assert str(caught.value) == f"verdicts: none for sample {sample} of the query '{query}'; grade it first."
