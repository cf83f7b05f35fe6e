"""What is left out on the way: each kind of drop is made to happen, and is in the table with its count."""

import json

import pandas as pd
import pytest
from imported_rows import MATH, sums, write
from test_source_jobs import run_job

from reward_memory.data import audit, splits
from reward_memory.data.imported import build, read
from reward_memory.data.items import Item
from reward_memory.report.pages import page
from reward_memory.report.tables import dropped
from reward_memory.storage import parquet
from reward_memory.training.prompts import PROMPTS
from reward_memory.training.responses import STEP_RESPONSES

ROWS = [
    {"problem": "P1?", "solution": "\\boxed{1}"},
    {"problem": "P1?", "solution": "\\boxed{1}"},
    {"problem": "P2?", "solution": "no box"},
    {"problem": "P3?", "solution": "\\boxed{3}"},
    {"problem": "P4?", "solution": "\\boxed{4}"},
]


def responses(*rows) -> pd.DataFrame:
    """(text, finished) a row."""
    table = pd.DataFrame(rows, columns=["text", "finished"])
    fixed = {"query_id": "math/train/0", "benchmark": "math", "domain": "math", "thinking": "", "answer": ""}
    return table.assign(**fixed, sample=range(len(rows)), tokens=pd.array([3] * len(rows), dtype="Int32"))


@pytest.fixture
def files(tmp_path):
    """The files of a run in which everything happens, and the rule's params."""
    for split in ("train", "test"):
        (tmp_path / "math").mkdir(exist_ok=True)
        (tmp_path / f"math/{split}.jsonl").write_text(
            "\n".join(map(json.dumps, ROWS if split == "train" else ROWS[3:4]))
        )
    source = audit.read("math", "mirror", tmp_path, partial=True)
    items = splits.sample("math", source.loaded.items, {"train": 1, "valid": 1, "test": 0}, 0)
    queries = {("math", split): splits.table("math", "math", part) for split, part in items.items()}
    audit.table({"math": source}, queries).to_csv(tmp_path / "audit.csv", index=False)
    prompts = pd.DataFrame({"id": list("abc"), "benchmark": "math", "split": ["train", "train", "valid"]})
    parquet.write(prompts.assign(tokens=[10, 50, 60]), tmp_path / "prompts.parquet", PROMPTS)
    sampled = responses(("4", True), ("", True), (" \n", False), ("5 and", False))
    parquet.write(sampled, tmp_path / "rollouts.parquet", parquet.RESPONSES)
    parquet.write(responses(("", None), ("4", None)), tmp_path / "imported.parquet", parquet.RESPONSES)
    steps = pd.DataFrame({name: [None] * 3 for name in STEP_RESPONSES.names})
    steps = steps.assign(query_id="math/train/0", text=["a", "b", ""], trained=[True, False, False])
    parquet.write(steps, tmp_path / "training.parquet", STEP_RESPONSES)
    places = [("rollouts", "train"), ("rollouts", "valid"), ("evaluation oracle", "test"), ("training oracle", "train")]
    return {
        "input": {
            "audit": "audit.csv",
            "bad_rows": [],
            "usable_rows": [],
            "queries": [],
            "prompts": ["prompts.parquet"],
            "responses": ["rollouts.parquet", "imported.parquet", "rollouts.parquet", "training.parquet"],
        },
        "params": {
            "limits": [["tiny", 40]],
            "responses": [[stage, "tiny", split] for stage, split in places],
            "state": "state",
        },
    }


def table(folder, files) -> list[list]:
    done = run_job(folder, "count_dropped", {}, output={"table": "dropped.csv"}, **files)
    assert done.returncode == 0, done.stderr + (folder / "job.log").read_text()
    found = pd.read_csv(folder / "dropped.csv").fillna("")
    assert found.columns.tolist() == dropped.DROPPED_COLUMNS
    return found.values.tolist()


def test_every_kind_of_drop_is_counted(tmp_path, files):
    assert table(tmp_path, files) == [
        ["release", "math", "", "train", "no boxed answer in the solution", 1],
        # P1 twice in train, P3 in both
        ["sampling", "math", "", "", "same prompt as an earlier row", 2],
        ["sampling", "math", "", "", "not drawn: train, valid and test ask for fewer", 1],
        ["prompts", "math", "tiny", "train", dropped.OVERLONG, 1],
        ["prompts", "math", "tiny", "valid", dropped.OVERLONG, 1],
        ["rollouts", "math", "tiny", "train", dropped.EMPTY, 2],
        ["rollouts", "math", "tiny", "train", dropped.CUT, 2],
        ["rollouts", "math", "tiny", "valid", dropped.EMPTY, 1],
        ["evaluation oracle", "math", "tiny", "test", dropped.EMPTY, 2],
        ["evaluation oracle", "math", "tiny", "test", dropped.CUT, 2],
        ["training oracle", "math", "tiny", "train", dropped.EMPTY, 1],
        ["training oracle", "math", "tiny", "train", dropped.UNTRAINED, 2],
    ]
    words = {"title": "Left out", "table": "What, and why."}
    text = page("A", "b", tmp_path / "audit.csv", None, (words, tmp_path / "dropped.csv"))
    assert "<h1>Left out</h1>\n<p>What, and why." in text
    assert f"{dropped.OVERLONG}</td>" in text


def test_where_nothing_is_left_out_the_table_is_empty_and_says_so(tmp_path, files):
    source = audit.Source("generated", None, [], {})
    audit.table({"math": source}, {}).to_csv(tmp_path / "audit.csv", index=False)
    files["input"] |= {"responses": [], "prompts": []}
    files["params"] |= {"limits": [], "responses": []}
    assert table(tmp_path, files) == []
    words = {"title": "Left out", "table": "What, and why."}
    text = page("A", "b", tmp_path / "audit.csv", None, (words, tmp_path / "dropped.csv"))
    assert "<h1>Left out</h1>\n<p>The table has no row." in text


def test_rows_of_an_import_are_counted_by_their_reason(tmp_path, files):
    bad = [MATH | {"id": float("nan")}, MATH | {"responses": ["1", 2]}, MATH | {"responses": [3]}, {}]
    file = write(tmp_path / "rows.jsonl", [*sums(5), *bad])
    queries, refused = read(file, {"sums": "math"})
    parts = list(build(queries, {"sums": "math"}, {"sums": {"train": 2, "valid": 1, "test": 1}}, 0))
    names = []
    for place, part in enumerate(parts):
        parquet.write(part.queries, tmp_path / f"{place}.parquet", parquet.QUERIES)
        names.append(f"{place}.parquet")
    refused.to_csv(tmp_path / "bad.csv", index=False)
    pd.DataFrame({"benchmark": ["sums"], "rows": [len(queries)]}).to_csv(tmp_path / "usable.csv", index=False)
    files["input"] |= {"bad_rows": "bad.csv", "usable_rows": "usable.csv", "queries": names}
    found = [row for row in table(tmp_path, files) if row[0] == "import" or row[1] == "sums"]
    assert found == [
        ["import", "", "", "", "id is nan, which is not a whole number; use text or omit it", 1],
        ["import", "", "", "", "response ... is not text", 2],
        ["import", "", "", "", "benchmark is missing", 1],
        ["sampling", "sums", "", "", "not drawn: train, valid and test ask for fewer", 1],
    ]


def test_what_is_drawn_is_not_counted_as_left_out():
    items = [Item("train", row, (("user", str(row)),), "1") for row in range(3)]
    source = audit.Source("mirror", audit.Loaded(items), [], {})
    queries = {("math", "train"): splits.table("math", "math", items)}
    assert list(dropped.of_audit(audit.table({"math": source}, queries))) == []


# --- the rows of each kind by themselves


def test_rows_of_the_release_are_told_from_those_that_were_not_drawn():
    audited = pd.DataFrame(
        [
            ("source", "math", "train", "dropped", "no box", 3),
            ("source", "math", None, "dropped", "twice", 2),
            ("split", "arc", "test", "dropped", "not drawn", 1),
            ("source", "math", "train", "rows", "", 9),
        ],
        columns=["stage", "benchmark", "split", "measure", "detail", "count"],
    )
    assert [[*row.values()] for row in dropped.of_audit(audited)] == [
        ["release", "math", "", "train", "no box", 3],
        ["release", "math", "", "", "twice", 2],
        ["sampling", "arc", "", "test", "not drawn", 1],
    ]


def test_reasons_are_counted_without_what_they_name_and_benchmarks_that_are_used_up_have_no_row():
    bad = pd.DataFrame({"reason": ["row 7: 'a' is no text", "row 12: 'it' is no text", "row 3: benchmark is missing"]})
    found = dropped.of_import(bad, {"sums": 9, "trips": 4, "words": 5}, {"sums": 7, "trips": 4, "words": 4})
    assert [[*row.values()] for row in found] == [
        ["import", "", "", "", "row ...: ... is no text", 2],
        ["import", "", "", "", "row ...: benchmark is missing", 1],
        ["sampling", "sums", "", "", "not drawn: train, valid and test ask for fewer", 2],
        ["sampling", "words", "", "", "not drawn: train, valid and test ask for fewer", 1],
    ]


def test_a_prompt_of_the_limit_itself_is_trained_on():
    prompts = pd.DataFrame({"benchmark": ["math", "math", "arc", "math", "arc"], "tokens": [40, 41, 99, 50, 39]})
    prompts["split"] = ["train", "train", "valid", "train", "train"]
    assert [[*row.values()] for row in dropped.of_prompts(prompts, "tiny", 40)] == [
        ["prompts", "math", "tiny", "train", dropped.OVERLONG, 2],
        ["prompts", "arc", "tiny", "valid", dropped.OVERLONG, 1],
    ]


def test_responses_are_counted_by_benchmark_and_reason(tmp_path):
    sampled = responses(("4", True), ("", True), ("\t\n", False), ("5 and", None)).assign(
        benchmark=["math", "math", "arc", "arc"]
    )
    parquet.write(sampled, tmp_path / "sampled.parquet", parquet.RESPONSES)
    assert dropped.of_responses(tmp_path / "sampled.parquet") == {
        ("math", dropped.EMPTY): 1,
        ("arc", dropped.EMPTY): 1,
        ("arc", dropped.CUT): 1,
    }
    steps = pd.DataFrame({name: [None] * 3 for name in STEP_RESPONSES.names})
    steps = steps.assign(
        query_id=["math/train/0", "arc/x/y", "math/z"], text=["a", "", "c"], trained=[True, False, False]
    )
    parquet.write(steps, tmp_path / "steps.parquet", STEP_RESPONSES)
    assert dropped.of_responses(tmp_path / "steps.parquet") == {
        ("arc", dropped.EMPTY): 1,
        ("arc", dropped.UNTRAINED): 1,
        ("math", dropped.UNTRAINED): 1,
    }
    files = [("rollouts", "tiny", split, tmp_path / "sampled.parquet") for split in ("train", "valid", "train")]
    assert [[*row.values()] for row in dropped.response_rows(files)] == [
        ["rollouts", "math", "tiny", "train", dropped.EMPTY, 2],
        ["rollouts", "arc", "tiny", "train", dropped.EMPTY, 2],
        ["rollouts", "arc", "tiny", "train", dropped.CUT, 2],
        ["rollouts", "math", "tiny", "valid", dropped.EMPTY, 1],
        ["rollouts", "arc", "tiny", "valid", dropped.EMPTY, 1],
        ["rollouts", "arc", "tiny", "valid", dropped.CUT, 1],
    ]
