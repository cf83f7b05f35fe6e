"""Label propagation: the mean reward of the responses to the nearest labeled queries, weighted by likeness."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from graph_rollouts import made_up

from reward_memory.reward_models.base import save
from reward_memory.reward_models.baselines.knn import Neighbors, fit_knn
from reward_memory.reward_models.registry import load


def axis(*places: int) -> np.ndarray:
    rows = np.zeros((len(places), 384), np.float32)
    rows[np.arange(len(places)), places] = 1
    return rows


def placed(sizes: list[int], query: list[int], response: list[int], rewards: list[float]):
    """Rollouts whose query and response vectors are axes; thinking and answer are the same."""
    vectors = {"query": axis(*query), "thinking": axis(*response), "answer": axis(*response)}
    return replace(made_up(sizes), **vectors, rewards=np.array(rewards, np.float32))


#: Three labeled queries on axes of their own; a response is 1 like itself and 0 like the others.
LABELED = placed([2, 1, 2], [0, 1, 2], [10, 11, 12, 10, 13], [1, 0, 1, 0, 0])


def test_the_nearest_query_counts_and_its_responses_by_their_likeness():
    model = fit_knn("knn", LABELED, device="cpu", num_neighbors=1)
    asked = placed([2, 1], [0, 2], [10, 14, 13], [np.nan] * 3)
    alike, other = exp((1 + 1) / 0.1), exp(1 / 0.1)  # response and query alike; the query alone
    first = alike / (alike + other)  # the right one of query 0 is the same, its wrong one is not
    assert model.score(asked) == pytest.approx([first, 0.5, 0.0], abs=1e-5)


def test_two_neighbors_count_by_the_likeness_of_the_queries_too():
    model = fit_knn("knn", LABELED.take(np.array([0, 1])), device="cpu", num_neighbors=2)
    asked = placed([1], [1], [11], [np.nan])
    # query 1 is the same (response unlike: 1), query 0 is not (responses: unlike 0, alike 1)
    weights = [exp(0), exp(1 / 0.1), exp(1 / 0.1)]
    assert model.score(asked) == pytest.approx([(weights[0] + weights[2]) / sum(weights)], abs=1e-5)
    assert model.with_neighbors(1).score(asked) == pytest.approx([1.0], abs=1e-5)


def test_thinking_and_answer_count_alike():
    labeled = replace(LABELED.take(np.array([0])), thinking=axis(10, 11), answer=axis(20, 21))
    model = fit_knn("knn", labeled, device="cpu", num_neighbors=1)
    asked = replace(placed([2], [0], [10, 11], [np.nan] * 2), answer=axis(20, 20))
    # the first is the right response; the second thinks as the wrong one and answers as the right one
    alike, half = exp(1 / 0.1), exp(0.5 / 0.1)
    assert model.score(asked) == pytest.approx([alike / (alike + 1), half / (half + half)], abs=1e-5)


def test_what_is_saved_is_what_was_fitted(tmp_path):
    model = fit_knn("knn", replace(LABELED, dtype="bfloat16"), device="cpu", num_neighbors=2)
    assert model.config == {"predictor": "knn", "encoder_dtype": "bfloat16", "num_neighbors": 2}
    assert model.metrics == {"labeled_queries": 3, "labeled_responses": 5}
    weights, memory = model.tensors()
    assert weights == {}
    assert memory["starts"].tolist() == [0, 2, 3, 5]
    assert memory["rewards"].tolist() == [1, 0, 1, 0, 0]
    assert (memory["query"].shape, memory["response"].shape) == ((3, 384), (5, 768))
    save(model, tmp_path)
    again = load(tmp_path)
    assert isinstance(again, Neighbors)
    assert (again.config, again.metrics) == (model.config, model.metrics)
    asked = placed([2, 1], [0, 2], [10, 14, 13], [np.nan] * 3)
    assert again.score(asked).tolist() == model.score(asked).tolist()


def test_another_number_of_neighbors_leaves_the_model_alone():
    model = fit_knn("knn", LABELED, device="cpu", num_neighbors=2)
    other = model.with_neighbors(3)
    assert (other.config["num_neighbors"], model.config["num_neighbors"]) == (3, 2)
    assert other.metrics == model.metrics
    assert other.tensors()[1] is model.tensors()[1]


def test_queries_without_responses_are_passed_over():
    labeled = placed([1, 0, 1], [0, 1, 2], [10, 12], [1, 0])
    model = fit_knn("knn", labeled, device="cpu", num_neighbors=2)
    asked = placed([0, 1], [0, 1], [10], [np.nan])
    # the nearest two are query 1, which has no response, and the first of the others
    assert model.score(asked) == pytest.approx([1.0], abs=1e-5)
