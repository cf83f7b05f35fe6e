"""Wrong rows and files of every reader of a mirror, and files to import in foreign formats, each in a sentence."""

import bz2
import gzip
import json
import lzma
import pickle
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imported_rows import MATH
from test_bad_files import ARC, GSM, MMLU, PROBLEM, line, one_sentence

from reward_memory.data import build, mirror
from reward_memory.data.imported import check, read, refuse
from reward_memory.errors import InputError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
HEAD = "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n"
SYMBOLIC = {"question": "q?", "answer": "#### 3", "original_id": 5}
HUMANEVAL = {
    "task_id": "HumanEval/0",
    "prompt": "def f(x):\n",
    "entry_point": "f",
    "canonical_solution": "    return x\n",
    "base_input": [[1]],
    "plus_input": [[2]],
    "atol": 0,
}
MBPP = {
    "task_id": 2,
    "prompt": "Write f.",
    "code": "def f(x): return x",
    "test_list": ["assert f(1) == 1"],
    "test": "inputs = [[1]]\nfor i, inp in enumerate(inputs):\n    assertion(f(*inp), 1, 0)\n",
}
SIQA = {"context": "c", "question": "q", "answerA": "a", "answerB": "b", "answerC": "c"}
PIQA = {"goal": "g", "sol1": "a", "sol2": "b"}
DAPO = {"prompt": [{"role": "user", "content": "q"}], "reward_model": {"ground_truth": "1"}}


def without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


def mmlu(**changes):
    return {f"mmlu/{name}.jsonl": line(MMLU | changes) for name in ("test", "validation", "dev")}


def arc(**changes):
    return {f"arc_challenge/ARC-Challenge-{name}.jsonl": line(ARC | changes) for name in ("Train", "Dev", "Test")}


def archive(text: str):
    def write(path):
        with zipfile.ZipFile(path, "w") as packed:
            for name in ("test/a_test", "val/a_val", "dev/a_dev"):
                packed.writestr(f"data/{name}.csv", text)

    return {"mmlu/mmlu.zip": write}


def gpqa(rows: str):
    return {"gpqa/gpqa_diamond.csv": (HEAD + rows).encode()}


def humaneval(**changes):
    return {"humaneval_plus/HumanEvalPlus.jsonl": line(HUMANEVAL | changes)}


def mbpp(**changes):
    return {"mbpp_plus/test.jsonl": line(MBPP | changes)}


def siqa(labels: bytes, **changes):
    rows = {f"siqa/{name}.jsonl": line(SIQA | changes) for name in ("train", "dev")}
    return rows | {f"siqa/{name}-labels.lst": labels for name in ("train", "dev")}


def dapo(**changes):
    return {"math/train.jsonl": line(PROBLEM), "dapo_math_17k/train.jsonl": line(DAPO | changes)}


def gsm8k(content, name="train.jsonl"):
    return {f"gsm8k/{name}": content, "gsm8k/test.jsonl": line(GSM)}


def table(rows: list[dict]):
    return lambda path: pq.write_table(pa.Table.from_pylist(rows), path)


#: benchmark, its files, words of the sentence
CASES = {
    "no template": ("gsm_symbolic", {"gsm_symbolic/GSM_symbolic.jsonl": line(SYMBOLIC | {"original_id": None})},
                    "row 1: its original_id is None"),
    "no template's key": ("gsm_symbolic", {"gsm_symbolic/GSM_symbolic.jsonl": line(without(SYMBOLIC, "original_id"))},
                          "it has no 'original_id', only question, answer"),
    "five columns": ("mmlu", archive("q,a,b,c,A\n"), "row 1: it has 5 columns, not 6; correct or remove"),
    "a header": ("mmlu", archive("question,A,B,C,D,answer\n"), "row 1 has no answer ('answer' is not one of its 4"),
    "another letter": ("mmlu", archive("q,a,b,c,d,F\n"), "row 1 has no answer ('F' is not one of its 4 options)"),
    "no archive": ("mmlu", {"mmlu/mmlu.zip": b"no zip"}, "is not a complete zip archive"),
    "a pointer to the archive": ("mmlu", {"mmlu/mmlu.zip": POINTER}, "is a Git LFS pointer, not the file; run"),
    "an empty option": ("mmlu", mmlu(choices=["a", "", "c", "d"]), "row 1: one of its options is empty"),
    "one option": ("mmlu", mmlu(choices=["a"], answer=0), "its options are not a list of 2 to 10 texts"),
    "options in a text": ("mmlu", mmlu(choices="abcd", answer=0), "its options are not a list of 2 to 10 texts"),
    "many options": ("mmlu", mmlu(choices=list("abcdefghijkl")), "its options are not a list of 2 to 10 texts"),
    "a key in small letters": ("arc_c", arc(answerKey="a"), "row 1 has no answer ('a' is not one of its 2 options)"),
    "fewer texts than labels": ("arc_c", arc(question="q", choices={"label": ["A", "B"], "text": ["a"]}),
                                "its choices do not have one distinct label each"),
    "a label twice": ("arc_c", arc(question="q", choices={"label": ["A", "A"], "text": ["a", "b"]}),
                      "its choices do not have one distinct label each"),
    "a list of questions": ("arc_c", arc(question=["q"]), "question is a list"),
    "no choices": ("commonsenseqa", {f"commonsenseqa/{name}_rand_split.jsonl": line({"question": None})
                                     for name in ("train", "dev")}, "question is null"),
    "only ids": ("obqa", {f"openbookqa/{name}.jsonl": line({"id": 1}) for name in ("train", "dev", "test")}, "row 1"),
    "no right option": ("gpqa", gpqa("q,,b,c,d\n"), "row 1 has no answer"),
    "an empty wrong option": ("gpqa", gpqa("q,a,,c,d\n"), "row 1: one of its options is empty"),
    "a short row": ("gpqa", gpqa("q,a,b\n"), "it has no 'Incorrect Answer 2'"),
    "no entry point": ("humaneval_plus", humaneval(entry_point=None), "row 1 has no answer"),
    "HumanEval itself": ("humaneval_plus", {"humaneval_plus/HumanEvalPlus.jsonl": line(
        {"task_id": "H/0", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": " return x\n",
         "test": "def check(f):\n    assert f(1) == 1\n"})}, "it has no 'base_input', only task_id"),
    "a proof": ("olympiadbench", {"olympiadbench/test.jsonl": line(
        {"question": "Prove it.", "final_answer": None, "solution": ["So."]})}, "row 1 has no answer; complete or rem"),
    "inputs in a text": ("humaneval_plus", humaneval(base_input="[[1]]"), "its base_input is not a list of inputs"),
    "plus inputs that are null": ("humaneval_plus", humaneval(plus_input=None),
                                  "its plus_input is not a list of inputs"),
    "a number for a solution": ("humaneval_plus", humaneval(canonical_solution=5),
                                "canonical_solution is not a Python"),
    "half a solution": ("humaneval_plus", humaneval(canonical_solution=" return (("), "canonical_solution is not a"),
    "an empty prompt": ("humaneval_plus", humaneval(prompt=""), "its prompt is empty"),
    "a prompt that is null": ("humaneval_plus", humaneval(prompt=None), "prompt is null"),
    "a tolerance in words": ("humaneval_plus", humaneval(atol="big"), "its atol is 'big', which is not a number"),
    "a solution that is no program": ("mbpp_plus", mbpp(code="def f(x) return x"),
                                      "canonical_solution is not a Python"),
    "tests without inputs": ("mbpp_plus", mbpp(test="x = 1\n"), "row 1 is not in the released format"),
    "no program": ("mbpp_plus", mbpp(code=None), "row 1 has no answer"),
    "a label too many": ("siqa", siqa(b"1\n2\n"), "does not have one label for each row"),
    "a fourth option": ("siqa", siqa(b"4\n"), "row 1 has no answer ('4' is not one of its 3 options)"),
    "a label from 0": ("siqa", siqa(b"0\n"), "row 1 has no answer ('0' is not one of its 3 options)"),
    "no context": ("siqa", siqa(b"1\n", context=None), "context is null"),
    "a third way": ("piqa", {"piqa/valid.jsonl": line(PIQA), "piqa/valid-labels.lst": b"2\n"},
                    "'2' is not one of its 2"),
    "a link to itself": ("piqa", {"piqa/valid.jsonl": lambda path: path.symlink_to(path.name)}, "no such file"),
    "a truth that is null": ("dapo_math_17k", dapo(reward_model={"ground_truth": None}), "row 1 has no answer"),
    "no truth": ("dapo_math_17k", dapo(reward_model=None), "reward_model is null"),
    "no prompt": ("dapo_math_17k", dapo(prompt=[]), "prompt is a list"),
    "an answer that is true": ("aime24", {"aime/aime2024.jsonl": line({"problem": "p", "answer": True})}, "no answer"),
    "a letter for an answer": ("amc23", {"amc/amc23.jsonl": line({"problem": "p", "answer": "(C) 27"})},
        "row 1: its answer is (C) 27, the letter of a choice instead of a number; correct"),
    "a problem that is a number": ("aime24", {"aime/aime2024.jsonl": line({"problem": 5, "answer": "1"})},
                                   "problem is a number, answer is text"),
    "a margin in words": ("olympiadbench", {"olympiadbench/test.jsonl": line(
        {"question": "p", "final_answer": ["1"], "error": "small"})}, "error: 'small' is not a number of at least 0"),
    "an open box": ("minerva", {"minerva/test.jsonl": line({"problem": "p", "solution": "\\boxed{5"})}, "no answer"),
    "a file for the folder": ("gsm8k", {"gsm8k": b"x"}, "no such file (plain or .gz)"),
    "a pointer": ("gsm8k", gsm8k(POINTER), "is a Git LFS pointer, not the file; run `git lfs pull`"),
    "a pointer to parquet": ("gsm8k", gsm8k(POINTER, "train.parquet"), "is a Git LFS pointer, not the file"),
    "a web page": ("gsm8k", gsm8k(b"<!DOCTYPE html>\n<html>\n"), "is a web page, not the file; download the file"),
    "xz": ("gsm8k", gsm8k(lzma.compress(line(GSM))), "is compressed with xz, not UTF-8 text; unpack it"),
    "two columns of a name": ("gsm8k", gsm8k(
        lambda path: pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, ["question", "question"]), path),
        "train.parquet"), "has two columns named 'question'; rename or remove one"),
    "a truth in words": ("gsm8k", gsm8k(line(GSM | {"answer": "#### about two"})), "row 1: its answer is 'about two'"),
    "asserts in a text": ("mbpp_plus", mbpp(test_list="assert f(1) == 1"),
                          "its test_list is not a list of assert lines"),
    "a table of Excel": ("gpqa", {"gpqa/gpqa_diamond.csv": b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml"},
                         "is a file of Excel or another office program, not UTF-8 text; export it from there"),
    "twice by gzip": ("gsm8k", gsm8k(gzip.compress(gzip.compress(line(GSM))), "train.jsonl.gz"),
                      "train.jsonl.gz: is compressed with gzip twice; unpack it once"),
    "a CSV": ("gsm8k", gsm8k(b"question,answer\nq,#### 2\n"),
              "row 1 is not a complete JSON line; fetch the file again"),
    "a message for the file": ("gsm8k", gsm8k(b'{"error": "restricted"}'),
                               "it has no 'answer', only error); fetch the"),
    "keys in capitals": ("gsm8k", gsm8k(line({"Question": "q", "Answer": "#### 2"})), "no 'answer', only Question"),
    "one list of rows": ("gsm8k", gsm8k(json.dumps([GSM]).encode()),
                         "a list of rows, but each row should be on its own line"),
    "no key of an answer": ("math500", {"math500/test.jsonl": line({"problem": "p", "note": 1})}, "it has no 'answer'"),
    "an answer that is not available": ("aime24", {"aime/aime2024.jsonl": line({"problem": "p", "answer": "N/A"})},
                                        "its answer is N/A, which is not a number; correct or remove the row"),
    "a missing part": ("gsm8k", gsm8k(table([GSM]), "train-00001-of-00002.parquet"),
                       "train-00000-of-00002.parquet is missing"),
    "a missing part with a hash": ("gsm8k", gsm8k(table([GSM]), "train-00000-of-00002-ab12.parquet"),
                                   "train-00001-of-00002-*.parquet is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "files", "words"), CASES.values(), ids=CASES)
def test_a_bad_release_is_named(tmp_path, name, files, words):
    for file, content in files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        content(path) if callable(content) else path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        mirror.load(name, tmp_path, partial=True)
    one_sentence(caught.value, str(tmp_path), words)
    assert ";" in str(caught.value)  # what to do


def test_what_a_mac_leaves_beside_packed_files_is_passed_over(tmp_path):
    (tmp_path / "mmlu").mkdir()
    with zipfile.ZipFile(tmp_path / "mmlu/mmlu.zip", "w") as packed:
        for folder, name in (("test", "a_test"), ("val", "a_val"), ("dev", "a_dev")):
            packed.writestr(f"data/{folder}/{name}.csv", f"{folder}?,a,b,c,d,A\n")
            packed.writestr(f"data/{folder}/._{name}.csv", b"\0\5\x16\7Mac OS X")
    assert len(mirror.load("mmlu", tmp_path, partial=True).items) == 3


def test_a_mirror_that_is_the_folder_of_one_benchmark_is_told(tmp_path):
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k/train.jsonl").write_bytes(line(GSM))
    with pytest.raises(InputError, match=r"^data: mirror: .*gsm8k is the folder of one benchmark; give its parent"):
        mirror.files("gsm8k", tmp_path / "gsm8k")


@pytest.mark.parametrize("body", ["raise ValueError", "return y"])
def test_a_solution_that_fails_is_named_with_its_benchmark(tmp_path, body):
    path = tmp_path / "humaneval_plus/HumanEvalPlus.jsonl"
    path.parent.mkdir()
    path.write_bytes(line(HUMANEVAL | {"canonical_solution": f"    {body}\n"}))
    with pytest.raises(InputError) as caught:
        build("humaneval_plus", "mirror", {"test": 1}, 0, tmp_path, partial=True, isolation="reduced")
    told = str(caught.value)
    assert told.startswith("benchmarks: humaneval_plus: HumanEval/0: the canonical solution fails (")
    assert told.endswith("); correct that row, or fetch the release again.")


#: name and content of a file to import, words of the sentence
IMPORTS = {
    "a pickle": ("rows.jsonl", pickle.dumps([MATH]), "is a Python pickle, not UTF-8 text; write it as JSON lines"),
    "a feather": ("rows.parquet", b"ARROW1" + bytes(60), "is an Arrow or Feather file; write it as JSON lines or parq"),
    "JSON lines called parquet": ("rows.parquet", line(MATH), "is not parquet; rename it to end in .jsonl"),
    "text called parquet": (
        "rows.parquet",
        b"sums,What is 1 + 1?,2\n",
        "is not parquet; write it as parquet or JSON l",
    ),
    "a name from before it was unpacked": (
        "rows.jsonl.gz",
        line(MATH),
        "is not compressed with gzip; remove .gz from its n",
    ),
    "an archive called gzip": (
        "rows.jsonl.gz",
        b"PK\x03\x04" + bytes(range(60)),
        "is a zip archive, not UTF-8 text; unpack it",
    ),
    "zstd": (
        "rows.jsonl",
        b"\x28\xb5\x2f\xfd" + bytes(range(200)),
        "is compressed with zstd, not UTF-8 text; unpack it",
    ),
    "bzip2": ("rows.jsonl", bz2.compress(line(MATH)), "is compressed with bzip2, not UTF-8 text; unpack it"),
    "a tape archive": ("rows.jsonl", b"rows/\0" + bytes(500), "is binary data, not text; give the file itself"),
    "line ends of old Macs": (
        "rows.jsonl",
        (line(MATH) * 2).replace(b"\n", b"\r"),
        "is text with the line endings of old Macs",
    ),
    "a pointer": ("rows.jsonl", POINTER, "is a Git LFS pointer, not the file; run `git lfs pull`"),
    "a pointer to parquet": ("rows.parquet", POINTER, "is a Git LFS pointer, not the file; run `git lfs pull`"),
    "a web page": ("rows.jsonl", b"<html>\n404\n</html>\n", "is a web page, not the file"),
    "one list": ("rows.jsonl", json.dumps([MATH], indent=1).encode(), "it is not a complete JSON object"),
    "another name": ("rows.json", line(MATH), "the name must end in .jsonl, .jsonl.gz or .parquet"),
    "a folder": ("rows.jsonl", lambda path: path.mkdir(), "is a folder; give the file in it"),
    "a dead link": ("rows.jsonl", lambda path: path.symlink_to("gone"), "is a link to gone, which does not exist"),
    "a link to itself": ("rows.jsonl", lambda path: path.symlink_to(path.name), "is a link to rows.jsonl"),
    "two columns of a name": (
        "rows.parquet",
        lambda path: pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, ["query", "query"]), path),
        "has two columns named 'query'; rename or remove one",
    ),
    "rewards beside responses": ("rows.jsonl", line(MATH | {"rewards": [1, 0]}), "rewards is next to responses"),
    "another name for a reward": (
        "rows.jsonl",
        line(MATH | {"responses": [{"text": "a", "is_correct": True}]}),
        "response 1 has is_correct but no reward; rename it to reward, and make it 0 or 1",
    ),
    "a score": ("rows.jsonl", line(MATH | {"responses": [{"text": "a", "score": 1}]}), "has score but no reward"),
}


@pytest.mark.parametrize(("name", "content", "words"), IMPORTS.values(), ids=IMPORTS)
def test_a_bad_import_is_named(tmp_path, name, content, words):
    path = tmp_path / name
    content(path) if callable(content) else path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        take(path)
    one_sentence(caught.value, str(path), words)


def take(path) -> None:
    """What the workflow does with a file to import."""
    check(path)
    queries, bad = read(path, {"sums": "math"})
    refuse(path, len(queries), bad)


def test_a_file_without_permission_is_no_damaged_one(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(line(MATH))

    def refused(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputError) as caught:
        read(path, {"sums": "math"})
    one_sentence(caught.value, f"{path}: cannot be read (Permission denied); give a readable file")
