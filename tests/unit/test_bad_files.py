"""Wrong files that users bring: each ends in one sentence that names the file, the row and the mistake."""

import gzip
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imported_rows import CODE, DOMAINS, MATH, QA

from reward_memory.data import mirror
from reward_memory.data.imported import read, refuse
from reward_memory.errors import InputError
from reward_memory.storage.files import digest

PYTHON = re.compile(r"Error\(|Exception|Traceback|<class|object at 0x|codec can't")


def one_sentence(error: InputError, *parts: str) -> None:
    """One line that ends once, says nothing of Python, and holds all `parts`."""
    text = str(error)
    assert "\n" not in text
    assert text.endswith(".")
    assert not PYTHON.search(text), text
    assert all(part in text for part in parts), text


def line(row) -> bytes:
    return json.dumps(row).encode() + b"\n"


def chat(content, role="user") -> dict:
    row = {key: value for key, value in MATH.items() if key != "query"}
    return row | {"messages": [{"role": role, "content": content}]}


#: what stands in row 2 of a file of JSON lines -> words of the reason
ROWS = {
    "an id that is missing in a column of numbers": (MATH | {"id": float("nan")}, "id is nan"),
    "an infinite id": (MATH | {"id": float("inf")}, "id is inf"),
    "half an id": (MATH | {"id": 1.5}, "id is 1.5"),
    "an id beyond whole floats": (MATH | {"id": 1e300}, "id is 1e+300"),
    "an id with a line break": (MATH | {"id": "a\nb"}, "line break"),
    "an id with a line separator": (MATH | {"id": "a\u2028b"}, "line break"),
    "an id with a NUL": (MATH | {"id": "a\0b"}, "NUL"),
    "an id of 10,000 characters": (MATH | {"id": "a" * 10_000}, "10000 characters"),
    "an id of 1,000 digits": (MATH | {"id": 10**999}, "1000 characters"),
    "an id that is true": (MATH | {"id": True}, "id is not text"),
    "an id that is an object": (MATH | {"id": {}}, "id is not text"),
    "half a character in an id": (MATH | {"id": "\ud800"}, "id contains half a character"),
    "an empty query": (MATH | {"query": ""}, "query is empty"),
    "a query of spaces": (MATH | {"query": " \t\n "}, "query is empty"),
    "a query with a NUL": (MATH | {"query": "a\0"}, "query contains a NUL character"),
    "half a character in a query": (MATH | {"query": "x \ud83d"}, "query contains half a character"),
    "a query that Python calls nothing": (MATH | {"query": "None"}, "query is None, which is not a question"),
    "a query that is a list": (MATH | {"query": ["a"]}, "query is not text"),
    "an empty user message": (chat(""), "content is empty"),
    "an empty assistant message": (
        chat("a") | {"messages": [{"role": "assistant", "content": ""}, *chat("a")["messages"]]},
        "content is empty",
    ),
    "a message in parts": (chat([{"type": "text", "text": "a"}]), "content is not text"),
    "a message of another tool": (
        chat("") | {"messages": [{"from": "human", "value": "a"}]},
        "a message has from, value instead of role and content",
    ),
    "a NUL in a message": (chat("a\0"), "NUL"),
    "half a character in a message": (chat("\udc00"), "half a character"),
    "an empty role": (chat("a", ""), "role is empty"),
    "a last message of the system": (chat("a", "system"), "the last message is not from the user"),
    "a truth that is not a number": (MATH | {"ground_truth": float("nan")}, "ground_truth is nan"),
    "an infinite truth": (MATH | {"ground_truth": float("-inf")}, "ground_truth is -inf"),
    "a missing number in words": (MATH | {"ground_truth": "NaN"}, "ground_truth is NaN"),
    "what Python calls nothing": (MATH | {"ground_truth": "None"}, "ground_truth is None, which is not a number"),
    "a list of nothing": (MATH | {"ground_truth": "[]"}, "ground_truth is [], which is not a number"),
    "a problem without an answer": (MATH | {"ground_truth": "Proof"}, "ground_truth is Proof, which is not a number"),
    "a truth that nobody found": (
        MATH | {"ground_truth": "notfound"},
        "ground_truth is notfound, which is not a number",
    ),
    "an infinity in words": (MATH | {"ground_truth": " Infinity "}, "ground_truth is Infinity"),
    "a truth that is true": (MATH | {"ground_truth": True}, "ground_truth is not text"),
    "a truth with a NUL": (MATH | {"ground_truth": "1\0"}, "ground_truth contains a NUL"),
    "half a character in a truth": (MATH | {"ground_truth": "\ud800"}, "ground_truth contains half a character"),
    "a letter that is none": (QA | {"ground_truth": 1}, "ground_truth is not a letter"),
    "an option with a NUL": (QA | {"options": ["a\0", "b"]}, "an option contains a NUL"),
    "an option that is a number": (QA | {"options": [1, 2]}, "an option is not text"),
    "eleven options": (QA | {"options": list("abcdefghijk")}, "options is not a list of 2 to 10"),
    "options by letter": (QA | {"options": {"A": "a", "B": "b"}}, "options is not a list"),
    "tests with a syntax error": (CODE | {"tests": ["assert f("]}, "tests"),
    "a response with a NUL": (MATH | {"responses": ["a\0"]}, "response 1 contains a NUL"),
    "half a character in a response": (MATH | {"responses": ["a", "\ud83d"]}, "response 2 contains half a character"),
    "a response that is null": (MATH | {"responses": [None]}, "response 1 is not text"),
    "a reward of two": (MATH | {"responses": [{"text": "a", "reward": 2}]}, "reward is 2"),
    "a reward without end": (MATH | {"responses": [{"text": "a", "reward": float("inf")}]}, "reward is inf"),
    "a response that is JSON's text of an object": (
        MATH | {"responses": [json.dumps({"text": "a", "reward": 1})]},
        "response 1 is an object written as text; give the object itself, as {text, reward}",
    ),
    "a response that is Python's text of an object": (
        MATH | {"responses": ["a", str({"text": "a", "reward": True})]},
        "response 2 is an object written as text",
    ),
    "a response that was never decoded": (
        MATH | {"responses": ["b'#### 2'"]},
        "response 1 is a Python bytes object written as text",
    ),
    "a template with a NUL": (MATH | {"template": "\0"}, "template contains a NUL"),
}
#: likewise, as bytes
LINES = {
    "cut short": (line(MATH)[:-9], "not a complete JSON object"),
    "another character set": ('{"query": "é"}\n'.encode("latin-1"), "not UTF-8 text (byte 0xe9)"),
    "a number of 5,000 digits": (b'{"id": ' + b"1" * 5000 + b"}\n", "number with more than 4,300 digits"),
    "nested without end": (b"[" * 100_000 + b"\n", "not a complete JSON object"),
    "a list": (b"[]\n", "not a complete JSON object"),
    "two objects": (line(MATH).strip() * 2 + b"\n", "not a complete JSON object"),
}
#: whole files -> name, content, words of the sentence
FILES = {
    "no row": ("rows.jsonl", b"", "contains no rows"),
    "empty lines": ("rows.jsonl", b"\n \n\r\n", "contains no rows"),
    "no row, compressed": ("rows.jsonl.gz", gzip.compress(b""), "contains no rows"),
    "UTF-16": ("rows.jsonl", line(MATH).decode().encode("utf-16"), "is UTF-16 text, not UTF-8"),
    "UTF-16 without a mark": ("rows.jsonl", line(MATH).decode().encode("utf-16-le"), "is UTF-16 text"),
    "UTF-32": ("rows.jsonl", line(MATH).decode().encode("utf-32"), "is UTF-32 text"),
    "UTF-16, compressed": ("rows.jsonl.gz", gzip.compress(line(MATH).decode().encode("utf-16")), "is UTF-16 text"),
    "compressed without .gz": ("rows.jsonl", gzip.compress(line(MATH)), "is compressed with gzip"),
    "not compressed with .gz": ("rows.jsonl.gz", line(MATH), "remove .gz from its name"),
    "an archive": ("rows.jsonl", b"PK\x03\x04" + bytes(range(60)), "is a zip archive"),
    "parquet under another name": ("rows.jsonl", b"PAR1" + bytes(60), "is parquet"),
    "no parquet": ("rows.parquet", b"", "damaged or cut short"),
}


@pytest.mark.parametrize(("row", "reason"), ROWS.values(), ids=ROWS)
def test_a_bad_row_of_an_import_is_named(tmp_path, row, reason):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(line(MATH | {"query": "What is 1 + 1?"}) + line(row) + line(QA) + line(CODE))
    _refused(file, reason)


@pytest.mark.parametrize(("content", "reason"), LINES.values(), ids=LINES)
def test_a_bad_line_of_an_import_is_named(tmp_path, content, reason):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(line(MATH) + content + line(QA) + line(CODE))
    if content[-1:] != b"\n":
        file.write_bytes(line(MATH) + content)
        domains = {"sums": "math"}
    else:
        domains = {name: domain for name, domain in DOMAINS.items() if name != "gsm8k"}
    _refused(file, reason, domains)


def _refused(file, reason, domains=None) -> None:
    domains = domains or {name: domain for name, domain in DOMAINS.items() if name != "gsm8k"}
    queries, bad = read(file, domains)
    with pytest.raises(InputError) as caught:
        refuse(file, len(queries), bad)
    one_sentence(caught.value, str(file), "row 2", reason, "bad_rows: skip")


@pytest.mark.parametrize(("name", "content", "reason"), FILES.values(), ids=FILES)
def test_a_bad_file_to_import_is_named(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(tmp_path / name, {"sums": "math"})
    one_sentence(caught.value, str(tmp_path / name), reason)


GOOD_IMPORTS = {
    "whole ids of a column of floats": ([MATH | {"id": 1.0}, MATH | {"id": -2.0, "query": "b"}], ["1", "-2"]),
    "an empty system message": (
        [chat("a") | {"id": 1, "messages": [{"role": "system", "content": ""}, *chat("a")["messages"]]}],
        ["1"],
    ),
    "a truth of 400 digits": ([MATH | {"id": 1, "ground_truth": int("9" * 400)}], ["1"]),
    "a truth of 400 digits in words": ([MATH | {"id": 1, "ground_truth": "9" * 400}], ["1"]),
    "an infinity of mathematics": ([MATH | {"id": 1, "ground_truth": "\\infty"}], ["1"]),
    "a long id": ([MATH | {"id": "a" * 200}], ["a" * 200]),
}


@pytest.mark.parametrize(("rows", "names"), GOOD_IMPORTS.values(), ids=GOOD_IMPORTS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_what_other_tools_write_is_read(tmp_path, rows, names, mark, end):
    (tmp_path / "rows.jsonl").write_bytes(mark + b"".join(line(row).strip() + end for row in rows))
    queries, bad = read(tmp_path / "rows.jsonl", {"sums": "math"})
    assert bad.empty
    assert [query.id for query in queries] == [f"sums/id/{name}" for name in names]
    assert all(digest(query.item.messages) for query in queries)


def test_one_number_as_text_whole_and_float_is_one_id(tmp_path):
    rows = [MATH | {"id": name, "query": str(place)} for place, name in enumerate(["1", 1, 1.0])]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(map(line, rows)))
    queries, bad = read(tmp_path / "rows.jsonl", {"sums": "math"})
    assert len(queries) == 1
    assert bad["row"].tolist() == [2, 3]


# --- mirrors

GSM = {"question": "What is 1 and 1?", "answer": "#### 2"}
ARC = {
    "question": {"stem": "Which?", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]},
    "answerKey": "A",
}
PROBLEM = {"problem": "P?", "solution": "so $\\boxed{1}$.", "level": "Level 5"}
MMLU = {"question": "q", "choices": ["a", "b", "c", "d"], "answer": 1.0}
#: benchmark -> (files that load reads, a good row)
MIRRORS = {
    "gsm8k": (["gsm8k/train.jsonl", "gsm8k/test.jsonl"], GSM),
    "arc_c": ([f"arc_challenge/ARC-Challenge-{name}.jsonl" for name in ("Train", "Dev", "Test")], ARC),
    "math": (["math/train.jsonl", "math/test.jsonl"], PROBLEM),
    "dapo_math_17k": (["math/train.jsonl", "dapo_math_17k/train.jsonl"], PROBLEM | {"prompt": "D"}),
    "math500": (["math500/test.jsonl"], PROBLEM | {"answer": "1"}),
    "mmlu": ([f"mmlu/{name}.jsonl" for name in ("test", "validation", "dev")], MMLU),
}
#: what stands in row 2 of the first file -> benchmark, row, words of the sentence
RELEASED = {
    "an empty question": ("gsm8k", GSM | {"question": ""}, "its question is empty"),
    "a question of spaces": ("gsm8k", GSM | {"question": " \n"}, "its question is empty"),
    "no question": ("gsm8k", {"answer": "#### 2"}, "no 'question'"),
    "a question that is null": ("gsm8k", GSM | {"question": None}, "a value has the wrong type or form: "),
    "a question that is a number": ("gsm8k", GSM | {"question": 3}, "a value has the wrong type or form: "),
    "half a character in a question": ("gsm8k", GSM | {"question": "x \ud83d"}, "half a character"),
    "half a character in an answer": ("gsm8k", GSM | {"answer": "\udc00 #### 2"}, "half a character"),
    "half a character in a key that nobody reads": ("gsm8k", GSM | {"note": ["\ud800"]}, "half a character"),
    "a NUL in a question": ("gsm8k", GSM | {"question": "a\0b"}, "NUL"),
    "a NUL in an answer": ("gsm8k", GSM | {"answer": "#### 2\0"}, "NUL"),
    "an answer that is not a number": ("gsm8k", GSM | {"answer": "#### nan"}, "its answer is nan"),
    "an infinite answer": ("gsm8k", GSM | {"answer": "#### -Inf"}, "its answer is -Inf"),
    "an answer without a mark": ("gsm8k", GSM | {"answer": "2"}, "has no answer"),
    "an answer that is null": ("gsm8k", GSM | {"answer": None}, "has no answer"),
    "an answer that is a number": ("gsm8k", GSM | {"answer": 2}, "a value has the wrong type or form: "),
    "a list": ("gsm8k", [1, 2], "2 columns"),
    "a text": ("gsm8k", "a", "not an object with keys"),
    "a number": ("gsm8k", 7, "not an object with keys"),
    "null": ("gsm8k", None, "not an object with keys"),
    "a key of another choice": ("arc_c", ARC | {"answerKey": "Z"}, "has no answer"),
    "no choices": ("arc_c", {"question": "a", "answerKey": "A"}, "no 'choices'"),
    "an empty stem": ("arc_c", ARC | {"question": ARC["question"] | {"stem": " "}}, "its question is empty"),
    "half a character in a choice": (
        "arc_c",
        ARC | {"question": {"stem": "?", "choices": [{"text": "\ud800", "label": "A"}]}},
        "half a character",
    ),
    "a problem that is empty": ("math", PROBLEM | {"problem": ""}, "its question is empty"),
    "no problem": ("math", {"solution": "\\boxed{1}"}, "no 'problem'"),
    "a level in words": ("dapo_math_17k", PROBLEM | {"level": "hard"}, "its level is 'hard'"),
    "a level that is null": ("dapo_math_17k", PROBLEM | {"level": None}, "its level is None"),
    "a level that is not a number": ("dapo_math_17k", PROBLEM | {"level": float("nan")}, "its level is nan"),
    "a level of 6": ("dapo_math_17k", PROBLEM | {"level": 6}, "its level is 6"),
    "half a level": ("dapo_math_17k", PROBLEM | {"level": "4.5"}, "its level is '4.5'"),
    "a level that is true": ("dapo_math_17k", PROBLEM | {"level": True}, "its level is True"),
    "no level": ("dapo_math_17k", {"problem": "P", "solution": "\\boxed{1}"}, "no 'level'"),
    "a final answer that is infinite": ("math500", PROBLEM | {"answer": float("inf")}, "its answer is inf"),
    "a final answer that is not a number": ("math500", PROBLEM | {"answer": float("nan")}, "no answer"),
    "a label of 4": ("mmlu", MMLU | {"answer": 4}, "has no answer"),
    "a label below 0": ("mmlu", MMLU | {"answer": "-1"}, "has no answer"),
    "half a label": ("mmlu", MMLU | {"answer": 1.5}, "has no answer"),
}
#: likewise, as bytes
RELEASED_LINES = {
    "cut short": (line(GSM)[:-9], "row 2 is not a complete JSON line"),
    "another character set": ('{"question": "é"}\n'.encode("cp1252"), "not UTF-8 text (byte 0xe9)"),
    "a number of 5,000 digits": (b'{"answer": ' + b"1" * 5000 + b"}\n", "number with more than 4,300 digits"),
    "nested without end": (b"[" * 100_000 + b"\n", "not a complete JSON line"),
}
RELEASED_FILES = {
    "no row": (b"", "contains no rows"),
    "empty lines": (b"\n\n", "contains no rows"),
    "UTF-16": (line(GSM).decode().encode("utf-16"), "is UTF-16 text"),
    "UTF-16, big end first": (b"\xfe\xff" + line(GSM).decode().encode("utf-16-be"), "is UTF-16 text"),
    "UTF-16 without a mark": (line(GSM).decode().encode("utf-16-be"), "is UTF-16 text"),
    "UTF-32": (line(GSM).decode().encode("utf-32"), "is UTF-32 text"),
    "compressed": (gzip.compress(line(GSM)), "is compressed with gzip"),
}


def mirrored(folder, name, content: bytes):
    """A mirror whose first file has `content`, the others a good row. Returns the first file."""
    files, good = MIRRORS[name]
    for place, file in enumerate(files):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(line(good) if place else content)
    return folder / files[0]


def refused(folder, name, *parts) -> None:
    with pytest.raises(InputError) as caught:
        mirror.load(name, folder, partial=True)
    one_sentence(caught.value, *parts)


@pytest.mark.parametrize(("name", "row", "reason"), RELEASED.values(), ids=RELEASED)
def test_a_bad_row_of_a_mirror_is_named(tmp_path, name, row, reason):
    first = mirrored(tmp_path, name, line(MIRRORS[name][1]) + line(row))
    refused(tmp_path, name, str(first), "row 2", reason)


@pytest.mark.parametrize(("content", "reason"), RELEASED_LINES.values(), ids=RELEASED_LINES)
def test_a_bad_line_of_a_mirror_is_named(tmp_path, content, reason):
    first = mirrored(tmp_path, "gsm8k", line(GSM) + content)
    refused(tmp_path, "gsm8k", str(first), "row 2", reason)


@pytest.mark.parametrize(("content", "reason"), RELEASED_FILES.values(), ids=RELEASED_FILES)
def test_a_bad_file_of_a_mirror_is_named(tmp_path, content, reason):
    refused(tmp_path, "gsm8k", str(mirrored(tmp_path, "gsm8k", content)), reason)


@pytest.mark.parametrize("level", [5, "5", "Level 5", 5.0, "5.0", "level 5", "Level 5.0", "LEVEL5", " 5 ", 3, 4.0])
def test_a_level_is_read_as_any_tool_writes_it(tmp_path, level):
    mirrored(tmp_path, "dapo_math_17k", line(PROBLEM | {"level": level}))
    loaded = mirror.load("dapo_math_17k", tmp_path, partial=True)
    assert [item.source_split for item in loaded.items] == ["math", "dapo"]


@pytest.mark.parametrize("answer", [2, "2", 2.0, "2.0"])
def test_the_number_of_an_option_is_read_as_any_tool_writes_it(tmp_path, answer):
    mirrored(tmp_path, "mmlu", line(MMLU | {"question": "first", "answer": answer}))
    assert mirror.load("mmlu", tmp_path, partial=True).items[0].ground_truth == "C"


@pytest.mark.parametrize("level", [1, "Level 2", 2.0, "Level ?"])
def test_an_easy_level_is_dropped_and_told(tmp_path, level):
    mirrored(tmp_path, "dapo_math_17k", line(PROBLEM | {"level": level}))
    loaded = mirror.load("dapo_math_17k", tmp_path, partial=True)
    assert [item.source_split for item in loaded.items] == ["dapo"]
    assert "of MATH, where only 3 to 5 are used" in loaded.dropped[0].reason


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_mirror_with_other_line_ends_or_a_mark_is_the_same(tmp_path, mark, end, packed):
    content = mark + b"".join(line(GSM | {"question": f"Q{n}"}).strip() + end for n in range(3))
    first = mirrored(tmp_path, "gsm8k", content)
    if packed:
        first.with_name("train.jsonl.gz").write_bytes(gzip.compress(content))
        first.unlink()
    loaded = mirror.load("gsm8k", tmp_path, partial=True)
    assert [item.messages[1][1] for item in loaded.items] == ["Q0", "Q1", "Q2", GSM["question"]]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_a_marked_csv_keeps_its_header(tmp_path, mark):
    (tmp_path / "gpqa").mkdir()
    head = "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\r\n"
    (tmp_path / "gpqa/gpqa_diamond.csv").write_bytes(mark + (head + '"Two\nlines, é?",a,b,c,d\r\n').encode())
    (item,) = mirror.load("gpqa", tmp_path, partial=True).items
    assert item.messages[1][1].startswith("Two\nlines, é?\n")


# --- links


def parquet(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([GSM]), path)


@pytest.mark.parametrize("link", ["gsm8k", "gsm8k/main", "gsm8k/data"])
def test_a_linked_folder_is_followed(tmp_path, link):
    for split in ("train", "test"):
        parquet(tmp_path / f"elsewhere/{split}-00000-of-00001.parquet")
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert len(mirror.load("gsm8k", tmp_path, partial=True).items) == 2


def test_links_in_a_circle_end(tmp_path):
    for split in ("train", "test"):
        parquet(tmp_path / f"gsm8k/main/{split}-00000-of-00001.parquet")
    (tmp_path / "other").mkdir()
    (tmp_path / "gsm8k/up").symlink_to(tmp_path)
    (tmp_path / "gsm8k/main/self").symlink_to(tmp_path / "gsm8k/main")
    (tmp_path / "gsm8k/other").symlink_to(tmp_path / "other")
    (tmp_path / "other/back").symlink_to(tmp_path / "gsm8k")
    (tmp_path / "gsm8k/nowhere").symlink_to(tmp_path / "gone")
    assert len(mirror.load("gsm8k", tmp_path, partial=True).items) == 2
