"""Rollouts as arrays: what is labeled, parts of them, and several benchmarks together."""

from dataclasses import replace

import numpy as np
import pytest
from graph_rollouts import frames, made_up

from reward_memory.errors import InputError
from reward_memory.reward_models.features.embedding import embed_rollouts
from reward_memory.reward_models.features.signals import NAMES
from reward_memory.reward_models.rollouts import assemble, concatenate

NAN = float("nan")


def test_a_query_is_labeled_if_all_its_rewards_are_known_and_there_is_one():
    rewards = np.array([1, 0, NAN, 1, NAN, NAN, 0], np.float32)
    rollouts = replace(made_up([2, 0, 2, 2, 1, 0]), rewards=rewards)
    assert rollouts.labeled.tolist() == [True, False, False, False, True, False]


def test_rollouts_are_taken_by_number_or_by_mark():
    rollouts = made_up([2, 0, 3, 1])
    by_mark = rollouts.take(np.array([True, False, False, True]))
    assert by_mark.query_ids.tolist() == ["made_up/0/0", "made_up/0/3"]
    assert by_mark.group.tolist() == [0, 0, 1]
    assert (by_mark.rewards == rollouts.rewards[[0, 1, 5]]).all()
    # numbers may repeat and need not be in order
    by_number = rollouts.take(np.array([3, 0, 3]))
    assert by_number.query_ids.tolist() == ["made_up/0/3", "made_up/0/0", "made_up/0/3"]
    assert by_number.group.tolist() == [0, 1, 1, 2]
    assert (by_number.query == rollouts.query[[3, 0, 3]]).all()
    assert (by_number.thinking == rollouts.thinking[[5, 0, 1, 5]]).all()


def test_of_nothing_nothing_is_taken():
    for nothing in (np.zeros(2, bool), np.array([], int)):
        found = replace(made_up([2, 1]), dtype="bfloat16").take(nothing)
        assert (len(found.query_ids), len(found.group), found.answer.shape) == (0, 0, (0, 384))
        assert found.dtype == "bfloat16"


def test_parts_follow_one_another_with_their_own_queries():
    one, other = made_up([2, 1]), made_up([1, 3], seed=1)
    found = concatenate([one, other])
    assert found.query_ids.tolist() == [*one.query_ids, *other.query_ids]
    assert found.group.tolist() == [0, 0, 1, 2, 3, 3, 3]
    assert (found.signals == np.concatenate([one.signals, other.signals])).all()
    assert concatenate([one]).group.tolist() == [0, 0, 1]
    assert concatenate([replace(one, dtype="bfloat16")]).dtype == "bfloat16"
    # the first of two that come twice is named
    with pytest.raises(InputError) as error:
        concatenate([other, one, made_up([1, 1, 1])])
    assert str(error.value) == "queries: the id 'made_up/0/0' occurs twice; ids must be unique within a suite."


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """(queries, responses, verdicts, path of the embeddings); the responses are not in the order of the queries."""
    queries, responses, verdicts = frames(3)
    responses = responses[responses["query_id"] != "sums/train/1"].iloc[[5, 0, 4, 1, 6, 3]]
    path = tmp_path_factory.mktemp("rollouts") / "vectors"
    embed_rollouts(queries, responses, path)
    return queries, responses, verdicts, path


def test_responses_come_to_their_queries_and_queries_without_any_are_left_out(tables):
    queries, responses, verdicts, path = tables
    found = assemble([(queries, responses, path)], verdicts)
    assert found.query_ids.tolist() == ["sums/train/0", "sums/train/2"]
    assert (found.benchmarks.tolist(), found.domains.tolist()) == (["sums"] * 2, ["math"] * 2)
    assert [text.rsplit("\n", 1)[-1] for text in found.texts] == ["What is 0 + 1?", "What is 2 + 1?"]
    assert found.group.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.samples.tolist() == [0, 1, 3, 1, 0, 2]
    assert found.keys.tolist() == ["1", "-1", "-1", "1", "3", "3"]
    assert found.rewards.tolist() == [1, 0, 0, 0, 1, 1]
    # log1p(1) / 20 and so on; found; the first of equally frequent numbers or the most frequent one
    assert found.features[:, 1:].tolist() == [[1, 0], [1, 1], [1, 1], [1, 0], [1, 1], [1, 1]]
    assert found.signals[:, NAMES.index("share")] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1 / 3, 2 / 3, 2 / 3])
    same = found.thinking @ found.thinking.T > 0.999
    assert same[0].tolist() == [True, False, False, False, True, True]  # "I add one."
    assert (found.query[0] @ found.query[1]) < 0.999


def test_without_verdicts_nothing_is_known(tables):
    queries, responses, verdicts, path = tables
    assert np.isnan(assemble([(queries, responses, path)]).rewards).all()
    some = verdicts[(verdicts["query_id"] == "sums/train/2") & (verdicts["sample"] < 2)]
    found = assemble([(queries, responses, path)], some)
    assert np.isnan(found.rewards).tolist() == [True, True, True, False, False, True]
    assert found.rewards[3:5].tolist() == [0, 1]


def test_answer_features_and_published_behaviors_are_as_asked(tables, tmp_path):
    queries, responses, _, path = tables
    found = assemble([(queries, responses, path)], wanted={"math": ["found"], "qa": [], "code": []})
    assert found.features.tolist() == [[0, 1, 0]] * 6
    none = queries[:1], responses[responses["query_id"] == "sums/train/0"].assign(answer="#### 0"), tmp_path / "none"
    embed_rollouts(*none)
    assert assemble([none]).features[:, 2].tolist() == [1] * 3
    assert assemble([none], fidelity=["zero-majority"]).features[:, 2].tolist() == [0] * 3


@pytest.mark.parametrize("reward", [0.5, 2, -1, NAN])
def test_the_first_reward_that_is_neither_0_nor_1_is_named(tables, reward):
    queries, responses, verdicts, path = tables
    wrong = verdicts.assign(reward=verdicts["reward"].where(verdicts.index < 3, reward))
    with pytest.raises(InputError) as error:
        assemble([(queries, responses, path)], wrong)
    assert str(error.value) == f"verdicts: the reward of 'sums/train/0' is {float(reward)}; it must be 0 or 1."


def test_the_first_response_without_a_query_is_named(tables, tmp_path):
    queries, responses, *_ = tables
    lonely = queries[1:2], responses, tmp_path / "vectors"
    embed_rollouts(*lonely)
    told = rf"vectors: a response belongs to '{responses['query_id'].iloc[0]}', which is not among the queries\."
    with pytest.raises(InputError, match=told):
        assemble([lonely])
