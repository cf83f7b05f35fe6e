"""Laws of sampling and cutting, for any pool and any sizes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.data import splits
from reward_memory.data.duplicates.repeats import families, without_repeats
from reward_memory.data.duplicates.words import words
from reward_memory.data.items import Item
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


DRAWS = {
    "apart": ({"train": 3, "valid": 1, "test": 2}, {"train": [5, 2, 3], "valid": [1], "test": [4, 0]}),
    "one split": ({"test": 2}, {"train": [], "valid": [], "test": [5, 2]}),
    "all": ({"valid": 8}, {"train": [], "valid": [5, 2, 3, 1, 4, 0, 7, 6], "test": []}),
    "nothing": ({}, {"train": [], "valid": [], "test": []}),
}
FAMILIES = {
    # families by size: 4 to train, 3 to test, which lacks most then, 2 and 2 to train and valid, ...
    "some": ([3, 1, 2, 4, 2], (4, 1, 3), {"train": [7, 4, 9, 5], "valid": [10], "test": [0, 3, 2]}),
    "all": ([3, 1, 2, 4, 2], (6, 3, 3), {"train": [7, 10, 9, 8, 11, 6], "valid": [0, 2, 1], "test": [3, 4, 5]}),
    "beyond": ([2, 2, 2], (2, 0, 2), {"train": [5, 1], "valid": [], "test": [2, 3]}),
    "exactly": ([2, 2, 2, 2], (4, 0, 4), {"train": [5, 1, 4, 0], "valid": [], "test": [2, 3, 7, 6]}),
    "nothing": ([2, 1], (0, 0, 0), {"train": [], "valid": [], "test": []}),
}


def rows(parts):
    return {split: [item.row for item in part] for split, part in parts.items()}


@pytest.mark.parametrize(("sizes", "expected"), DRAWS.values(), ids=DRAWS)
def test_draws_stay_what_they_were(sizes, expected):
    assert rows(splits.sample("x", pool(8), sizes, 0)) == expected


@pytest.mark.parametrize(("counts", "sizes", "expected"), FAMILIES.values(), ids=FAMILIES)
def test_families_are_dealt_as_they_were(counts, sizes, expected):
    assert rows(splits.sample("x", templated(counts), dict(zip(splits.SPLITS, sizes, strict=True)), 0)) == expected


def test_more_queries_than_there_are_prompts_is_an_error():
    with pytest.raises(InputError) as error:
        splits.sample("x", pool(3, repeat=2), {"train": 3, "test": 1}, 0)
    assert str(error.value) == (
        "benchmarks: x: 4 queries are requested in total, but it has at most 3; lower train, valid or test."
    )


def test_the_first_of_equal_prompts_is_kept():
    assert [item.row for item in splits.distinct(pool(3, repeat=2))] == [0, 2, 4]


@pytest.mark.parametrize("size", [-1, True, 2.0, "3", None])
def test_a_size_is_a_whole_number_from_0(size):
    with pytest.raises(InputError, match=r"gsm8k: valid"):
        splits.check_sizes("gsm8k", {"valid": size})


def test_sizes_add_up():
    assert splits.check_sizes("gsm8k", {"train": 3, "valid": 0, "test": 4}) == 7


def test_an_unknown_split_is_named():
    with pytest.raises(InputError, match=r"^benchmarks: x: 'dev' is not a split; choose from train, valid, test\.$"):
        splits.check_sizes("x", {"train": 1, "dev": 1})


# --- families: instances of one template, repeats of one question


def item(row, question, template=None, truth="1"):
    return Item("train", row, (("system", "Think."), ("user", question)), truth, template=template)


def templated(counts):
    """A pool with counts[t] instances of template t."""
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    return [item(row, f"instance {row}", f"template-{kind}") for row, kind in enumerate(kinds)]


def can_be_dealt(counts, wanted):
    """The slow way: try every way to give each family to a split."""
    for homes in product(range(len(wanted)), repeat=len(counts)):
        held = [sum(count for count, home in zip(counts, homes, strict=True) if home == i) for i in range(len(wanted))]
        if all(have >= want for have, want in zip(held, wanted, strict=True)):
            return True
    return False


@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=6), sizes=SIZES, seed=st.integers(0, 9))
@settings(max_examples=200)
def test_sizes_are_met_exactly_wherever_whole_families_allow_it(counts, sizes, seed):
    if can_be_dealt(counts, list(sizes.values())):
        parts = splits.sample("x", templated(counts), sizes, seed)
        assert {split: len(part) for split, part in parts.items()} == sizes
        homes = {(one.template, split) for split, part in parts.items() for one in part}
        assert len({template for template, _ in homes}) == len(homes)
    else:
        with pytest.raises(InputError, match=r"x: .*(breaking up a family|has at most)"):
            splits.sample("x", templated(counts), sizes, seed)


def test_published_sizes_of_gsm_symbolic_leave_every_template_in_one_split():
    sizes = {"train": 750, "valid": 300, "test": 450}
    parts = splits.sample("gsm_symbolic", templated([50] * 100), sizes, seed=42)
    assert {split: len(part) for split, part in parts.items()} == sizes
    templates = {split: {one.template for one in part} for split, part in parts.items()}
    # in proportion to the sizes, so that no split is made of a few templates
    assert {split: len(found) for split, found in templates.items()} == {"train": 50, "valid": 20, "test": 30}
    assert sum(map(len, templates.values())) == len(set.union(*templates.values()))


@pytest.mark.parametrize(
    "other",
    ["what is 2 + x", "What  is\n2 + x?", "WHAT IS 2 + X", "What is “2 + x”?"],
    ids=["case and mark", "white space", "capitals", "quotes"],
)
def test_questions_alike_but_for_case_space_and_punctuation_share_a_split(other):
    pool = [item(0, "What is 2 + x?"), item(1, other), *(item(row, f"other {row}") for row in range(2, 4))]
    for seed in range(10):
        parts = splits.sample("x", pool, {"train": 2, "test": 2}, seed)
        homes = {split for split, part in parts.items() for one in part if one.row in (0, 1)}
        assert len(homes) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("x + 1", "x - 1"), ("x > 1", "x < 1"), ("x^2", "x2"), ("12", "1 2"), ("|x|", "x")]
)
def test_another_formula_is_another_question(one, other):
    assert words(one) != words(other)


def test_families_join_over_templates_and_repeats_alike():
    pool = [item(0, "A", "t"), item(1, "B", "t"), item(2, "b."), item(3, "C"), item(4, "D", "u")]
    assert [[one.row for one in family] for family in families(pool)] == [[0, 1, 2], [3], [4]]


def test_a_draw_that_is_impossible_names_the_largest_family():
    # either half takes one of the families of three, and the single one is not enough for both
    with pytest.raises(
        InputError, match=r"x: 7 of its 7 queries.*2 \+ 0 \+ 5.*families: 3, queries in the largest: 3\); request fewer"
    ):
        splits.sample("x", templated([3, 3, 1]), {"train": 2, "test": 5}, 0)
    with pytest.raises(
        InputError, match=r"x: 4 of its 4 queries.*2 \+ 0 \+ 2.*families: 1, queries in the largest: 4\); request fewer"
    ):
        splits.sample("x", templated([4]), {"train": 2, "test": 2}, 0)


def test_repeats_are_dropped_with_the_first_and_whether_the_answers_differ():
    pool = [item(0, "What is 2 + 2?"), item(1, "Other"), item(2, "what is 2+2"), item(3, "What is 2 + 2 ?", truth="5")]
    kept, repeats, dropped = without_repeats(pool)
    assert [one.row for one in kept] == [0, 1]
    assert [one.row for one in repeats] == [2, 3]
    assert dropped == [("train", 2, "repeats train/0"), ("train", 3, "repeats train/0 with a different answer")]


def test_a_row_of_a_table_is_an_item_with_its_id():
    items = [
        Item("train", 4, (("system", "Be brief."), ("user", "Which?")), "B", options=("x", "y"), template="t"),
        Item("test", 0, (("user", "Add."),), None, tests="{}"),
    ]
    one, other = splits.table("mine", "qa", items).to_dict("records")
    assert one == {
        "id": "mine/train/4",
        "query_id": "mine/train/4",
        "benchmark": "mine",
        "domain": "qa",
        "template": "t",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which?"}],
        "options": ["x", "y"],
        "ground_truth": "B",
        "tests": None,
        "content_hash": items[0].content_hash,
    }
    assert (other["id"], other["options"], other["ground_truth"], other["tests"]) == ("mine/test/0", None, None, "{}")
    assert other["content_hash"] != one["content_hash"]


def test_an_empty_split_still_has_its_columns():
    frame = splits.table("gsm8k", "math", [])
    assert len(frame) == 0
    assert {"messages", "ground_truth"} <= set(frame.columns)


def test_a_family_that_no_split_needs_goes_to_none():
    dealt = splits._deal_exactly([3, 1, 3], [1])
    assert dealt is not None
    assert sorted(dealt) == [-1, -1, 0]
    assert dealt[1] == 0  # the fewest items
