import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.training.objectives.dynamic_sampling import DynamicSampling, Scored, degenerate
from reward_memory.training.objectives.overlong import overlong_penalty


def test_the_penalty_grows_over_the_buffer_by_hand():
    # MEDS: 3,072 tokens, a buffer of 512
    found = overlong_penalty(np.array([1, 2560, 2561, 2816, 3072]), 3072, 512)
    assert found.tolist() == pytest.approx([0, 0, -1 / 512, -0.5, -1])


def test_a_buffer_may_be_one_token_or_all():
    assert overlong_penalty(np.array([9, 10]), 10, 1).tolist() == [0, -1]
    assert overlong_penalty(np.array([0, 5, 10]), 10, 10).tolist() == [0, -0.5, -1]


def test_the_factor_is_the_whole_penalty():
    assert overlong_penalty(np.array([90, 100]), 100, 20, factor=3.0).tolist() == pytest.approx([-1.5, -3])


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.floats(0, 5))
def test_no_response_within_its_limit_costs_more_than_the_factor(sizes, factor):
    longest, buffer = sizes
    found = overlong_penalty(np.arange(longest + 1), longest, buffer, factor)
    assert (np.diff(found) <= 0).all()
    assert found[longest - buffer] == 0
    assert found[-1] == pytest.approx(-factor)


@pytest.mark.parametrize(("longest", "buffer"), [(10, 0), (10, 11), (10, -1)])
def test_a_buffer_outside_the_response_is_refused(longest, buffer):
    with pytest.raises(ValueError, match=f"a buffer of {buffer} tokens"):
        overlong_penalty(np.array([1]), longest, buffer)


def verl_penalty(tokens: int, longest: int, buffer: int, factor: float) -> float:
    """What verl's DAPO reward manager adds to a score of 0."""
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.experimental.reward_loop.reward_manager.dapo import DAPORewardManager

    shaping = {"enable": True, "len": buffer, "penalty_factor": factor, "log": False}
    config = OmegaConf.create({"reward": {"reward_kwargs": {"overlong_buffer_cfg": shaping, "max_resp_len": longest}}})
    data = DataProto.from_dict(
        {
            "responses": torch.zeros(1, longest, dtype=torch.long),
            "attention_mask": (torch.arange(longest) < tokens).long()[None],
        },
        {"data_source": np.array(["b"], object), "reward_model": np.array([{"ground_truth": "1"}], object)},
    )

    async def score() -> float:
        tokenizer = SimpleNamespace(decode=lambda *_, **__: "")
        manager = DAPORewardManager(config, tokenizer, lambda **_: 0.0)
        return float((await manager.run_single(data))["reward_score"])

    return asyncio.run(score())


def test_the_penalty_is_verls():
    for tokens in (1, 20, 21, 25, 30):
        found = overlong_penalty(np.array([tokens]), 30, 10, 0.5)[0]
        assert found == pytest.approx(verl_penalty(tokens, 30, 10, 0.5), abs=1e-6)


def test_groups_of_equal_rewards_are_degenerate():
    rewards = np.array([1, 0, 1, 1, 0, 0, 0.1, 0.1])
    assert degenerate(rewards, np.array([0, 0, 1, 1, 2, 2, 3, 3])).tolist() == [False, True, True, True]


def test_a_group_of_one_is_not_degenerate():
    assert degenerate(np.array([1.0, 0, 0]), np.array([0, 1, 1])).tolist() == [False, True]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.1, 1.0])), min_size=1))
def test_degenerate_groups_are_those_without_spread(rows):
    group = np.unique([place for place, _ in rows], return_inverse=True)[1]
    rewards = np.array([reward for _, reward in rows])
    slow = [len(set(rewards[group == at])) == 1 and (group == at).sum() > 1 for at in range(group.max() + 1)]
    assert degenerate(rewards, group).tolist() == slow


def test_rewards_that_no_group_is_made_of_are_none():
    assert degenerate(np.array([]), np.array([], int)).tolist() == []


class Buffer:
    """A replay buffer over generation batches that are known beforehand, a policy of two responses a query.

    batches  one dict a generation batch: query -> rewards
    """

    def __init__(self, *batches: dict[str, list[float]], limit: int = 10, seed: int = 0, order: int = 1):
        self.batches, self.order = list(batches), order
        self.rows, self.submitted, self.discarded, self.at = {}, [], [], 0
        self.sampling = DynamicSampling(self.sample, self.submitted.append, self.score, self.discard, limit, seed)

    def sample(self, global_steps, partition_id, batch_size):
        from transfer_queue import KVBatchMeta

        queries, self.at = self.batches[self.at], self.at + 1
        rows = {
            f"uid-{query}-{self.at}_{number}_0": (query, reward)
            for query, rewards in queries.items()
            for number, reward in enumerate(rewards)
        }
        self.rows |= rows
        keys = sorted(rows)[:: self.order]
        return KVBatchMeta(keys=keys, tags=[{"key": key} for key in keys], partition_id=partition_id), {"sampled": 1}

    def score(self, batch) -> Scored:
        queries, rewards = zip(*(self.rows[key] for key in batch.keys), strict=True)
        return Scored(queries, np.array(rewards))

    def discard(self, keys):
        assert keys
        self.discarded += keys

    def __call__(self, wanted: int, partition: str = "train"):
        batch, metrics = self.sampling(global_steps=3, partition_id=partition, batch_size=wanted)
        return batch, metrics, sorted({self.rows[key][0] for key in batch.keys})


def test_a_batch_without_degenerate_groups_is_taken_whole():
    buffer = Buffer({"a": [1, 0], "b": [0, 1]})
    batch, metrics, queries = buffer(2)
    assert queries == ["a", "b"]
    assert batch.partition_id == "train"
    assert [tag["key"] for tag in batch.tags] == batch.keys
    assert (buffer.submitted, buffer.discarded) == ([], [])
    assert metrics == {
        "sampled": 1,
        "filter_groups/drawn": 2,
        "filter_groups/all_right": 0,
        "filter_groups/all_wrong": 0,
        "filter_groups/surplus": 0,
        "filter_groups/batches": 1,
    }


def test_degenerate_groups_are_replaced_from_further_batches():
    buffer = Buffer({"a": [1, 1], "b": [0, 1]}, {"c": [0, 0], "d": [0, 0]}, {"e": [1, 0], "f": [0, 0]})
    batch, metrics, queries = buffer(2)
    assert queries == ["b", "e"]
    assert len(batch) == 4
    assert batch.extra_info == {}
    assert buffer.submitted == [2, 3]
    assert set(buffer.discarded) == set(buffer.rows) - set(batch.keys)
    assert metrics["filter_groups/all_right"] == 1
    assert metrics["filter_groups/all_wrong"] == 3
    assert metrics["filter_groups/batches"] == 3


def test_what_is_sampled_beyond_the_batch_is_discarded():
    buffer = Buffer({"a": [1, 1], "b": [0, 1]}, {"c": [0, 1], "d": [0, 1]})
    batch, metrics, queries = buffer(2)
    assert len(queries) == 2
    assert "b" in queries
    assert metrics["filter_groups/surplus"] == 1
    assert set(buffer.discarded) == set(buffer.rows) - set(batch.keys)


def test_which_surplus_stays_depends_on_the_seed_and_not_on_the_order_of_rows():
    batches = {"a": [1, 1], "b": [0, 0], "c": [0, 0]}, {name: [0, 1] for name in "defghijk"}
    chosen = {order: Buffer(*batches, order=order)(3)[2] for order in (1, -1)}
    assert chosen[1] == chosen[-1]
    assert len({tuple(Buffer(*batches, seed=seed)(3)[2]) for seed in range(8)}) > 2


def test_a_query_is_not_kept_twice_in_a_step():
    buffer = Buffer({"a": [1, 0], "b": [0, 0]}, {"a": [0, 1], "b": [0, 0]}, {"a": [0, 1], "c": [0, 1]})
    batch, _, queries = buffer(2)
    assert queries == ["a", "c"]
    assert len(batch) == 4


def test_only_degenerate_groups_end_the_run_after_the_last_batch_in_one_sentence():
    buffer = Buffer(*[{"a": [1, 1], "b": [0, 0], "c": [0, 0]}] * 5, limit=4)
    with pytest.raises(RuntimeError) as error:
        buffer(3)
    assert str(error.value) == (
        "step 3: 4 generation batches gave 0 of the 3 queries whose responses differ in reward (4 of 12 sampled were "
        "answered right by all responses, 8 wrong by all); train on queries that the policy answers right sometimes, "
        "sample more responses a query, or allow more generation batches."
    )
    assert buffer.submitted == [2, 3, 4]


def test_a_batch_that_stays_short_ends_the_run_and_leaves_nothing_behind():
    buffer = Buffer({"a": [1, 0], "b": [0, 0]}, {"c": [0, 0], "d": [0, 0]}, limit=2)
    with pytest.raises(RuntimeError, match="2 generation batches gave 1 of the 2 queries"):
        buffer(2)
    assert set(buffer.discarded) == set(buffer.rows)


def test_rewards_of_one_half_throughout_count_as_wrong():
    buffer = Buffer({"a": [0.5, 0.5], "b": [0.51, 0.51], "c": [0, 1]})
    metrics = buffer(1)[1]
    assert (metrics["filter_groups/all_right"], metrics["filter_groups/all_wrong"]) == (1, 1)


def test_a_prompts_id_may_have_any_characters():
    # the batch's keys are prompt_sample_turn
    buffer = Buffer({"a_1_0": [1, 0], "a_1_1": [0, 1], "a_2": [1, 1]})
    batch, metrics, queries = buffer(2)
    assert queries == ["a_1_0", "a_1_1"]
    assert len(batch) == 4
    assert metrics["filter_groups/drawn"] == 3


def test_groups_of_different_sizes_keep_all_their_rows():
    buffer = Buffer({"a": [1, 0, 0], "b": [0], "c": [1, 1, 1], "d": [0, 0, 1, 1]})
    batch, metrics, queries = buffer(3)
    assert queries == ["a", "b", "d"]
    assert len(batch) == 8
    assert len(buffer.discarded) == 3
    assert metrics["filter_groups/all_right"] == 1


def test_validation_passes_through_unscored():
    buffer = Buffer({"a": [1, 1], "b": [0, 0]})
    _, metrics, queries = buffer(2, "val")
    assert queries == ["a", "b"]
    assert metrics == {"sampled": 1}


def test_a_single_generation_batch_may_be_the_limit():
    assert Buffer({"a": [1, 0], "b": [0, 1]}, limit=1)(2)[2] == ["a", "b"]


def test_no_generation_batch_is_no_limit():
    with pytest.raises(ValueError, match="0 generation batches"):
        Buffer(limit=0)
