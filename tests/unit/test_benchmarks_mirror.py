"""Benchmarks read from a local folder in their release formats."""

import gzip
import json
from pathlib import Path

import pytest

from reward_memory import benchmarks
from reward_memory.benchmarks import mirror
from reward_memory.errors import InputError

REAL = Path(__file__).parents[2].parent / "shared" / "benchmarks"
SIZES = {"train": 2, "valid": 1, "test": 1}


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)


def gsm(number, answer="Two and two make four.\n#### 4"):
    return {"question": f"What is question {number}?", "answer": answer}


def arc(number, key="B", labels="ABCD"):
    choices = [{"text": f" text {label}", "label": label} for label in labels]
    return {"id": str(number), "question": {"stem": f"Question {number}?", "choices": choices}, "answerKey": key}


@pytest.fixture
def folder(tmp_path):
    lines(tmp_path / "gsm8k/train.jsonl", [gsm(n) for n in range(4)])
    lines(tmp_path / "gsm8k/test.jsonl.gz", [gsm(n) for n in range(4, 6)])
    lines(tmp_path / "arc_challenge/ARC-Challenge-Dev.jsonl", [arc(0), arc(1, key="2", labels="1234")])
    lines(tmp_path / "arc_challenge/ARC-Challenge-Test.jsonl", [arc(2, key="E", labels="ABCDE")])
    hub = {"question": "Question 3?", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answerKey": "A"}
    lines(tmp_path / "arc_challenge/train_1056_hub_shape.jsonl.gz", [hub])
    return tmp_path


def test_all_source_splits_are_pooled_and_named_in_the_ids(folder):
    ids = {item.source_split for item in mirror.load("gsm8k", folder)}
    parts = benchmarks.build("gsm8k", "mirror", {"train": 3, "valid": 1, "test": 2}, seed=0, mirror=folder)
    found = {i for frame in parts.values() for i in frame["id"]}
    assert ids == {"train", "test"}
    assert found == {f"gsm8k/train/{row}" for row in range(4)} | {"gsm8k/test/0", "gsm8k/test/1"}


def test_real_benchmarks_get_a_system_prompt_that_asks_for_the_mark(folder):
    [first, second] = benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)["test"]["messages"][0]
    assert (first["role"], second["role"]) == ("system", "user")
    assert "#### <answer>" in first["content"]
    assert second["content"].startswith("What is question")


def test_the_truth_stands_after_the_last_mark_without_commas(folder):
    lines(folder / "gsm8k/train.jsonl", [gsm(0, "#### is a mark.\n#### 1,234 ")])
    assert mirror.load("gsm8k", folder)[0].ground_truth == "1234"


def test_choices_of_all_shapes_have_letters_for_truth(folder):
    items = {item.messages[1][1].split("\n")[0]: item for item in mirror.load("arc_c", folder)}
    assert {question: item.ground_truth for question, item in items.items()} == {
        "Question 0?": "B",
        "Question 1?": "B",
        "Question 2?": "E",
        "Question 3?": "A",
    }
    assert items["Question 1?"].messages[1][1].endswith("\nA. text 1\nB. text 2\nC. text 3\nD. text 4")
    assert items["Question 3?"].options == ("x", "y")


def test_a_prompt_that_two_source_splits_share_is_kept_once(folder):
    lines(folder / "gsm8k/test.jsonl.gz", [gsm(0), gsm(9)])
    parts = benchmarks.build("gsm8k", "mirror", {"train": 5}, 0, folder)
    assert len({messages[1]["content"] for messages in parts["train"]["messages"]}) == 5
    with pytest.raises(InputError, match=r"6 queries.*at most 5"):
        benchmarks.build("gsm8k", "mirror", {"train": 6}, 0, folder)


def test_a_line_separator_inside_a_json_line_does_not_end_it(folder):
    lines(folder / "gsm8k/train.jsonl", [gsm("one\u2028two\u0085three")])
    assert mirror.load("gsm8k", folder)[0].messages[1][1] == "What is question one\u2028two\u0085three?"


def test_the_hash_of_a_query_does_not_depend_on_its_truth(folder):
    before = mirror.load("gsm8k", folder)[0]
    lines(folder / "gsm8k/train.jsonl", [gsm(0, "#### 5")])
    after = mirror.load("gsm8k", folder)[0]
    assert before.ground_truth != after.ground_truth
    assert before.content_hash == after.content_hash


def test_a_missing_file_is_named(folder):
    (folder / "gsm8k/test.jsonl.gz").unlink()
    with pytest.raises(InputError, match=r"gsm8k/test\.jsonl: no such file"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


def test_a_truncated_gz_file_is_named(folder):
    lines(folder / "gsm8k/test.jsonl.gz", [gsm(n) for n in range(5000)])
    path = folder / "gsm8k/test.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"test\.jsonl\.gz: (row \d+|cannot be read beyond row \d+)"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


def test_a_file_that_is_no_gz_is_named(folder):
    (folder / "gsm8k/test.jsonl.gz").write_text("plain")
    with pytest.raises(InputError, match=r"test\.jsonl\.gz: cannot be read"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


def test_a_line_that_is_cut_short_is_named_with_its_row(folder):
    path = folder / "gsm8k/train.jsonl"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match=r"train\.jsonl: row 4 is not a whole JSON line"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


@pytest.mark.parametrize("answer", ["no mark", "####  ", "", None])
def test_a_word_problem_without_an_answer_is_named_with_its_row(folder, answer):
    lines(folder / "gsm8k/train.jsonl", [gsm(0), gsm(1, answer)])
    with pytest.raises(InputError, match=r"train\.jsonl: row 2 has no answer"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


@pytest.mark.parametrize("key", ["", "Z", None])
def test_a_choice_without_an_answer_is_named_with_its_row(folder, key):
    lines(folder / "arc_challenge/ARC-Challenge-Dev.jsonl", [arc(0), arc(1), arc(2, key)])
    with pytest.raises(InputError, match=r"ARC-Challenge-Dev\.jsonl: row 3 has no answer"):
        benchmarks.build("arc_c", "mirror", SIZES, 0, folder)


@pytest.mark.parametrize("row", [[1, 2], {"answer": "#### 4"}, "text", {"question": 7, "answer": "#### 4"}])
def test_a_row_of_another_shape_is_named(folder, row):
    lines(folder / "gsm8k/train.jsonl", [gsm(0), row])
    with pytest.raises(InputError, match=r"train\.jsonl: row 2"):
        benchmarks.build("gsm8k", "mirror", SIZES, 0, folder)


def test_a_benchmark_that_no_mirror_holds_says_which_do(folder):
    with pytest.raises(InputError, match=r"piqa.*gsm8k, arc_c, commonsenseqa"):
        benchmarks.build("piqa", "mirror", SIZES, 0, folder)


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/benchmarks is not there")
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("gsm8k", {"train": 7473, "test": 1319}),
        ("arc_c", {"train": 1056, "valid": 299, "test": 1172}),
        ("commonsenseqa", {"train": 9741, "valid": 1221}),
    ],
)
def test_the_real_releases_load_whole(name, counts):
    items = mirror.load(name, REAL)
    assert {split: sum(item.source_split == split for item in items) for split in counts} == counts
    assert len(items) == sum(counts.values())
    assert all(item.ground_truth for item in items)
    if name != "gsm8k":
        assert all(ord(item.ground_truth) - ord("A") < len(item.options) for item in items)
