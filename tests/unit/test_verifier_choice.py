"""Multiple choice: a letter of the item's own options, never the first letter of a word."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.verifiers import Grader, GroundTruth

OPTIONS = ("a cat", "dog", "the Blue whale", "an eel")


def letter(response, options=OPTIONS):
    with Grader() as grader:
        return grader.grade([response], [GroundTruth("choice", "B", tuple(options))])[0].extracted


@pytest.mark.parametrize(
    "response",
    [
        "#### B", "#### (B)", "#### **B**", "#### B.", "#### B)", "#### b", "#### [B]", "#### B. dog", "#### B: dog",
        "#### (B) dog", "#### **B. dog**", "#### dog", "#### Dog.", "#### a dog", "#### \\text{B}", "\\boxed{B}",
        "\\boxed{\\text{(B)}}", "The answer is B.", "The answer is (B).", "The correct answer is: **B**",
        "So the answer is B because A is a pet.", "Answer: B", "I choose option B", "It is (B)", "A is wrong.\n\nB",
        "The answer is A. No, the answer is B.", "<think>The answer is A</think>The answer is B", "B", "B dog",
        "Therefore the best option is B, the dog.", "#### The answer is B",
    ],
)  # fmt: skip
def test_a_letter_is_read(response):
    assert letter(response) == "B"


@pytest.mark.parametrize(
    "response",
    ["", "####", "#### E", "#### Bird", "#### Because", "Because it barks.", "#### E. fox", "I am certain", "A or B",
     "The answer is A or B.", "Both (A) and (B) fit", "#### A bird", "A bird flies.", "Be careful", "#### 2", "####  "],
)  # fmt: skip
def test_no_letter_is_read(response):
    assert letter(response) is None


def test_the_range_is_that_of_the_options():
    assert letter("#### C", ("yes", "no")) is None
    assert letter("#### J", tuple("qrstuvwxyz")) == "J"


def test_two_options_of_one_text_name_no_letter():
    assert letter("#### dog", ("dog", "dog", "cat")) is None


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=1000)
def test_only_letters_of_the_options_come_out(response):
    assert letter(response) in (None, "A", "B", "C", "D")


@pytest.mark.parametrize("piece", ["answer is ", "option ", "(", "A ", "is is ", "*", "answer:\n", "\\text{", "(A) "])
def test_long_responses_take_less_than_a_second(piece):
    start = time.monotonic()
    letter(piece * (500_000 // len(piece)))
    assert time.monotonic() - start < 1
