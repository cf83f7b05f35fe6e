import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory.errors import InputError
from reward_memory.storage import parquet

VERDICTS = pd.DataFrame(
    {
        "query_id": ["a", "b"],
        "benchmark": "gsm8k",
        "sample": [0, 1],
        "reward": [1.0, 0.0],
        "extracted": ["4", None],
        "path": "math:exact",
    }
)
QUERY = {
    "id": "gsm8k/train/0",
    "benchmark": "gsm8k",
    "domain": "math",
    "template": None,
    "messages": [{"role": "user", "content": "2+2?"}],
    "options": None,
    "content_hash": "0",
}


@pytest.fixture
def path(tmp_path):
    parquet.write(VERDICTS, tmp_path / "v.parquet", parquet.VERDICTS)
    return tmp_path / "v.parquet"


def complaint(path, schema=parquet.VERDICTS) -> str:
    with pytest.raises(InputError) as caught:
        parquet.read(path, schema)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{path}: ")


def test_a_table_comes_back_as_it_was_written(path):
    pd.testing.assert_frame_equal(parquet.read(path, parquet.VERDICTS), VERDICTS, check_dtype=False)


def test_messages_and_options_come_back(tmp_path):
    parquet.write(pd.DataFrame([QUERY | {"options": ["x", "y"]}]), tmp_path / "q.parquet", parquet.QUERIES)
    row = parquet.read(tmp_path / "q.parquet", parquet.QUERIES).iloc[0]
    assert [dict(message) for message in row["messages"]] == QUERY["messages"]
    assert list(row["options"]) == ["x", "y"]


def test_a_null_comes_back_as_a_null(tmp_path):
    parquet.write(pd.DataFrame([QUERY]), tmp_path / "q.parquet", parquet.QUERIES)
    row = parquet.read(tmp_path / "q.parquet", parquet.QUERIES).iloc[0]
    assert row[["template", "options"]].isna().all()


def test_the_same_table_gives_the_same_bytes(path, tmp_path):
    parquet.write(parquet.read(path, parquet.VERDICTS), tmp_path / "again.parquet", parquet.VERDICTS)
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()


def test_further_columns_and_the_index_are_not_written(path, tmp_path):
    frame = VERDICTS.assign(secret="42").set_index(pd.Index([7, 9]))
    parquet.write(frame, tmp_path / "more.parquet", parquet.VERDICTS)
    assert (tmp_path / "more.parquet").read_bytes() == path.read_bytes()


def test_a_missing_file_is_named(tmp_path):
    assert complaint(tmp_path / "none.parquet") == "no such file; run the same command again to build it."


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_table_that_was_cut_short_is_named(path, part):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert complaint(path) == "is not a complete parquet file; delete it and run again to rebuild it."


def test_a_file_of_another_kind_is_named(path):
    path.write_text("query_id,reward\na,1\n")
    assert complaint(path) == "is not a complete parquet file; delete it and run again to rebuild it."


def test_a_missing_column_is_named_with_those_that_are_there(path):
    pq.write_table(pq.read_table(path).drop_columns(["reward", "path"]), path)
    assert complaint(path) == (
        "column 'reward' is missing; it has query_id, benchmark, sample, extracted; delete the file and run again to "
        "rebuild it."
    )


def test_an_optional_column_that_an_older_file_lacks_is_null(tmp_path):
    run = {"suite": "main", "policy": "p", "method": "m", "label_ratio": 20, "seed": 0}
    verdicts = VERDICTS.assign(**run, template="t", tokens=4, finished=True)
    parquet.write(verdicts, tmp_path / "new", parquet.GRADED)
    assert parquet.read(tmp_path / "new", parquet.GRADED)[["template", "tokens", "finished"]].values.tolist() == [
        ["t", 4, True]
    ] * len(VERDICTS)
    pq.write_table(pq.read_table(tmp_path / "new").drop_columns(["template", "tokens"]), tmp_path / "old")
    old = parquet.read(tmp_path / "old", parquet.GRADED)
    assert old.columns.tolist() == parquet.GRADED.names
    assert old[["template", "tokens"]].isna().all(axis=None)
    assert old["finished"].all()


def test_a_column_of_another_type_is_named(path):
    table = pq.read_table(path)
    place = table.column_names.index("reward")
    pq.write_table(table.set_column(place, "reward", pa.array(["good", "bad"])), path)
    assert complaint(path) == ("column 'reward' holds string, not float; delete the file and run again to rebuild it.")


def test_writing_a_table_that_lacks_a_column_leaves_the_old_one(path):
    before = path.read_bytes()
    with pytest.raises(KeyError, match="reward"):
        parquet.write(VERDICTS.drop(columns="reward"), path, parquet.VERDICTS)
    assert path.read_bytes() == before


def test_several_tables_come_below_one_another(path):
    both = parquet.read_all([path, path], parquet.VERDICTS)
    assert both["reward"].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert both.index.tolist() == [0, 1, 2, 3]


def test_no_table_but_that_of_truths_holds_a_truth():
    for schema in (parquet.QUERIES, parquet.RESPONSES, parquet.VERDICTS, parquet.LABELS):
        assert not {"ground_truth", "tests"} & set(schema.names)


def test_every_table_names_its_query_and_no_column_twice():
    for schema in (parquet.QUERIES, parquet.TRUTHS, parquet.RESPONSES, parquet.VERDICTS, parquet.LABELS):
        assert len(set(schema.names)) == len(schema.names)
        assert re.fullmatch("id|query_id", schema.names[0])
