"""A whole file to import: its formats, what is wrong between rows, what a user is told."""

import gzip
import json
import re

import pandas as pd
import pytest
from imported_rows import DOMAINS, MATH, QA, sums, write

from reward_memory.data.imported import read, refuse, refuse_one_sided
from reward_memory.errors import InputError

SUMS = {"sums": "math"}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.parquet"])
@pytest.mark.parametrize("reward", [False, True], ids=["truths", "rewards"])
def test_every_format_gives_the_same_queries(tmp_path, name, reward):
    rows = sums(300, reward)  # more than a batch of parquet
    queries, bad = read(write(tmp_path / name, rows), SUMS)
    assert queries == read(write(tmp_path / "plain.jsonl", rows), SUMS)[0]
    assert [query.id for query in queries] == [f"sums/row/{number}" for number in range(1, 301)]
    assert bad.empty


def test_rows_of_several_benchmarks_may_be_mixed(tmp_path):
    queries, _ = read(write(tmp_path / "rows.jsonl", [QA, MATH]), {"sums": "math", "support": "qa"})
    assert [query.benchmark for query in queries] == ["support", "sums"]


def test_the_number_of_a_row_is_its_lines_and_empty_lines_are_no_rows(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(["", *(json.dumps(row) for row in sums(2)), " ", "{"]) + "\n")
    queries, bad = read(file, SUMS)
    assert [query.item.row for query in queries] == [2, 3]
    assert bad.values.tolist() == [["rows.jsonl", 5, "it is not a complete JSON object"]]


def test_a_line_may_hold_any_character_that_json_allows(tmp_path):
    row = MATH | {"responses": ["one\u2028line\x85"]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    queries, bad = read(tmp_path / "rows.jsonl", SUMS)
    assert bad.empty
    assert queries[0].responses[0].text == "one\u2028line\x85"


def test_of_rows_with_one_id_or_one_prompt_the_later_are_bad(tmp_path):
    first, second, third = sums(3)
    rows = [first | {"id": "a"}, second | {"id": "a"}, first | {"id": "b"}, third | {"id": "b"}]
    queries, bad = read(write(tmp_path / "rows.jsonl", rows), SUMS)
    # a bad row takes no id from a good one
    assert [query.id for query in queries] == ["sums/id/a", "sums/id/b"]
    assert bad["row"].tolist() == [2, 3]
    assert bad["reason"].tolist() == [
        "it repeats the id of row 1; put a query and all its responses in one row",
        "it repeats the prompt of row 1; put a query and all its responses in one row",
    ]


def test_two_benchmarks_may_share_ids_and_prompts(tmp_path):
    rows = [MATH | {"id": 1}, MATH | {"id": 1, "benchmark": "gsm8k"}]
    queries, bad = read(write(tmp_path / "rows.jsonl", rows), {"sums": "math", "gsm8k": "math"})
    assert len(queries) == 2
    assert bad.empty


def told(path, queries, bad) -> str:
    with pytest.raises(InputError) as caught:
        refuse(path, len(queries), bad)
    return str(caught.value)


def test_bad_rows_are_counted_and_the_first_three_named_in_one_sentence(tmp_path):
    file = write(tmp_path / "rows.jsonl", [*sums(4), {}, MATH | {"responses": []}, 3, 4, 5])
    assert told(file, *read(file, SUMS)) == (
        f"{file}: 5 of 9 rows cannot be used: row 5 (benchmark is missing), row 6 (responses is empty), "
        "row 7 (it is not a complete JSON object) and 2 more; fix them, or leave them out with rollouts: "
        "bad_rows: skip."
    )


def test_one_bad_row_is_told_without_and_more(tmp_path):
    file = write(tmp_path / "rows.jsonl", [MATH, {}])
    assert told(file, *read(file, SUMS)) == (
        f"{file}: 1 of 2 rows cannot be used: row 2 (benchmark is missing); fix them, or leave them out with "
        "rollouts: bad_rows: skip."
    )


def test_where_no_row_is_bad_nothing_is_refused(tmp_path):
    file = write(tmp_path / "rows.jsonl", [MATH])
    refuse(file, 1, read(file, SUMS)[1])


@pytest.mark.parametrize("reward", [0, 1])
def test_a_file_of_equal_rewards_is_refused(tmp_path, reward):
    rows = [MATH | {"query": f"What is {n} + 0?", "responses": [{"text": "a", "reward": reward}]} for n in range(3)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries, _ = read(path, {"sums": "math"})
    with pytest.raises(
        InputError, match=f"^{path}: every reward is {reward}, but a reward model needs both right and wrong .*; corr"
    ):
        refuse_one_sided(path, queries)


@pytest.mark.parametrize("other", ["a text", {"text": "a", "reward": 0}])
def test_a_file_whose_rewards_may_differ_is_taken(tmp_path, other):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(MATH | {"responses": [{"text": "a", "reward": 1}, other]}))
    refuse_one_sided(path, read(path, {"sums": "math"})[0])


def test_the_table_of_bad_rows_has_its_columns_even_if_there_is_none(tmp_path):
    _, bad = read(write(tmp_path / "rows.jsonl", [MATH]), SUMS)
    assert bad.columns.tolist() == ["file", "row", "reason"]
    assert isinstance(bad, pd.DataFrame)


def test_a_benchmark_without_a_row_is_named(tmp_path):
    file = write(tmp_path / "rows.jsonl", [MATH])
    with pytest.raises(
        InputError, match=rf"^{re.escape(str(file))}: no row of benchmark gsm8k can be used; fix the rows"
    ):
        read(file, DOMAINS)


def test_a_file_of_bad_rows_says_what_is_wrong_with_the_first(tmp_path):
    file = write(tmp_path / "rows.jsonl", [{"prompt": "a"}, {"prompt": "b"}])
    with pytest.raises(InputError) as caught:
        read(file, SUMS)
    assert str(caught.value) == (
        f"{file}: no row of benchmark sums can be used; the file has 2 rows that cannot be used, beginning with "
        "row 1 (benchmark is missing); fix the rows (see docs/import.md), or remove the benchmark from the "
        "configuration."
    )


def test_a_file_that_is_cut_short_is_damaged_not_a_bad_row(tmp_path):
    file = tmp_path / "rows.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in sums(4000)).encode())[:-2000])
    with pytest.raises(InputError, match=r"rows\.jsonl\.gz: cannot be read beyond row \d+, so the file is damaged"):
        read(file, SUMS)


@pytest.mark.parametrize(
    ("name", "told"), [("rows.jsonl.gz", "gzip; remove .gz from its name"), ("rows.parquet", ".jsonl")]
)
def test_a_file_of_another_format_than_its_name_tells_is_told(tmp_path, name, told):
    (tmp_path / name).write_text("{}\n")
    with pytest.raises(InputError, match=rf"{re.escape(told)}\.$"):
        read(tmp_path / name, SUMS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"^rollouts: import: .*rows\.jsonl: no such file; correct the path\.$"):
        read(tmp_path / "rows.jsonl", SUMS)
