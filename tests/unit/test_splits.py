"""Laws of sampling and cutting, for any pool and any sizes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.benchmarks import splits
from reward_memory.benchmarks.items import Item
from reward_memory.errors import InputError

SIZES = st.fixed_dictionaries({split: st.integers(0, 12) for split in splits.SPLITS})


def pool(count, repeat=1):
    return [Item("train", row, (("user", f"prompt {row // repeat}"),), "1") for row in range(count * repeat)]


@given(sizes=SIZES, spare=st.integers(0, 20), repeat=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_splits_have_their_sizes_and_share_no_prompt(sizes, spare, repeat, seed):
    parts = splits.sample("gsm8k", pool(sum(sizes.values()) + spare, repeat), sizes, seed)
    prompts = [item.messages for part in parts.values() for item in part]
    assert {split: len(part) for split, part in parts.items()} == sizes
    assert len(prompts) == len(set(prompts))


@given(sizes=SIZES, seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_draw_depends_on_seed_and_pool_alone(sizes, seed):
    items = pool(sum(sizes.values()) + 5)
    assert splits.sample("gsm8k", items, sizes, seed) == splits.sample("gsm8k", list(items), sizes, seed)


def test_other_seeds_and_other_benchmarks_draw_other_items():
    drawn = [splits.sample(name, pool(50), {"test": 20}, seed)["test"] for name, seed in (("a", 0), ("a", 1), ("b", 0))]
    assert drawn[0] != drawn[1]
    assert drawn[0] != drawn[2]


def test_the_first_of_equal_prompts_is_kept():
    assert [item.row for item in splits.distinct(pool(3, repeat=2))] == [0, 2, 4]


@pytest.mark.parametrize("size", [-1, True, 2.0, "3", None])
def test_a_size_is_a_whole_number_from_0(size):
    with pytest.raises(InputError, match=r"gsm8k: valid"):
        splits.check_sizes("gsm8k", {"valid": size})


def test_an_empty_split_still_has_its_columns():
    frame = splits.table("gsm8k", "math", [])
    assert len(frame) == 0
    assert {"messages", "ground_truth"} <= set(frame.columns)
