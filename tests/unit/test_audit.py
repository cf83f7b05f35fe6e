"""The audit of hand-made rows, and of the real files where they are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.data import Dropped, Item, Loaded, audit, splits
from reward_memory.data.audit import Source
from reward_memory.data.duplicates.overlaps import Prompts, overlaps

LONG = "Anna has {} red apples and gives {} of them to her brother who likes fruit very much so how many are left"


def item(split, row, text, template=None):
    return Item(split, row, (("system", "Think."), ("user", text)), "1", template=template)


def mirrored(items, dropped=(), absent=()):
    return Source("mirror", Loaded(list(items), list(dropped), tuple(absent)), [], {})


def numbers(sources, measure, stage="source"):
    """(benchmark/split, other benchmark/split or detail) -> count, of one measure."""
    found = audit.table(sources, {}) if isinstance(sources, dict) else sources
    found = found[(found["measure"] == measure) & (found["stage"] == stage)].astype(object)
    found = found.where(found.notna(), "")
    return {
        (
            f"{row.benchmark}/{row.split}",
            f"{row.other_benchmark}/{row.other_split}" if row.other_split else row.detail,
        ): (row.count_)
        for row in found.rename(columns={"count": "count_"}).itertuples()
    }


@pytest.fixture
def three():
    """GSM8K with a repeat inside train and one across, and MATH with one exact and one near copy of GSM8K's."""
    gsm8k = [
        item("train", 0, "What is 1 + 1?"),
        item("train", 1, "What is 2 + 2?"),
        item("train", 2, "What is 1 + 1?"),
        item("train", 3, LONG.format(5, 3)),
        item("test", 0, "What is 2 + 2?"),
        item("test", 1, "What is 9 + 9?"),
    ]
    math = [item("test", 0, "What is 9 + 9?"), item("test", 1, LONG.format(5, 3) + " now")]
    return {"gsm8k": mirrored(gsm8k), "math": mirrored(math)}


def test_exact_duplicates_are_counted_within_and_across_splits_and_benchmarks(three):
    assert numbers(three, "exact_duplicates") == {
        ("gsm8k/train", "gsm8k/train"): 2,
        ("gsm8k/train", "gsm8k/test"): 1,
        ("gsm8k/test", "gsm8k/train"): 1,
        ("gsm8k/test", "gsm8k/test"): 0,
        ("gsm8k/test", "math/test"): 1,
        ("math/test", "gsm8k/test"): 1,
        ("math/test", "math/test"): 0,
    }


def test_near_duplicates_are_those_that_are_not_exact(three):
    found = {pair: count for pair, count in numbers(three, "near_duplicates").items() if count}
    assert found == {("gsm8k/train", "math/test"): 1, ("math/test", "gsm8k/train"): 1}


prompts = st.lists(st.sampled_from(["a b c d e f", "A b c d e f", "b", "c ="]), max_size=4)


@given(st.lists(prompts, min_size=1, max_size=3))
def test_counts_are_those_of_comparing_every_prompt_with_every_other(splits_of_texts):
    parts = [
        Prompts(f"bench{n // 2}", f"split{n}", [f"{n}/{row}" for row in range(len(texts))], texts, [None] * len(texts))
        for n, texts in enumerate(splits_of_texts)
    ]
    alike = {
        "exact_duplicates": lambda one, other: one == other,
        "near_duplicates": lambda one, other: one != other and one.casefold() == other.casefold(),
    }
    expected = {}
    for measure, same in alike.items():
        for here, there in itertools.product(parts, parts):
            count = sum(
                any(same(text, other) and (here, row) != (there, place) for place, other in enumerate(there.texts))
                for row, text in enumerate(here.texts)
            )
            if count or here.benchmark == there.benchmark:
                expected[measure, here.split, there.split] = count
    found = overlaps(parts)
    assert {(one.measure, one.here.split, one.there.split): one.count for one in found} == expected


def test_repeats_that_a_reader_drops_are_still_found():
    one, again = item("dapo", 0, "What is 1 + 1?"), item("dapo", 1, "What is 1 + 1?")
    loaded = Loaded([one], [Dropped("dapo", 1, "repeats dapo/0")], repeats=[again])
    found = audit.table({"dapo_math_17k": Source("mirror", loaded, [], {})}, {})
    assert numbers(found, "exact_duplicates") == {("dapo_math_17k/dapo", "dapo_math_17k/dapo"): 2}


def test_examples_name_both_prompts(three):
    found = audit.table(three, {}).set_index(["measure", "benchmark", "split", "other_benchmark", "other_split"])
    examples = found["example_ids"]
    assert examples["exact_duplicates", "gsm8k", "train", "gsm8k", "train"] == (
        "gsm8k/train/0 ~ gsm8k/train/2; gsm8k/train/2 ~ gsm8k/train/0"
    )
    assert examples["near_duplicates", "math", "test", "gsm8k", "train"] == "math/test/1 ~ gsm8k/train/3"


def test_rows_are_what_was_read_and_losses_are_told_by_reason():
    dropped = [
        Dropped("train", 1, "no boxed answer in the solution"),
        Dropped("train", 2, "repeats train/0"),
        Dropped("train", 4, "repeats train/3"),
        Dropped("train", 5, "repeats train/3 with a different answer"),
    ]
    items = [item("train", 0, "One?"), item("train", 3, "Two?"), item("test", 0, "Three?")]
    found = audit.table({"math": mirrored(items, dropped, ["valid"])}, {})
    assert numbers(found, "rows") == {("math/train", ""): 6, ("math/test", ""): 1}
    assert numbers(found, "usable") == {("math/train", ""): 2, ("math/test", ""): 1}
    assert numbers(found, "dropped") == {
        ("math/train", "no boxed answer in the solution"): 1,
        ("math/train", "repeats an earlier row"): 2,
        ("math/train", "repeats an earlier row with a different answer"): 1,
    }
    assert found[found["measure"] == "absent"]["split"].tolist() == ["valid"]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("求 $x$ 的值", "Chinese, 50.0%"),
        ("$x$ を求めよ。値は", "Japanese, 50.0%"),
        ("x의 값", "Korean, 50.0%"),
        ("Найдите x", "Cyrillic, 50.0%"),
        ("Find α, β ≤ é\u2028", None),
    ],
)
def test_scripts_are_counted(text, script):
    found = numbers({"math": mirrored([item("test", 0, text), item("test", 1, "Find x.")])}, "script")
    assert found == ({("math/test", script): 1} if script else {})


def test_a_chinese_character_after_a_line_break_is_seen():
    assert audit.SCRIPTS["Chinese"].search("Let x = 1.\n求 y")


def test_instances_of_a_template_in_two_splits_and_their_originals_are_found():
    symbolic = [
        item("p1", 0, "Bo eats 2 figs.", "gsm8k-1"),
        item("p1", 1, "Al eats 3 figs.", "gsm8k-1"),
        item("p1", 2, "Cy sees 4 cats.", "gsm8k-7"),
        item("p2", 0, "Di eats 5 figs.", "gsm8k-1"),
    ]
    gsm8k = [item("test", 0, "Ed?"), item("test", 1, "Fi eats 6 figs."), item("train", 7, "Gu?")]
    found = audit.table({"gsm_symbolic": mirrored(symbolic), "gsm8k": mirrored(gsm8k)}, {})
    assert numbers(found, "shared_templates") == {
        ("gsm_symbolic/p1", "gsm_symbolic/p2"): 2,
        ("gsm_symbolic/p2", "gsm_symbolic/p1"): 1,
    }
    assert numbers(found, "instances_of_gsm8k_tests") == {
        ("gsm_symbolic/p1", "gsm8k/test"): 2,
        ("gsm_symbolic/p2", "gsm8k/test"): 1,
    }


def test_written_splits_are_compared_without_their_truths():
    some = [item("test", n, f"Zoe sees {n} cats.", f"gsm8k-{n % 2}") for n in range(4)]
    tables = {
        ("gsm_symbolic", split): splits.table("gsm_symbolic", "math", part).drop(columns=["ground_truth", "tests"])
        for split, part in {"train": [some[0], some[2]], "valid": [], "test": [some[1], some[0]]}.items()
    }
    found = audit.table({"gsm_symbolic": Source("generated", None, [], {})}, tables)
    assert numbers(found, "queries", "split") == {
        ("gsm_symbolic/train", ""): 2,
        ("gsm_symbolic/valid", ""): 0,
        ("gsm_symbolic/test", ""): 2,
    }
    assert numbers(found, "exact_duplicates", "split")["gsm_symbolic/train", "gsm_symbolic/test"] == 1
    assert numbers(found, "shared_templates", "split") == {
        ("gsm_symbolic/train", "gsm_symbolic/test"): 2,
        ("gsm_symbolic/test", "gsm_symbolic/train"): 1,
    }
    assert set(found[found["stage"] == "source"]["measure"]) == {"source"}


def test_source_license_commit_and_checksum_are_told(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("{}\n")
    manifest = {"repositories": {"openai/gsm8k": {"revision": "a" * 40, "license": "mit"}}}
    source = Source("hub", Loaded([item("train", 0, "One?")]), [path], manifest)
    found = audit.table({"gsm8k": source}, {}).set_index("measure")["detail"]
    assert (found["source"], found["license"]) == ("hub", "MIT")
    assert found["revision"] == f"openai/gsm8k@{'a' * 40}, license on the hub: mit"
    assert found["file"] == ("train.jsonl sha256:ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356")


def test_an_experiment_without_benchmark_files_has_an_audit():
    found = audit.table({"gsm8k": audit.read("gsm8k", "generated", None)}, {})
    assert found[["measure", "detail"]].values.tolist() == [["source", "generated"]]
    assert list(found.columns) == audit.COLUMNS


@pytest.fixture(scope="module")
def real(shared):
    folder = shared / "benchmarks"
    names = ["gsm8k", "math", "gsm_symbolic", "dapo_math_17k", "amc23", "math500"]
    return audit.table({name: audit.read(name, "mirror", folder) for name in names}, {})


@pytest.mark.slow
def test_real_overlaps_are_found(real):
    exact, near = numbers(real, "exact_duplicates"), numbers(real, "near_duplicates")
    assert exact["math500/test", "math/test"] == 500
    assert exact["math/test", "dapo_math_17k/dapo"] > 900
    assert ("math500/test", "math/train") not in exact
    assert near["dapo_math_17k/dapo", "amc23/test"] > 0


def test_real_gsm_symbolic_instances_have_their_gsm8k_tests(real):
    assert numbers(real, "instances_of_gsm8k_tests") == {("gsm_symbolic/p2", "gsm8k/test"): 2500}


def test_real_rows_are_the_released_ones(real):
    rows = {place: count for (place, _), count in numbers(real, "rows").items()}
    assert rows["dapo_math_17k/dapo"] == 17398
    assert (rows["gsm8k/train"], rows["gsm8k/test"]) == (7473, 1319)


def test_dapo_has_3282_chinese_prompts(real):
    assert numbers(real, "script")["dapo_math_17k/dapo", "Chinese, 18.9%"] == 3282
