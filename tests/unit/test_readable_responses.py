"""Responses to read: a seeded draw, the truth of each, and a page on which a response is nothing but text."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory.evaluation.readable_responses import COLUMNS, draw, from_test, from_training, in_reading_order
from reward_memory.report.responses import LONGEST, responses_page
from reward_memory.report.tables.checkpoints import CHECKPOINT_COLUMNS, checkpoint_row
from reward_memory.storage import parquet

ARM = {"policy": "tiny", "method": "memreward", "label_ratio": 50, "seed": 3}
GRADING = {"isolation": "reduced", "checks": "exact"}
QUERIES = pd.DataFrame(
    [
        {
            "id": f"math/{n}",
            "benchmark": "math",
            "domain": "math",
            "template": None,
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"What is {n}?"}],
            "options": None,
            "content_hash": str(n),
        }
        for n in range(8)
    ]
)
TRUTHS = pd.DataFrame([{"query_id": f"math/{n}", "ground_truth": str(n), "tests": None} for n in range(8)])


@pytest.fixture
def trained(tmp_path):
    """Responses of 8 steps, one row group each; every second one is right, the reward model believes in the first 6."""
    path = tmp_path / "responses.parquet"
    rows = [
        {
            "step": step,
            "query_id": f"math/{step}",
            "sample": sample,
            "text": f"It is so.\n#### {step if sample % 2 else 99}",
            "reward": float(sample < 6),
            "probability": 0.9 if sample < 6 else 0.1,
        }
        for step in range(8)
        for sample in range(8)
    ]
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    with pq.ParquetWriter(path, table.schema) as file:
        for step in range(8):
            file.write_table(table.slice(8 * step, 8))
    return path


def test_a_draw_depends_on_names_alone_and_finds_rows_of_all_row_groups(trained):
    columns = ["step", "sample"]
    first, again, other = (draw(trained, 20, columns, name) for name in ("a", "a", "b"))
    assert first.equals(again)
    assert not first.equals(other)
    whole = pd.read_parquet(trained)[columns]
    everything = draw(trained, 1000, columns, "a")
    assert everything.equals(whole)
    assert len(first.merge(whole).drop_duplicates()) == 20


def test_what_the_verdict_contradicts_is_up_to_half_and_comes_first(trained):
    found = from_training(trained, 10, ARM, QUERIES, TRUTHS, GRADING, 0.5)
    assert list(found) == COLUMNS
    assert found["disagrees"].sum() == 5
    right = found["response"].str.extract(r"#### (\d+)")[0] == found["query_id"].str.removeprefix("math/")
    assert (found["correct"] == right).all()
    assert (found["disagrees"] == ((found["predicted"] > 0.5) != right)).all()
    assert found["query"].iloc[0].startswith("What is ")
    ordered = in_reading_order([found, found])["disagrees"].tolist()
    assert ordered == [True] * 10 + [False] * 10


def test_a_verified_reward_contradicts_nothing(trained):
    pd.read_parquet(trained).assign(probability=float("nan")).to_parquet(trained)
    found = from_training(trained, 10, ARM, QUERIES, TRUTHS, GRADING, 0.5)
    assert len(found) == 10
    assert not found["disagrees"].any()
    assert found["predicted"].isna().all()


def test_a_test_response_has_the_verdict_that_the_tables_count(tmp_path):
    graded = pd.DataFrame({"query_id": [f"math/{n}" for n in range(4)], "sample": 0, "reward": [0.0, 1.0, 0.0, 1.0]})
    rest = dict.fromkeys(set(parquet.GRADED.names) - set(graded), None)
    parquet.write(graded.assign(**rest), tmp_path / "graded.parquet", parquet.GRADED)
    rest = dict.fromkeys(set(parquet.RESPONSES.names) - set(graded), None)
    responses = graded.drop(columns="reward").assign(**rest)
    # another order than that of the verdicts
    parquet.write(responses[::-1], tmp_path / "responses.parquet", parquet.RESPONSES)
    found = from_test(tmp_path / "responses.parquet", tmp_path / "graded.parquet", 4, ARM, QUERIES)
    assert found.set_index("query_id")["correct"].to_dict() == {f"math/{n}": bool(n % 2) for n in range(4)}
    assert found["reward"].isna().all()


def test_a_response_is_nothing_but_text(trained, tmp_path):
    found = from_training(trained, 2, ARM, QUERIES, TRUTHS, GRADING, 0.5)
    hostile = "</td><script>document.title = 'taken'</script><img src=x onerror=alert(1)> \u202e\" '" + "x" * LONGEST
    found.assign(response=hostile, query="<b>").to_csv(tmp_path / "main.csv", index=False)
    text = responses_page("Responses", "Some.", tmp_path / "main.csv")
    assert "<script>document" not in text
    assert "<img" not in text
    assert '<bdi class="text">&lt;/td&gt;&lt;script&gt;' in text
    assert '<bdi class="text">&lt;b&gt;</bdi>' in text
    assert "… and " in text
    assert text.count('<tr class="disagrees">') == int(found["disagrees"].sum()) == 1


def test_a_checkpoint_has_the_accuracy_of_the_step_that_was_kept():
    named = {"suite": "main", **ARM}
    history = pd.DataFrame({"step": [0, 1, 2, 4], "valid_accuracy": [0.25, None, 0.5, 0.375]}).assign(**named)
    row = checkpoint_row(history, {"config": {"step": 2, "training": {"steps": 4, "selection": "valid"}}})
    assert list(row) == CHECKPOINT_COLUMNS
    assert [row[name] for name in CHECKPOINT_COLUMNS[6:]] == [4, "valid", 50.0, 25.0, 37.5]
    assert (row["step"], row["seed"], row["method"]) == (2, 3, "memreward")


def test_a_run_that_logged_one_step_has_the_accuracy_of_that_step():
    history = pd.DataFrame({"step": [0], "valid_accuracy": [0.25]}).assign(suite="main", **ARM)
    row = checkpoint_row(history, {"config": {"step": 0, "training": {"steps": 4, "selection": "last"}}})
    assert (row["valid_accuracy"], row["valid_before"], row["valid_last"]) == (25.0, 25.0, 25.0)


def test_a_run_that_was_never_validated_has_no_accuracy():
    history = pd.DataFrame({"step": [1, 2], "valid_accuracy": [None, None]}, dtype=float).assign(suite="main", **ARM)
    row = checkpoint_row(history, {"config": {"step": 2, "training": {"steps": 2, "selection": "last"}}})
    assert pd.isna([row["valid_accuracy"], row["valid_before"], row["valid_last"]]).all()
    assert (row["step"], row["steps"], row["selection"]) == (2, 2, "last")


def test_the_accuracy_of_a_step_that_was_not_logged_is_open():
    history = pd.DataFrame({"step": [1, 2, 3], "valid_accuracy": [0.25, 0.5, None]}).assign(suite="main", **ARM)
    row = checkpoint_row(history, {"config": {"step": 4, "training": {"steps": 4, "selection": "valid"}}})
    assert pd.isna([row["valid_accuracy"], row["valid_before"]]).all()
    assert row["valid_last"] == 50


def test_no_responses_are_a_table_without_rows(trained):
    none = draw(trained, 0, ["step", "text"], "a")
    assert (none.columns.tolist(), len(none)) == (["step", "text"], 0)
    for parts in ([], [pd.DataFrame(columns=COLUMNS)]):
        found = in_reading_order(parts)
        assert (found.columns.tolist(), len(found)) == (COLUMNS, 0)


def test_a_draw_reads_each_row_group_at_its_own_place(trained):
    for count in (1, 2, 63):
        found = draw(trained, count, ["step", "sample", "query_id"], "a")
        assert len(found.drop_duplicates()) == count
        assert (found["query_id"] == "math/" + found["step"].astype(str)).all()
        assert found.sort_values(["step", "sample"]).index.tolist() == list(range(count))


def kept(path, count: int, threshold: float = 0.5) -> list[bool]:
    """Which of the responses that are shown disagree with their prediction."""
    return from_training(path, count, ARM, QUERIES, TRUTHS, GRADING, threshold)["disagrees"].tolist()


def test_of_an_odd_number_the_larger_half_may_disagree(trained):
    assert sum(kept(trained, 3)) == 2


def test_where_nothing_agrees_all_that_is_shown_disagrees(trained):
    table = pd.read_parquet(trained)
    table.assign(text="#### 99", probability=0.9).to_parquet(trained)
    assert kept(trained, 3) == [True] * 3
    # a probability at the threshold is none above it
    assert kept(trained, 3, threshold=table["probability"].max()) == [False] * 3


def test_the_place_of_a_response_in_its_run_is_its_place_among_those_shown(trained):
    found = from_training(trained, 6, ARM, QUERIES, TRUTHS, GRADING, 0.5)
    assert found["step"].is_monotonic_increasing
    assert found.index.tolist() == list(range(6))
    assert set(found["source"]) == {"training"}
    assert set(found["reward"]) <= {0.0, 1.0}


def test_responses_that_disagree_come_first_and_the_others_as_they_are():
    rows = pd.DataFrame({"disagrees": [False, True, False, True], "response": [*"abcd"]})
    found = in_reading_order([rows, pd.DataFrame(columns=["disagrees", "response"]), rows])
    assert found["response"].tolist() == [*"bdbdacac"]
    assert found.index.tolist() == list(range(8))


def test_a_test_response_without_a_verdict_is_not_said_to_be_right(tmp_path):
    names = pd.DataFrame({"query_id": ["math/0", "math/1"], "sample": 0})
    responses, graded = tmp_path / "responses.parquet", tmp_path / "graded.parquet"
    verdicts = names[:1].assign(reward=1.0)
    for path, table, schema in ((responses, names, parquet.RESPONSES), (graded, verdicts, parquet.GRADED)):
        parquet.write(table.assign(**dict.fromkeys(set(schema.names) - set(table))), path, schema)
    found = from_test(responses, graded, 4, ARM, QUERIES)
    assert found["correct"].tolist() == [True, False]
    assert not found["disagrees"].any()
    assert set(found["source"]) == {"test"}
    assert found[["step", "predicted", "reward"]].isna().all(axis=None)
