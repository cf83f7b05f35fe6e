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
