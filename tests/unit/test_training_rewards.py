"""Rewards of a batch: verified, predicted or voted on, and never the hidden truth but with the published fallback."""

import numpy as np
import pytest
from graph_rollouts import made_up

from reward_memory.reward_models.base import save
from reward_memory.reward_models.registry import fit
from reward_memory.training.objectives.rewards import Sampled, Scorer, summary
from reward_memory.training.truths import encode_truth
from reward_memory.verifiers import Grader, GroundTruth

FIVE = encode_truth(GroundTruth("math", "5"))


class Predicting:
    """A reward model that finds long answers likely."""

    def __init__(self):
        self.asked = []

    def split(self, text: str, domain: str) -> tuple[str, str]:
        return tuple(text.split("|"))

    def predict(self, queries, responses, domains):
        self.asked.append((queries, responses, domains))
        return [np.array([min(len(answer) / 10, 1) for _, answer in group], np.float32) for group in responses]


class Broken(Predicting):
    def predict(self, *args, **kwargs):
        raise FloatingPointError("the reward model gave 1 of 2 probabilities that are not finite.")


def row(query: str, text: str, truth: str | None = None, fallback: str | None = None) -> Sampled:
    return Sampled(query, [{"role": "user", "content": f"{query}?"}], "math", text, truth, fallback)


@pytest.fixture
def scorer():
    with Grader(isolation="reduced") as grader:
        yield Scorer(grader, None)


def test_labeled_rows_are_verified_and_the_others_predicted_by_query(scorer):
    scorer.reward_model = model = Predicting()
    found = scorer.score(
        [
            row("a", "x #### 5", FIVE),
            row("a", "x #### 6", FIVE),
            row("b", "one|1"),
            row("b", "two|123456"),
            row("c", "three|1234567"),
        ]
    )
    assert found.rewards.tolist() == [1, 0, 0, 1, 1]
    assert np.isnan(found.probabilities[:2]).all()
    assert found.probabilities[2:] == pytest.approx([0.1, 0.6, 0.7])
    groups = [[("one", "1"), ("two", "123456")], [("three", "1234567")]]
    assert model.asked == [(["b?", "c?"], groups, ["math", "math"])]
    assert summary(found.rewards, found.probabilities) == pytest.approx(
        {"reward/verified": 0.5, "reward/predicted": 2 / 3, "reward/mean": 0.6, "reward/predicted_share": 0.6}
    )


@pytest.mark.parametrize(("answer", "reward"), [("1234", 0), ("12345", 0), ("123456", 1)])
def test_a_predicted_reward_is_one_above_a_probability_of_one_half(scorer, answer, reward):
    scorer.reward_model = Predicting()
    found = scorer.score([row("b", f"one|{answer}")])
    assert found.probabilities == pytest.approx([len(answer) / 10])
    assert found.rewards.tolist() == [reward]


def test_responses_of_one_query_that_do_not_follow_one_another_keep_their_own_probabilities(scorer):
    scorer.reward_model = model = Predicting()
    found = scorer.score([row("a", "x|1"), row("b", "y|123456"), row("a", "z|12345678")])
    assert found.probabilities == pytest.approx([0.1, 0.6, 0.8])
    assert model.asked[0][0] == ["a?", "b?"]


def test_without_unlabeled_rows_no_model_is_loaded(scorer):
    found = scorer.score([row("a", "x #### 5", FIVE)])
    assert found.rewards.tolist() == [1]
    assert found.fallbacks == 0
    assert summary(found.rewards, found.probabilities) == {
        "reward/mean": 1,
        "reward/verified": 1,
        "reward/predicted_share": 0,
    }


def test_an_unlabeled_row_without_a_model_is_an_error(scorer):
    with pytest.raises(RuntimeError, match="no ground truth and the run has no reward model"):
        scorer.score([row("a", "x|5")])


def test_the_model_of_a_folder_is_loaded_once(tmp_path):
    save(fit("random", made_up([1]), seeds=[5]), tmp_path)
    scorer = Scorer(None, tmp_path)
    assert scorer.reward_model.config["seed"] == 5
    assert scorer.reward_model is scorer.reward_model


def test_an_error_of_the_model_ends_the_run(scorer):
    scorer.reward_model = Broken()
    with pytest.raises(FloatingPointError, match="are not finite"):
        scorer.score([row("a", "x #### 5", FIVE), row("b", "x #### 5")])


def test_the_published_fallback_hides_the_error_behind_the_truth(scorer):
    scorer.reward_model = Broken()
    rows = [row("a", "x #### 6", FIVE), row("b", "x #### 5", None, FIVE), row("b", "x #### 7", None, FIVE)]
    found = scorer.score(rows)
    assert found.rewards.tolist() == [0, 1, 0]
    assert found.fallbacks == 2


def test_a_row_without_a_fallback_passes_the_error_on(scorer):
    scorer.reward_model = Broken()
    with pytest.raises(FloatingPointError, match="are not finite"):
        scorer.score([row("b", "x #### 5", None, FIVE), row("c", "x #### 5")])


def test_a_working_model_never_looks_at_the_fallback(scorer):
    scorer.reward_model = Predicting()
    found = scorer.score([row("b", "x|5", None, FIVE)])
    assert found.rewards.tolist() == [0]
    assert found.fallbacks == 0


@pytest.mark.parametrize(
    ("votes", "ties", "rewards", "probabilities"),
    [
        # numbers are compared by value; the second query's answers tie
        ("majority", "first", [1, 0, 1, 1, 0], [5 / 6, 1 / 6, 5 / 6, 3 / 4, 1 / 4]),
        ("majority", "none", [1, 0, 1, 0, 0], [5 / 6, 1 / 6, 5 / 6, 1 / 4, 1 / 4]),
        ("trapo", "first", [1, 0, 1, 0, 0], [5 / 6, 1 / 6, 5 / 6, 1 / 4, 1 / 4]),
        ("agreement", "first", [2 / 3, 1 / 3, 2 / 3, 0, 0], [2 / 3, 1 / 3, 2 / 3, 0, 0]),
    ],
)
def test_responses_without_a_truth_vote_by_query(votes, ties, rewards, probabilities):
    texts = [("a", "#### 1,000"), ("a", "#### 7"), ("a", "so #### 1000.0"), ("b", "#### 3"), ("b", "#### 4")]
    rows = [row(*text) for text in texts]
    with Grader(isolation="reduced") as grader:
        found = Scorer(grader, None, votes, ties).score(rows)
    assert found.rewards == pytest.approx(rewards)
    assert found.probabilities == pytest.approx(probabilities)


def test_labeled_rows_are_verified_and_have_no_vote():
    rows = [
        row("a", "#### 6", FIVE),
        row("a", "#### 6", FIVE),
        row("b", "#### 6"),
        row("b", "#### 6"),
        row("b", "#### 5"),
    ]
    with Grader(isolation="reduced") as grader:
        found = Scorer(grader, None, "trapo").score(rows)
    assert found.rewards.tolist() == [0, 0, 1, 1, 0]
    assert np.isnan(found.probabilities).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("votes", ["majority", "agreement", "trapo"])
def test_votes_never_look_at_a_truth(votes, monkeypatch):
    monkeypatch.setattr(Scorer, "_grade", lambda *_: pytest.fail("graded"))
    rows = [row("b", "#### 6", None, FIVE), row("b", "#### 6", None, FIVE)]
    assert Scorer(None, None, votes).score(rows).rewards.tolist() == [1, 1]
