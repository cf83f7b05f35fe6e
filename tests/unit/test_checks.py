"""What can be read off a response alone."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.reward_models.features.checks import NAMES, checks, equations


def column(found: np.ndarray, name: str) -> list[float]:
    return found[:, NAMES.index(name)].tolist()


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("3 + 4 = 7", 1, 0),
        ("3 + 4 = 8", 0, 1),
        ("2 + 3 * 4 = 14 and 2 + 3 * 4 = 20", 1, 1),
        ("so $1,200 / 3 = $400.", 1, 0),
        ("10 / 3 = 3.33", 1, 0),
        ("10 / 3 = 3.4", 0, 1),
        ("10 / 3 = 3", 0, 1),
        ("4 - 9 = -5", 1, 0),
        ("-4 + 9 = 5", 1, 0),
        ("4 - 9 = 5", 0, 1),
        ("6 × 7 = 42 ÷ 2 = 21", 2, 0),
        ("<<48/2=24>>24", 1, 0),
        ("5 / 0 = 0", 0, 0),
        ("x = 5, y=6, x + 1 = 6", 0, 0),
        ("a1+2=9", 0, 0),
        ("0.1 + 0.2 = 0.3", 1, 0),
        # a result is rounded to its decimals, a half up or down
        ("5 / 4 = 1.3 and 5 / 4 = 1.2", 2, 0),
        ("1.26 + 0 = 1.2", 0, 1),
        ("1.255 + 0 = 1.2", 0, 1),
        ("10 / 3 = 3.30", 0, 1),
        ("10 / 3 = 3.32", 0, 1),
        ("1 / 8 = 0.13", 1, 0),
        ("1 / 8 = 0.14", 0, 1),
        ("2 / 3 = 0.667 and 2 / 3 = 0.668", 1, 1),
        ("1 + 1 = " + "2" * 19, 0, 0),  # the result is too long
        ("7 - 2 - 1 = 4", 1, 0),
        ("1 - 2 * 3 + 4 = -1", 1, 0),
        ("-2 * 3 = -6", 1, 0),
        ("8 / 2 / 2 = 2", 1, 0),
        ("6 / 0 + 1 = 1 and 0 / 6 = 0", 1, 0),
        ("", 0, 0),
        (f"{'9' * 25} + 1 = 2", 0, 0),
        ("1" * 17 + "2 + 3 = 111111111111111115", 1, 0),  # numbers of 18 digits are calculated with
        ("1" * 18 + "2 + 3 = 1111111111111111115", 0, 0),
    ],
)
def test_equations_are_calculated(text, right, wrong):
    assert equations(text) == (right, wrong)


@given(st.integers(-999, 999), st.integers(0, 999), st.sampled_from("+-*"), st.integers(-3, 3))
def test_an_equation_holds_where_python_says_so(left, right, operator, shift):
    value = {"+": left + right, "-": left - right, "*": left * right}[operator] + shift
    assert equations(f"as {left} {operator} {right} = {value}.") == ((1, 0) if shift == 0 else (0, 1))


def test_words_and_numbers_are_held_against_the_question():
    found = checks(
        "Ben has 19 shells and finds 7. How many?",
        ["Ben has 19 shells, finds 7: 19 + 7 = 26.", "Anna sold many pears."],
        ["#### 26", "#### 19"],
        ["26", "19"],
    )
    assert column(found, "numbers_kept") == [1, 0.5]
    assert column(found, "numbers_new") == [1, 0]
    kept, new = column(found, "words_kept"), column(found, "words_new")
    assert kept == pytest.approx([4 / 7, 1 / 7])  # ben has shells finds, of those and how many; many
    assert new == pytest.approx([0, np.log(4)])
    assert column(found, "equations_right") == pytest.approx([np.log(2), 0])
    assert column(found, "option_chosen") == [0, 0]


def test_a_question_of_one_word_or_none():
    assert column(checks("Why?", ["why not"], [""], [""]), "words_kept") == [1]
    assert column(checks("Why?", ["so"], [""], [""]), "words_kept") == [0]
    nothing = checks("?", ["Ben has 7"], [""], [""])
    assert [column(nothing, name) for name in ("words_kept", "numbers_kept", "numbers_new")] == [[0], [0], [1]]
    assert column(nothing, "words_new") == pytest.approx([np.log(3)])
    assert column(checks("7 or 8?", ["8"], [""], [""]), "numbers_kept") == [0.5]


def test_equations_are_counted_as_logs():
    found = checks("?", ["1 + 1 = 2, 2 + 2 = 4, 1 + 1 = 3"], ["3 + 3 = 6"], [""])
    # of the thinking alone
    assert column(found, "equations_right") == pytest.approx([np.log(3)])
    assert column(found, "equations_wrong") == pytest.approx([np.log(2)])


def test_a_chosen_option_is_looked_for_in_the_thinking():
    query = "What is a sock made of?\nA. cotton\nB. glass\nC. metal"
    thinking = ["A sock is made of cotton.", "Glass or cotton, so glass.", "I guess.", "cotton"]
    found = checks(query, thinking, ["#### A", "#### B", "#### C", "#### D"], ["A", "B", "C", "D"])
    assert column(found, "option_said") == [1, 1, 0, 0]
    assert column(found, "others_said") == pytest.approx([0, np.log(2), 0, 0])
    assert column(found, "option_chosen") == [1, 1, 1, 0]


def test_no_response_gives_no_row():
    assert checks("q?", [], [], []).shape == (0, len(NAMES))


@pytest.mark.parametrize("text", ["1+" * 50_000, "1" * 200_000, "1 " * 100_000, "$" * 100_000 + "=", "A. " * 50_000])
def test_no_text_takes_long(text):
    start = time.process_time()
    checks(text[:20_000], [text], [text], ["1"])
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(("before", "kept"), [(7_999, 1), (8_000, 0)])
def test_the_first_8000_characters_are_looked_at(before, kept):
    for texts in ([" " * before + "7"], [""]), ([""], [" " * before + "7"]):
        found = checks("Ben has 7 shells.", *texts, [""])
        assert column(found, "numbers_kept") == [kept]


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4), st.text(max_size=60))
def test_all_columns_are_numbers(texts, query):
    assert np.isfinite(checks(query, texts, texts, texts)).all()
