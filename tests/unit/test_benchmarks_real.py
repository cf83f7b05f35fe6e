"""The released files themselves: every row is read, the counts are the known ones, every item has its truth."""

from collections import Counter

import pytest

from reward_memory import data
from reward_memory.data import BENCHMARKS, DOMAINS, mirror, splits
from reward_memory.data.duplicates.repeats import fingerprint
from reward_memory.data.items import LETTERS

#: Usable rows a source split, as the files lie in ../shared/benchmarks.
COUNTS = {
    "gsm8k": {"train": 7473, "test": 1319},
    "math": {"train": 7498, "test": 5000},
    "gsm_symbolic": {"p2": 2500},
    "mmlu": {"test": 14042, "valid": 1531, "dev": 285},
    "commonsenseqa": {"train": 9741, "valid": 1221},
    "obqa": {"train": 4957, "valid": 500, "test": 500},
    "arc_c": {"train": 1056, "valid": 299, "test": 1172},
    "humaneval_plus": {"test": 164},
    "mbpp_plus": {"test": 378},
    "numina_math": {"train": 20000},
    "siqa": {"train": 33410, "valid": 1954},
    "piqa": {"valid": 1838},
    "dapo_math_17k": {"math": 5581, "dapo": 14824},
    "aime24": {"test": 30},
    "amc23": {"test": 40},
    "math500": {"test": 500},
    "minerva": {"test": 272},
    "olympiadbench": {"test": 675},
}
#: Rows that give no item.
DROPPED = {
    "math": {"train: no boxed answer in the solution": 2},
    "dapo_math_17k": {
        "math: Level 1 of MATH, where only 3 to 5 are used": 564,
        "math: Level 2 of MATH, where only 3 to 5 are used": 1348,
        "math: Level ? of MATH, where only 3 to 5 are used": 2,
        "math: no boxed answer in the solution": 2,
        "math: repeats": 3,
        "dapo: repeats": 2574,
    },
}


@pytest.fixture(scope="module")
def loaded(shared):
    return {name: mirror.load(name, shared / "benchmarks") for name in COUNTS}


def test_gpqa_alone_is_not_there(shared):
    assert set(BENCHMARKS) - set(COUNTS) == {"gpqa"}


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
def test_every_row_of_a_release_is_an_item_or_dropped_with_a_reason(loaded, name):
    assert Counter(item.source_split for item in loaded[name].items) == COUNTS[name]
    reasons = Counter(
        f"{split}: {reason.split(' dapo/')[0].split(' math/')[0]}" for split, _, reason in loaded[name].dropped
    )
    assert reasons == DROPPED.get(name, {})
    ids = {(one.source_split, one.row) for one in (*loaded[name].items, *loaded[name].dropped)}
    assert len(ids) == len(loaded[name].items) + len(loaded[name].dropped)


@pytest.mark.parametrize("name", COUNTS)
def test_every_item_has_a_question_and_its_truth(loaded, name):
    for item in loaded[name].items:
        assert item.messages[1][1].strip()
        match DOMAINS[name]:
            case "math":
                assert item.ground_truth.strip()
                assert item.options is item.task is None
            case "qa":
                assert len(item.options) >= 2
                assert LETTERS.index(item.ground_truth) < len(item.options)
                assert all(f"\n{letter}. " in item.messages[1][1] for letter in LETTERS[: len(item.options)])
            case "code":
                assert item.task["base_input"]
                assert item.task["entry_point"] in item.messages[1][1]


@pytest.mark.parametrize("name", [name for name in COUNTS if DOMAINS[name] == "math"])
def test_no_prompt_keeps_the_instruction_of_its_training_set(loaded, name):
    assert not [item for item in loaded[name].items if "output the final answer within" in item.messages[1][1]]


def test_whole_numbers_are_written_without_a_fraction(loaded):
    assert all(item.ground_truth.lstrip("-").isdigit() for item in loaded["amc23"].items)


def test_braces_of_every_math_answer_are_balanced(loaded):
    for name in ("math", "math500", "minerva"):
        for item in loaded[name].items:
            bare = item.ground_truth.replace("\\{", "").replace("\\}", "")
            assert bare.count("{") == bare.count("}"), item


def test_the_answers_of_math500_are_those_of_the_same_problems_in_math(loaded):
    """Two releases and two ways to the answer: a column of its own, and the box of the solution."""
    known = {item.messages[1][1]: item.ground_truth for item in loaded["math"].items}
    pairs = [(item.ground_truth, known.get(item.messages[1][1])) for item in loaded["math500"].items]
    assert sum(other is not None for _, other in pairs) > 490
    assert sum(other is not None and one.replace(" ", "") != other.replace(" ", "") for one, other in pairs) <= 5


def test_sizes_of_memreward_can_be_drawn_with_templates_kept_whole(loaded):
    sizes = {"train": 750, "valid": 300, "test": 450}
    parts = splits.sample("gsm_symbolic", loaded["gsm_symbolic"].items, sizes, seed=42)
    assert {split: len(part) for split, part in parts.items()} == sizes
    templates = [{item.template for item in part} for part in parts.values()]
    assert sum(map(len, templates)) == len(set.union(*templates)) == 50


def test_a_draw_from_the_largest_release_shares_no_repeat_between_splits(loaded):
    parts = splits.sample("siqa", loaded["siqa"].items, {"train": 20000, "test": 10000}, seed=1)
    train, test = ({fingerprint(item) for item in parts[split]} for split in ("train", "test"))
    assert len(parts["train"]) == 20000
    assert not train & test


def test_the_published_sizes_are_shares_of_at_most_1500_pooled_items(shared):
    built = data.build("gsm8k", "mirror", {"train": 750, "valid": 300, "test": 450}, 42, shared / "benchmarks")
    assert {split: len(frame) for split, frame in built.items()} == {"train": 750, "valid": 300, "test": 450}
    assert {i.split("/")[1] for i in built["test"]["id"]} == {"train", "test"}
