"""Benchmarks read from a local folder: which files, their formats, damage, and the rows they give."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory import data
from reward_memory.data import mirror
from reward_memory.data.mirror import formats
from reward_memory.errors import InputError

SIZES = {"train": 2, "valid": 1, "test": 1}


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)


def parquet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def gsm(number, answer="Two and two make four.\n#### 4"):
    return {"question": f"What is question {number}?", "answer": answer}


def arc(number, key="B", labels="ABCD"):
    choices = [{"text": f" text {label}", "label": label} for label in labels]
    return {"id": str(number), "question": {"stem": f"Question {number}?", "choices": choices}, "answerKey": key}


def load(name, folder):
    return mirror.load(name, folder, partial=True)


def build(name, sizes, folder):
    return data.build(name, "mirror", sizes, 0, folder, partial=True)


def questions(loaded):
    return [item.messages[1][1].split("\n")[0] for item in loaded.items]


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
    parts = build("gsm8k", {"train": 3, "valid": 1, "test": 2}, folder)
    found = {i for frame in parts.values() for i in frame["id"]}
    assert found == {f"gsm8k/train/{row}" for row in range(4)} | {"gsm8k/test/0", "gsm8k/test/1"}


@pytest.mark.parametrize(("form", "mark"), [("hash", "#### <answer>"), ("boxed", "\\boxed{}")])
def test_real_benchmarks_get_a_system_prompt_that_asks_for_the_mark(folder, form, mark):
    built = data.build("gsm8k", "mirror", SIZES, 0, folder, form, partial=True)
    [first, second] = built["test"]["messages"][0]
    assert (first["role"], second["role"]) == ("system", "user")
    assert mark in first["content"]
    assert second["content"].startswith("What is question")


def test_choices_of_all_shapes_have_letters_for_truth(folder):
    items = {item.messages[1][1].split("\n")[0]: item for item in load("arc_c", folder).items}
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
    parts = build("gsm8k", {"train": 5}, folder)
    assert len({messages[1]["content"] for messages in parts["train"]["messages"]}) == 5
    with pytest.raises(InputError, match=r"6 queries.*at most 5"):
        build("gsm8k", {"train": 6}, folder)


def test_a_line_separator_inside_a_json_line_does_not_end_it(folder):
    lines(folder / "gsm8k/train.jsonl", [gsm("one\u2028two\u0085three")])
    assert load("gsm8k", folder).items[0].messages[1][1] == "What is question one\u2028two\u0085three?"


def test_the_hash_of_a_query_does_not_depend_on_its_truth(folder):
    before = load("gsm8k", folder).items[0]
    lines(folder / "gsm8k/train.jsonl", [gsm(0, "#### 5")])
    after = load("gsm8k", folder).items[0]
    assert before.ground_truth != after.ground_truth
    assert before.content_hash == after.content_hash


# --- the hub's files


@pytest.mark.parametrize("place", ["main/train-00000-of-00001.parquet", "train.parquet", "main/train/0000.parquet"])
def test_a_copy_of_the_hubs_repository_is_read_like_the_release(folder, place):
    before = load("gsm8k", folder).items
    (folder / "gsm8k/train.jsonl").unlink()
    parquet(folder / "gsm8k" / place, [gsm(n) for n in range(4)])
    assert load("gsm8k", folder).items == before


def test_the_parts_of_a_parquet_file_are_joined_in_order(folder):
    (folder / "gsm8k/train.jsonl").unlink()
    for part in (1, 0, 2):
        parquet(folder / f"gsm8k/train-0000{part}-of-00003.parquet", [gsm(f"{part}.{n}") for n in range(2)])
    found = questions(load("gsm8k", folder))[:6]
    assert found == [f"What is question {part}.{n}?" for part in range(3) for n in range(2)]


def test_a_missing_part_is_named(folder):
    (folder / "gsm8k/train.jsonl").unlink()
    for part in (0, 2):
        parquet(folder / f"gsm8k/train-0000{part}-of-00003.parquet", [gsm(part)])
    with pytest.raises(
        InputError, match=r"00000-of-00003\.parquet: train-00001-of-00003\.parquet is missing in its folder"
    ):
        load("gsm8k", folder)


def test_files_lists_what_load_reads(folder):
    assert mirror.files("gsm8k", folder) == [folder / "gsm8k/train.jsonl", folder / "gsm8k/test.jsonl.gz"]
    lines(folder / "piqa/valid.jsonl", [])
    (folder / "piqa/valid-labels.lst").write_text("")
    assert mirror.files("piqa", folder) == [folder / "piqa/valid.jsonl", folder / "piqa/valid-labels.lst"]


def test_a_file_that_is_there_plain_and_gzipped_is_read_once(folder):
    lines(folder / "gsm8k/train.jsonl.gz", [gsm(9)])
    assert mirror.files("gsm8k", folder)[0] == folder / "gsm8k/train.jsonl"
    assert len(load("gsm8k", folder).items) == 6


# --- damage


def test_a_missing_file_is_named(folder):
    (folder / "gsm8k/test.jsonl.gz").unlink()
    with pytest.raises(InputError, match=r"gsm8k/test\.jsonl: no such file"):
        build("gsm8k", SIZES, folder)


def test_a_release_with_too_few_rows_says_how_many_there_should_be(folder):
    words = r"gsm8k/train\.jsonl: 4 rows, but the release has 7473; fetch it again, or set data: partial: true"
    with pytest.raises(InputError, match=words):
        mirror.load("gsm8k", folder)


def test_a_truncated_gz_file_is_named(folder):
    lines(folder / "gsm8k/test.jsonl.gz", [gsm(n) for n in range(5000)])
    path = folder / "gsm8k/test.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"test\.jsonl\.gz: (row \d+|cannot be read beyond row \d+)"):
        build("gsm8k", SIZES, folder)


def test_a_file_that_is_no_gz_is_named(folder):
    (folder / "gsm8k/test.jsonl.gz").write_text("plain")
    with pytest.raises(InputError, match=r"test\.jsonl\.gz: cannot be read"):
        build("gsm8k", SIZES, folder)


def test_a_truncated_parquet_file_is_named(folder):
    (folder / "gsm8k/train.jsonl").unlink()
    path = folder / "gsm8k/train.parquet"
    parquet(path, [gsm(n) for n in range(100)])
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"train\.parquet: cannot be read beyond row 0; fetch the file again"):
        load("gsm8k", folder)


def test_a_line_that_is_cut_short_is_named_with_its_row(folder):
    path = folder / "gsm8k/train.jsonl"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match=r"train\.jsonl: row 4 is not a complete JSON line"):
        build("gsm8k", SIZES, folder)


@pytest.mark.parametrize("answer", ["no mark", "####  ", "", None])
def test_a_word_problem_without_an_answer_is_named_with_its_row(folder, answer):
    lines(folder / "gsm8k/train.jsonl", [gsm(0), gsm(1, answer)])
    with pytest.raises(InputError, match=r"train\.jsonl: row 2 has no answer"):
        build("gsm8k", SIZES, folder)


@pytest.mark.parametrize("key", ["", "Z", None])
def test_a_choice_without_an_answer_is_named_with_its_row(folder, key):
    lines(folder / "arc_challenge/ARC-Challenge-Dev.jsonl", [arc(0), arc(1), arc(2, key)])
    with pytest.raises(InputError, match=r"ARC-Challenge-Dev\.jsonl: row 3 has no answer"):
        build("arc_c", SIZES, folder)


@pytest.mark.parametrize("row", [[1, 2], {"answer": "#### 4"}, "text", {"question": 7, "answer": "#### 4"}])
def test_a_row_of_another_shape_is_named(folder, row):
    lines(folder / "gsm8k/train.jsonl", [gsm(0), row])
    with pytest.raises(InputError, match=r"train\.jsonl: row 2"):
        build("gsm8k", SIZES, folder)


# --- archives and labels


def mmlu_zip(path, **splits):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/README.txt", "none of this")
        for name, rows in splits.items():
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            archive.writestr(f"data/{name.split('_')[-1]}/{name}.csv", text.getvalue())


ROW = ["Which, of these?\nTwo lines.", "an a", "a b", "a c", "a d", "C"]


def test_the_subjects_of_a_zip_are_read_in_order_of_their_names(tmp_path):
    first, second = [ROW, ["2?", "a", "b", "c", "d", "A"]], [["3?", "a", "b", "c", "d", "D"]]
    mmlu_zip(tmp_path / "mmlu/mmlu.zip", law_test=second, art_test=first, art_val=[ROW], art_dev=[ROW])
    items = load("mmlu", tmp_path).items
    assert [(item.source_split, item.row, item.ground_truth) for item in items] == [
        ("test", 0, "C"),
        ("test", 1, "A"),
        ("test", 2, "D"),
        ("valid", 0, "C"),
        ("dev", 0, "C"),
    ]
    assert items[0].options == ("an a", "a b", "a c", "a d")
    assert items[0].messages[1][1].startswith("Which, of these?\nTwo lines.\nA. an a\nB.")


def test_a_wrong_row_inside_a_zip_is_named_with_its_member(tmp_path):
    mmlu_zip(tmp_path / "mmlu/mmlu.zip", art_test=[ROW, ["2?", "a", "b", "c", "d", ""]], art_val=[ROW], art_dev=[ROW])
    with pytest.raises(InputError, match=r"mmlu\.zip: data/test/art_test\.csv: row 2 has no answer"):
        load("mmlu", tmp_path)


def test_a_zip_without_its_members_and_one_that_is_none_are_named(tmp_path):
    mmlu_zip(tmp_path / "mmlu/mmlu.zip", art_test=[ROW], art_val=[ROW])
    with pytest.raises(InputError, match=r"mmlu\.zip: contains no data/dev/\*_dev\.csv"):
        load("mmlu", tmp_path)
    (tmp_path / "mmlu/mmlu.zip").write_text("no archive")
    with pytest.raises(InputError, match=r"mmlu\.zip: is not a complete zip archive"):
        load("mmlu", tmp_path)


def siqa(number):
    texts = {f"answer{letter}": f"{letter} {number}" for letter in "ABC"}
    return {"context": f"Ann met {number}.", "question": "Why?", **texts}


def siqa_zip(path, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train", "dev"):
            archive.writestr(f"siqa/{name}.jsonl", "".join(json.dumps(siqa(n)) + "\n" for n in range(3)))
            archive.writestr(f"siqa/{name}-labels.lst", labels)
            archive.writestr(f"__MACOSX/siqa/._{name}.jsonl", b"\0\5\26")


def test_labels_one_to_three_lie_in_a_file_of_their_own_in_the_same_zip(tmp_path):
    siqa_zip(tmp_path / "siqa/socialiqa-train-dev.zip", "1\n3\n2\n")
    items = load("siqa", tmp_path).items
    assert [item.ground_truth for item in items] == ["A", "C", "B"] * 2
    assert items[1].options == ("A 1", "B 1", "C 1")
    assert items[1].messages[1][1].startswith("Ann met 1. Why?\nA. A 1")


@pytest.mark.parametrize("labels", ["1\n3\n", "1\n3\n2\n1\n"])
def test_too_few_or_too_many_labels_are_named(tmp_path, labels):
    siqa_zip(tmp_path / "siqa/socialiqa-train-dev.zip", labels)
    with pytest.raises(InputError, match=r"zip: siqa/train-labels\.lst: does not have one label for each row"):
        load("siqa", tmp_path)


def test_a_missing_label_file_is_named(tmp_path):
    lines(tmp_path / "piqa/valid.jsonl", [{"goal": "Cut.", "sol1": "a", "sol2": "b"}])
    with pytest.raises(InputError, match=r"piqa/valid-labels\.lst: no such file \(plain or \.gz\)"):
        load("piqa", tmp_path)


@pytest.mark.parametrize("label", ["0", "4", "", "x", "12"])
def test_a_label_that_is_none_of_the_options_is_named(tmp_path, label):
    parquet(tmp_path / "siqa/train.parquet", [siqa(0) | {"label": "1"}, siqa(1) | {"label": label}])
    parquet(tmp_path / "siqa/validation.parquet", [siqa(2) | {"label": "2"}])
    with pytest.raises(InputError, match=r"train\.parquet: row 2 has no answer"):
        load("siqa", tmp_path)


def test_rows_published_without_labels_are_dropped_and_told(tmp_path):
    rows = [{"goal": f"Goal {n}.", "sol1": "a", "sol2": "b", "label": n % 2} for n in range(3)]
    parquet(tmp_path / "piqa/plain_text/validation/0000.parquet", rows)
    parquet(tmp_path / "piqa/plain_text/test/0000.parquet", [row | {"label": -1} for row in rows])
    loaded = load("piqa", tmp_path)
    assert [item.ground_truth for item in loaded.items] == ["A", "B", "A"]
    assert loaded.dropped == [("test", n, "published without an answer") for n in range(3)]
    assert loaded.absent == ("train",)


def test_a_row_without_a_label_in_a_labeled_split_is_an_error(tmp_path):
    parquet(tmp_path / "piqa/validation.parquet", [{"goal": "Cut.", "sol1": "a", "sol2": "b", "label": -1}])
    with pytest.raises(InputError, match=r"validation\.parquet: row 1 has no answer"):
        load("piqa", tmp_path)


# --- patterns


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("train.jsonl.gz", "train.jsonl", True),
        ("data/train-00000-of-00005.parquet", "data/train-*.parquet", True),
        ("other/train-00000-of-00001.parquet", "train-*.parquet", False),
        ("a/b/train-00000-of-00001.parquet", "*/train-*.parquet", False),
        ("algebra/train-00000-of-00001.parquet", "*/train-*.parquet", True),
        ("train.json", "train.jsonl", False),
    ],
)
def test_a_star_stays_inside_one_folder(path, pattern, fits):
    assert formats.matches(path, pattern) == fits


def test_a_folder_that_is_not_there_holds_nothing():
    assert formats.listing(Path("/nowhere/at/all")) == []
