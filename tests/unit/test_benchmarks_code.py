"""Tests of code items are made from their tasks, in the sandbox, for the queries that were drawn."""

import json

import pytest
from test_source_jobs import run_job

from reward_memory import data
from reward_memory.data.code_tests import with_tests
from reward_memory.data.items import Item
from reward_memory.errors import InputError
from reward_memory.storage import parquet
from reward_memory.verifiers import Grader, GroundTruth

TASK = {
    "task_id": "Mbpp/900",
    "prompt": '"""\nWrite a function to add {}.\nassert add(1, 2) == 3\n"""\n',
    "entry_point": "add",
    "canonical_solution": "def add(a, b):\n    return a + b + {}\n",
    "base_input": [[1, 2]],
    "plus_input": [[4, 5.5]],
    "atol": 0,
}


def task(number):
    changed = {key: TASK[key].format(number) for key in ("prompt", "canonical_solution")}
    return TASK | changed | {"task_id": f"Mbpp/{900 + number}"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mbpp_plus").mkdir()
    text = "".join(json.dumps(task(number)) + "\n" for number in range(4))
    (tmp_path / "mbpp_plus/MbppPlus.jsonl").write_text(text)
    return tmp_path


def test_the_tests_of_a_drawn_query_grade_a_response(folder):
    sizes = {"train": 1, "valid": 1, "test": 1}
    built = data.build("mbpp_plus", "mirror", sizes, 0, folder, partial=True, isolation="reduced")
    row = built["test"].iloc[0]
    number = int(row["id"].rsplit("/", 1)[1])
    tests = json.loads(row["tests"])
    assert (tests["entry_point"], tests["base"]) == ("add", 1)
    assert tests["calls"] == [[1, 2], [4, 5.5]]
    assert tests["expected"] == [3 + number, 9.5 + number]
    answers = [f"####\n```python\ndef add(a, b):\n    return a + b + {guess}\n```" for guess in (number, number + 1)]
    with Grader("reduced") as grader:
        verdicts = grader.grade(answers, [GroundTruth.from_query(row)] * 2)
    assert [verdict.correct for verdict in verdicts] == [True, False]
    assert verdicts[0].path == "code:passed base 1/1 plus 1/1"


def test_tables_of_code_queries_survive_parquet(folder, tmp_path):
    built = data.build("mbpp_plus", "mirror", {"test": 2}, 0, folder, partial=True, isolation="reduced")
    parquet.write(built["test"], tmp_path / "truths.parquet", parquet.TRUTHS)
    truths = parquet.read(tmp_path / "truths.parquet", parquet.TRUTHS)
    assert truths["tests"].tolist() == built["test"]["tests"].tolist()
    assert truths["ground_truth"].isna().all()


def test_items_without_a_task_are_left_as_they_are():
    # all without one need no sandbox
    (row,) = data.build("gsm8k", "generated", {"test": 1}, 0, isolation="no such isolation")["test"].to_dict("records")
    assert row["tests"] is None
    plain = Item("test", 0, (("user", "Q"),), "4")
    coded = Item("test", 1, (("user", "Q"),), None, task=task(3))
    found = with_tests("mbpp_plus", [plain, coded, plain], "reduced")
    assert (found[0], found[2]) == (plain, plain)
    assert json.loads(found[1].tests)["expected"] == [6, 12.5]


def test_a_canonical_solution_that_fails_is_named():
    broken = task(3) | {"canonical_solution": "def add(a, b):\n    return a / 0\n"}
    item = Item("test", 0, (("user", "Q"),), None, task=broken)
    with pytest.raises(
        InputError, match=r"benchmarks: mbpp_plus: Mbpp/903: the canonical solution fails.*ZeroDivisionError"
    ):
        with_tests("mbpp_plus", [item], "reduced")


def test_the_rules_script_writes_queries_and_truths_apart(folder, tmp_path):
    output = {
        f"{split}{kind}": str(tmp_path / f"out/{split}{kind}.parquet")
        for split in ("train", "valid", "test")
        for kind in ("", "_truths")
    }
    done = run_job(
        tmp_path,
        "sample_queries",
        {},
        input={"file": str(folder / "mbpp_plus/MbppPlus.jsonl")},
        output=output,
        wildcards={"benchmark": "mbpp_plus"},
        params={
            "benchmark": {"source": "mirror", "train": 1, "valid": 1, "test": 2},
            "mirror": str(folder),
            "answer_format": "boxed",
            "partial": True,
            "isolation": "reduced",
            "fidelity": ["base-tests"],
            "seed": 3,
            "state": str(tmp_path / "state"),
        },
    )
    assert done.returncode == 0, done.stderr
    queries = parquet.read(output["test"], parquet.QUERIES)
    truths = parquet.read(output["test_truths"], parquet.TRUTHS)
    assert list(queries["id"]) == list(truths["query_id"])
    assert [len(json.loads(tests)["calls"]) for tests in truths["tests"]] == [1, 1]
