import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.answers.responses import split_as_served, split_response

DOMAINS = st.sampled_from(["math", "qa", "code"])
# a response is cut and its parts are stripped, so only what is no space can be counted
TEXTS = st.text(st.sampled_from("ab #`python\n<>/think\\boxed{}"), max_size=60)


@pytest.mark.parametrize("domain", ["math", "qa"])
def test_the_last_mark_starts_the_answer(domain):
    assert split_response("6*7 #### 41\nno: #### 42", domain) == ("6*7 #### 41\nno:", "#### 42")


def test_the_first_python_fence_starts_a_code_answer():
    text = "think\n```python\ndef f(): ...\n```\n```python\nf()\n```"
    assert split_response(text, "code") == ("think", text.removeprefix("think\n"))


def test_a_fence_is_no_mark_outside_code():
    assert split_response("```python\n1\n```\n#### 1", "math") == ("```python\n1\n```", "#### 1")


def test_a_mark_is_no_fence_in_code():
    assert split_response("#### ```python\nx", "code") == ("####", "```python\nx")


@pytest.mark.parametrize("box", ["\\boxed{42}", "\\fbox{42}", "\\boxed 42"])
def test_the_last_box_starts_the_answer_where_there_is_no_mark(box):
    assert split_response(f"maybe \\boxed{{41}}, no: {box}.", "math") == ("maybe \\boxed{41}, no:", f"{box}.")
    assert split_response(f"so {box}\n#### 42", "math") == (f"so {box}", "#### 42")


@pytest.mark.parametrize(("text", "domain"), [("#### 42", "math"), ("\\boxed{B}", "qa"), ("```python\nx\n```", "code")])
def test_a_response_may_begin_with_its_answer(text, domain):
    assert split_response(text, domain) == ("", text)


def test_a_box_is_no_mark_in_code():
    assert split_response("\\boxed{1}", "code") == ("\\box", "ed{1}")


@pytest.mark.parametrize("domain", ["math", "qa", "code"])
def test_think_tags_win_over_marks_and_fences(domain):
    text = "<think>#### 1\n```python</think> it is #### 2 "
    assert split_response(text, domain) == ("#### 1\n```python", "it is #### 2")


def test_the_first_closing_tag_ends_the_thinking():
    assert split_response("<think>a</think>b</think>c", "math") == ("a", "b</think>c")


def test_the_opening_tag_may_stand_in_the_prompt():
    assert split_response("6*7\n</think>\n#### 42", "math") == ("6*7", "#### 42")


def test_the_first_opening_tag_begins_the_thinking():
    assert split_response("Well. <think>a <think> b</think>c", "math") == ("a <think> b", "c")


def test_a_tag_that_is_not_closed_is_text():
    assert split_response("<think>so #### 3", "math") == ("<think>so", "#### 3")


def test_thinking_may_run_over_lines():
    assert split_response("<think>\n1\n2\n</think>\n3", "qa") == ("1\n2", "3")


def test_without_a_mark_the_response_is_cut_in_the_middle():
    assert split_response("abcdef", "math") == ("abc", "def")
    assert split_response("abcde", "code") == ("ab", "cde")


def test_an_empty_response_has_two_empty_parts():
    assert split_response("", "math") == ("", "")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (" 6*7 #### 42 ", ("6*7", "42")),
        ("6*7 #### 41 #### 42", ("6*7", "41")),
        ("6*7 #### ", ("6*7", "6*7")),
        (f"{'a' * 100}b####", (f"{'a' * 100}b", "a" * 100)),
        (f"{'a' * 100}b", (f"{'a' * 100}b", "a" * 100)),
        ("<think>a</think> b ", ("<think>a</think> b ", "<think>a</think> b ")),
        ("", ("", "")),
    ],
)
def test_the_published_server_takes_what_stands_between_the_first_two_marks(text, parts):
    assert split_as_served(text) == parts


@given(TEXTS, DOMAINS)
def test_without_tags_nothing_but_space_is_lost(text, domain):
    thinking, answer = split_response(text, domain)
    if "</think>" not in text:
        assert "".join((thinking + answer).split()) == "".join(text.split())


@given(TEXTS, DOMAINS)
def test_parts_begin_and_end_with_no_space(text, domain):
    for part in split_response(text, domain):
        assert part == part.strip()
