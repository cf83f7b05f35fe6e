"""Wrong files of other tools, given to `reward-memory import`: one sentence with the file, the row and the way out."""

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_memory.data.imported.dumps import FILES, convert
from reward_memory.errors import InputError

VERL = {"input": "a", "output": "b", "score": 1.0, "gts": "2"}
LM_EVAL = {
    "doc_id": 0,
    "arguments": {"gen_args_0": {"arg_0": "p"}},
    "resps": [["r"]],
    "target": "1",
    "filter": "strict-match",
    "exact_match": 1.0,
}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"


def parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([VERL]), path)


#: row of verl -> words of the sentence
OF_VERL = {
    "half a score": (VERL | {"score": 0.5}, "the score 0.5 is not 1, 0 or -1"),
    "a score in words": (VERL | {"score": "1"}, "the score '1' is not 1"),
    "a score that is not a number": (VERL | {"score": float("nan")}, "the score nan is not 1"),
    "an infinite score": (VERL | {"score": float("inf")}, "the score inf is not 1"),
    "scores": (VERL | {"score": [1]}, r"the score \[1\] is not 1"),
    "no score": (VERL | {"score": None}, "the score null is not 1"),
    "no input": (VERL | {"input": None}, "input is null, which is not text"),
    "an empty input": (VERL | {"input": ""}, "input is empty"),
    "a list of outputs": (VERL | {"output": ["b"]}, r"output is \['b'\], which is not text"),
    "several truths": (VERL | {"gts": ["1", "2"]}, r"gts is \['1', '2'\], which is neither text nor a number"),
    "half a character": (VERL | {"input": "\ud800"}, "half a character"),
    "a sample of the other tool": (LM_EVAL, "`input` is missing, so this is not a rollout dump of verl"),
    "a list": ([1], "is not a complete JSON object"),
}
#: row of lm-eval -> words of the sentence
OF_LM_EVAL = {
    "no arguments": (LM_EVAL | {"arguments": []}, "arguments contains no prompt"),
    "arguments that are null": (LM_EVAL | {"arguments": None}, "arguments contains no prompt"),
    "arguments that are numbers": (LM_EVAL | {"arguments": [5]}, "arguments contains no prompt"),
    "an empty prompt": (LM_EVAL | {"arguments": [["", {}]]}, "arguments contains no prompt"),
    "likelihoods": (LM_EVAL | {"resps": [[[-1.2, True]]]}, "only tasks that generate text can be imported"),
    "responses that are null": (LM_EVAL | {"resps": None}, "resps contains no text"),
    "a text of responses": (LM_EVAL | {"resps": "abc"}, "resps contains no text"),
    "no verdict": (LM_EVAL | {"exact_match": None}, "its exact_match is null, which is not 0 or 1"),
    "a verdict in words": (LM_EVAL | {"exact_match": "yes"}, "its exact_match is 'yes'"),
    "a verdict that is not a number": (LM_EVAL | {"exact_match": float("nan")}, "its exact_match is nan"),
    "half a verdict": (LM_EVAL | {"exact_match": 0.5}, "its exact_match is 0.5"),
    "an object as truth": (LM_EVAL | {"target": {"a": 1}}, "target is {'a': 1}, which is neither text nor a number"),
    "a dump of the other tool": (VERL, "`arguments` is missing, so this is not a sample of lm-evaluation-harness"),
}
#: whole files -> what makes them, words of the sentence
WHOLE = {
    "no file": (lambda path: None, "cannot be read (No such file or directory)"),
    "a folder": (Path.mkdir, "cannot be read (Is a directory)"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be read (Too many levels"),
    "nothing": (Path.touch, "no response was found"),
    "compressed": (lambda path: path.write_bytes(gzip.compress(b"{}")), "is compressed with gzip"),
    "parquet": (parquet, "is parquet"),
    "a pointer": (lambda path: path.write_bytes(POINTER), "is a Git LFS pointer"),
    "pretty JSON": (lambda path: path.write_text('{\n "results": {}\n}'), "row 1: is not a complete JSON object"),
    "nested without end": (lambda path: path.write_text("[" * 100_000), "row 1: is not a complete JSON object"),
    "a long number": (lambda path: path.write_text('{"a": ' + "1" * 5000 + "}"), "number with more than 4,300 digits"),
    "Latin 1": (lambda path: path.write_bytes('{"input": "é"}'.encode("latin-1")), "row 1: it is not UTF-8 text"),
}


def complaint(path: Path, source: str, chosen: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        convert([path], source, "sums", chosen)
    told = str(caught.value)
    assert told.startswith(str(path))
    assert told.endswith(".")
    assert "\n" not in told
    assert not re.search(r"Errno|codec can't|Error\b", told), told
    return told


@pytest.mark.parametrize(
    ("source", "row", "words"),
    [("verl", *case) for case in OF_VERL.values()] + [("lm-eval", *case) for case in OF_LM_EVAL.values()],
    ids=[*(f"verl: {name}" for name in OF_VERL), *(f"lm-eval: {name}" for name in OF_LM_EVAL)],
)
def test_a_bad_row_is_named(tmp_path, source, row, words):
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(row) + "\n")
    told = complaint(path, source)
    assert told.startswith(f"{path}, row 1: ")
    assert re.search(words, told), told
    assert FILES[source] in told or "half a character" in told or "; write " in told


def test_two_truths_of_one_prompt_are_told(tmp_path):
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(VERL) + "\n" + json.dumps(VERL | {"gts": "3"}) + "\n")
    told = complaint(path, "verl")
    assert told.startswith(f"{path}, row 2: the truth is '3', but '2' in an earlier row with the same prompt; correct")


@pytest.mark.parametrize("source", FILES)
@pytest.mark.parametrize(("make", "words"), WHOLE.values(), ids=WHOLE)
def test_a_bad_file_is_named(tmp_path, source, make, words):
    path = tmp_path / "dump.jsonl"
    make(path)
    assert words in complaint(path, source)


#: names and contents of several files -> the sentence
SEVERAL = {
    "one is empty": ({"1": [VERL], "2": []}, "", "2.jsonl: contains no rows; write it again, or leave it out."),
    "one is cut": (
        {"1": [VERL], "2": [VERL]},
        '{"input": "a", "out',
        "2.jsonl, row 2: is cut short; remove this last row, or write the file again.",
    ),
}


@pytest.mark.parametrize(("files", "tail", "told"), SEVERAL.values(), ids=SEVERAL)
def test_a_bad_file_among_others_is_named(tmp_path, monkeypatch, files, tail, told):
    monkeypatch.chdir(tmp_path)
    for name, rows in files.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        Path(f"{name}.jsonl").write_text(text + (tail if name == "2" else ""))
    with pytest.raises(InputError) as caught:
        convert([Path("1.jsonl"), Path("2.jsonl")], "verl", "sums")
    assert str(caught.value) == told


def test_a_file_that_is_given_twice_is_told(tmp_path):
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(VERL))
    with pytest.raises(InputError, match="is given twice, so its responses would count twice; give it once"):
        convert([path, path], "verl", "sums")


def test_the_filters_that_are_there_are_named(tmp_path):
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(LM_EVAL) + "\n" + json.dumps(LM_EVAL | {"filter": "flexible"}) + "\n")
    told = complaint(path, "lm-eval", "loose")
    assert told == f"{path}: no response has the filter loose; pass one of strict-match, flexible to --filter."


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "dump.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(VERL).encode())
    assert convert([path], "verl", "sums")[0]["query"] == "a"
