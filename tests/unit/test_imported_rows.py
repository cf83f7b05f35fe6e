"""One row of a file to import: every form, and everything that can be wrong with it."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imported_rows import CODE, DOMAINS, MATH, QA

from reward_memory.answers.responses import split_response
from reward_memory.data.imported.rows import BadRowError, Response, parse


def read(row: dict, number: int = 1):
    return parse(json.dumps(row).encode(), number, DOMAINS)


# --- forms


def test_a_query_is_one_message_of_the_user_without_a_system_prompt():
    assert read(MATH).item.messages == (("user", "What is 7 + 5?"),)


def test_messages_are_taken_as_they_are():
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 7 + 5?"}]
    row = {key: value for key, value in MATH.items() if key != "query"} | {"messages": messages}
    assert read(row).item.messages == (("system", "Be brief."), ("user", "What is 7 + 5?"))


def test_a_row_of_a_parquet_file_says_the_same_as_a_line():
    row = MATH | {"messages": None, "options": None, "id": None}
    assert parse(row, 1, DOMAINS) == read(MATH)


def test_a_byte_order_mark_before_the_first_line_does_no_harm():
    assert parse(b"\xef\xbb\xbf" + json.dumps(MATH).encode(), 1, DOMAINS) == read(MATH)


@pytest.mark.parametrize(("given", "name"), [(None, "row/3"), ("q7", "id/q7"), (7, "id/7"), ("7", "id/7")])
def test_the_id_is_the_files_or_the_rows_number(given, name):
    assert read(MATH | {"id": given}, 3).id == f"sums/{name}"


@pytest.mark.parametrize(("truth", "text"), [(12, "12"), (1.5, "1.5"), (" \\frac{1}{2} ", "\\frac{1}{2}")])
def test_a_truth_is_a_text_or_a_number(truth, text):
    assert read(MATH | {"ground_truth": truth}).item.ground_truth == text


def test_a_decimal_of_a_table_is_a_truth():
    assert parse(MATH | {"ground_truth": Decimal("36.50")}, 1, DOMAINS).item.ground_truth == "36.50"


def test_options_that_the_query_lacks_are_put_below_it():
    item = read(QA).item
    assert item.messages == (("user", "Which is a color?\nA. red\nB. dog\nC. seven"),)
    assert item.options == ("red", "dog", "seven")


def test_options_that_the_query_has_are_not_said_twice():
    query = "Which is a color: red, dog or seven?"
    assert read(QA | {"query": query}).item.messages == (("user", query),)


def test_a_choices_truth_is_a_letter_in_either_case():
    assert read(QA | {"ground_truth": "b"}).item.ground_truth == "B"


def test_without_options_a_choice_goes_from_a_to_e():
    row = {key: value for key, value in QA.items() if key != "options"}
    assert read(row | {"ground_truth": "E"}).item.ground_truth == "E"


CALLS = {"entry_point": "double", "calls": [[2]], "expected": [4]}


@pytest.mark.parametrize(
    ("tests", "kept"),
    [
        (["assert double(2) == 4"], {"assert": ["assert double(2) == 4"]}),
        (CALLS, CALLS),
        (json.dumps(CALLS), CALLS),
    ],
    ids=["asserts", "calls", "text"],
)
def test_tests_are_asserts_or_calls_as_json_or_its_text(tests, kept):
    item = read(CODE | {"tests": tests}).item
    assert json.loads(item.tests) == kept
    assert item.ground_truth is None


@pytest.mark.parametrize(
    "change",
    [
        {"tests": ["candidate = double", "assert candidate(2) == 4"]},
        {"query": "Write candidate(n), which doubles."},
        {"responses": ["```python\ndef candidate(n):\n    return n\n```"]},
        {"responses": [{"text": "no program", "reward": 0}]},
    ],
    ids=["set up", "asked for", "answered", "graded"],
)
def test_a_function_may_be_named_by_anything_but_the_asserts(change):
    read(CODE | {"tests": ["assert candidate(2) == 4"]} | change)


def test_a_template_makes_a_family():
    assert read(MATH | {"template": "sums-1"}).item.template == "sums-1"


def test_the_domain_may_be_said_once_more():
    assert read(MATH | {"domain": "math"}) == read(MATH)


def test_a_key_that_nobody_reads_does_no_harm():
    assert read(MATH | {"model": "mine", "temperature": 1.0}) == read(MATH)


def test_a_text_is_split_as_the_policys_own_responses_are():
    text = "7 and 5.\n#### 12"
    assert read(MATH).responses[0] == Response(text, *split_response(text, "math"), None)


def test_thinking_and_answer_that_are_given_stay():
    response = {"text": "7 and 5\nA: 12", "thinking": "7 and 5", "answer": "12"}
    assert read(MATH | {"responses": [response]}).responses == (Response("7 and 5\nA: 12", "7 and 5", "12", None),)


@pytest.mark.parametrize(("given", "reward"), [(0, 0.0), (1, 1.0), (1.0, 1.0), (True, 1.0), (False, 0.0), (None, None)])
def test_a_reward_is_0_or_1_or_left_to_the_verifiers(given, reward):
    assert read(MATH | {"responses": [{"text": "12", "reward": given}]}).responses[0].reward == reward


def test_texts_and_objects_may_stand_side_by_side_and_a_text_may_be_empty():
    responses = ["", {"text": "12", "reward": 1}, {"text": "13"}]
    assert [one.reward for one in read(MATH | {"responses": responses}).responses] == [None, 1.0, None]


def test_where_every_response_has_a_reward_no_truth_is_needed():
    row = {key: value for key, value in MATH.items() if key != "ground_truth"}
    assert read(row | {"responses": [{"text": "12", "reward": 1}]}).item.ground_truth is None


# --- bad rows

#: changes of a row, None taking the key out -> the whole reason
BAD = {
    "no benchmark": (MATH, {"benchmark": None}, "benchmark is missing"),
    "another benchmark": (MATH, {"benchmark": "gsm9k"}, "benchmark 'gsm9k' is not in the configuration"),
    "a benchmark that is a list": (MATH, {"benchmark": ["a"]}, "benchmark ['a'] is not in the configuration"),
    "a long benchmark": (
        MATH,
        {"benchmark": "a" * 99},
        f"benchmark '{'a' * 56}... is not in the configuration",
    ),
    "another domain": (MATH, {"domain": "qa"}, "domain is 'qa', but sums is math"),
    "no query": (MATH, {"query": None}, "query or messages is required"),
    "query and messages": (
        MATH,
        {"messages": [{"role": "user", "content": "a"}]},
        "query and messages are both present",
    ),
    "a blank query": (MATH, {"query": " \n"}, "query is empty"),
    "a query that is no text": (MATH, {"query": 7}, "query is not text"),
    "half a character": (MATH, {"query": "a\ud800"}, "query contains half a character (a lone surrogate)"),
    "messages that are no list": (MATH, {"query": None, "messages": "a"}, "messages is not a list of {role, content}"),
    "messages of texts": (MATH, {"query": None, "messages": ["a"]}, "messages is not a list of {role, content}"),
    "no messages": (MATH, {"query": None, "messages": []}, "the last message is not from the user"),
    "an assistant's last message": (
        MATH,
        {"query": None, "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        "the last message is not from the user",
    ),
    "a message without content": (
        MATH,
        {"query": None, "messages": [{"role": "user"}]},
        "a message has role instead of role and content",
    ),
    "a message without a role": (
        MATH,
        {"query": None, "messages": [{"content": "a"}]},
        "a message has content instead of role and content",
    ),
    "an id that is a list": (MATH, {"id": [1]}, "id is not text"),
    "a blank id": (MATH, {"id": ""}, "id is empty"),
    "a template that is a number": (MATH, {"template": 3}, "template is not text"),
    "a truth that is a list": (MATH, {"ground_truth": ["12"]}, "ground_truth is not text"),
    "a truth that is not a number": (
        MATH,
        {"ground_truth": float("nan")},
        "ground_truth is nan, which is not a number",
    ),
    "a blank truth": (MATH, {"ground_truth": " "}, "ground_truth is empty"),
    "a truth beyond the options": (QA, {"ground_truth": "D"}, "ground_truth is not a letter from A to C"),
    "a truth that is an option's text": (QA, {"ground_truth": "red"}, "ground_truth is not a letter from A to C"),
    "one option": (QA, {"options": ["red"]}, "options is not a list of 2 to 10 texts"),
    "an empty option": (QA, {"options": ["red", ""]}, "an option is empty"),
    "tests that are no JSON": (CODE, {"tests": "{"}, "tests does not have the form described in docs/import.md"),
    "tests without an assert": (CODE, {"tests": ["x = 1"]}, "tests: there is no assert line"),
    "tests of another form": (
        CODE,
        {"tests": {"check": 1}},
        'tests: neither "assert" nor "entry_point" with "calls" and "expected" was found',
    ),
    "a call that is not a list of arguments": (
        CODE,
        {"tests": CALLS | {"calls": [2]}},
        "tests does not have the form described in docs/import.md",
    ),
    "an expected value of an unknown kind": (
        CODE,
        {"tests": CALLS | {"expected": [{"$matrix": []}]}},
        "tests does not have the form described in docs/import.md",
    ),
    "tests of a function that nobody names": (
        CODE,
        {"tests": ["assert candidate(2) == 4"]},
        "tests call candidate, which neither the query nor a response mentions; write the name of the "
        "requested function",
    ),
    "tests with a value that is not there": (
        CODE,
        {"tests": ["assert double(values[0]) == 4"]},
        "tests use values, which nothing defines; define it in an earlier line of tests",
    ),
    "tests with too few values": (
        CODE,
        {"tests": CALLS | {"expected": []}},
        "tests of double: give at least one call, and one expected value per call",
    ),
    "neither truth nor reward": (
        MATH,
        {"ground_truth": None},
        "response 1 has no reward, and the row has no ground_truth to grade it by",
    ),
    "a reward for some alone": (
        MATH,
        {"ground_truth": None, "responses": [{"text": "12", "reward": 1}, "13"]},
        "response 2 has no reward, and the row has no ground_truth to grade it by",
    ),
    "neither tests nor reward": (
        CODE,
        {"tests": None, "ground_truth": "x"},
        "response 1 has no reward, and the row has no tests to grade it by",
    ),
    "no responses": (MATH, {"responses": None}, "responses is missing"),
    "an empty list of responses": (MATH, {"responses": []}, "responses is empty"),
    "responses that are a text": (MATH, {"responses": "12"}, "responses is not a list"),
    "a response that is a number": (MATH, {"responses": ["12", 12]}, "response 2 is not text"),
    "a response without text": (
        MATH,
        {"responses": [{"reward": 1}]},
        "response 1 has reward and no text; use the key text",
    ),
    "half a reward": (
        MATH,
        {"responses": [{"text": "12", "reward": 0.5}]},
        "response 1's reward is 0.5, which is not 0 or 1",
    ),
    "a reward in words": (
        MATH,
        {"responses": [{"text": "12", "reward": "1"}]},
        "response 1's reward is '1', which is not 0 or 1",
    ),
    "a reward that is not a number": (
        MATH,
        {"responses": [{"text": "12", "reward": float("nan")}]},
        "response 1's reward is nan, which is not 0 or 1",
    ),
    "an answer alone": (
        MATH,
        {"responses": [{"text": "12", "answer": "12"}]},
        "response 1 has only one of thinking and answer; give both or neither",
    ),
    "an answer that is a number": (
        MATH,
        {"responses": [{"text": "12", "thinking": "", "answer": 12}]},
        "response 1's answer is not text",
    ),
}


@pytest.mark.parametrize(("row", "changes", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_says_why(row, changes, reason):
    read(row)
    with pytest.raises(BadRowError) as caught:
        read(row | changes)
    assert str(caught.value) == reason


@pytest.mark.parametrize("line", [b"{", b"[1]", b"3", b'{"a": 1} x', b"[" * 100_000], ids=lambda line: repr(line[:9]))
def test_a_line_that_is_no_json_object_is_a_bad_row(line):
    with pytest.raises(BadRowError, match=r"^it is not a complete JSON object$"):
        parse(line, 1, DOMAINS)


def test_a_line_in_another_encoding_is_a_bad_row_that_says_so():
    with pytest.raises(BadRowError, match="UTF-8"):
        parse(b"\xff\xfe", 1, DOMAINS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = ("id", "domain", "query", "messages", "options", "template", "ground_truth", "tests", "responses")


@pytest.mark.slow
@given(st.sampled_from([MATH, QA, CODE]), st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1))
def test_whatever_stands_in_a_row_it_is_a_query_or_a_bad_row(row, changes):
    try:
        query = read(row | changes)
    except BadRowError:
        return
    assert query.responses
    assert query.item.ground_truth or query.item.tests or all(one.reward is not None for one in query.responses)


@given(st.sampled_from([[], "a"]), JSON)
def test_whatever_tests_hold_they_can_be_read_or_the_row_is_bad(kind, value):
    for tests in (value, {"assert": value}, CALLS | {"calls": value}, CALLS | {"atol": value, "base": kind}):
        with suppress(BadRowError):
            read(CODE | {"tests": tests})


@pytest.mark.parametrize(
    "tests",
    [
        ["assert [double(n) for n in range(3)] == [0, 2, 4]"],
        ["assert list(map(lambda m: m + 1, double([1]))) == [2, 2]"],
        ["values = [1, 2]", "assert double(values[0]) == 2"],
        ["import math", "assert double(math.floor(2.5)) == 4"],
        ["assert math.isclose(double(0.5), 1)"],
        ["from decimal import Decimal as D", "assert double(D(1)) == 2"],
        ["assert double(n=2) == 4"],  # the query has an n
    ],
)
def test_names_that_tests_may_use(tests):
    assert parse(CODE | {"tests": tests}, 1, DOMAINS).item.tests
