"""Options judged one by one, named by their place or by elimination, and numbers contrasted with others."""

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.answers.judged import judged, left_over
from reward_memory.answers.numbers import without_contrast
from reward_memory.verifiers import Grader, GroundTruth

ANIMALS = ("a cat", "the dog", "a blue whale", "an eel")

CHOICES = [  # response, letter or None
    ("A: no\nB: no\nC: yes\nD: no", "C"),
    ("A: no\nB: yes\nC: yes\nD: no", None),
    ("**A** \u2717 **B** \u2717 **C** \u2713 **D** \u2717", "C"),
    ("A \u274c, B \u2705, C \u274c, D \u274c", "B"),
    ("(A) \u2717 (B) \u2717", None),
    ("A: yes\nB: no\n\nThe answer is B.", "B"),
    ("A is wrong, B is wrong, D is wrong; C", "C"),
    ("A is incorrect. B can be ruled out. D is not correct. So C remains.", "C"),
    ("A is wrong, B is wrong; C or D", None),
    ("A is wrong, B is wrong, D is wrong.", None),  # C is never named
    ("A is wrong. B is wrong. C is wrong. D is wrong.", None),
    ("So, eliminating A, B and D, we are left with C", "C"),
    ("I'm between B and C but C it is", "C"),
    ("I think the answer is D, though some would say C.", "D"),
    ("Others might choose A. The answer is B.", "B"),
    ("The answer is B. Many students would pick A.", "B"),
    ("The third option.", "C"),
    ("**the last one**", "D"),
    ("Choice 2", "B"),
    ("Option 5", None),
    ("The fifth option.", None),
    ("The answer is the blue whale.", "C"),
    ("an dog", "B"),
    ("the whale", None),
    ("C makes the most sense.", "C"),
    ("C \U0001f600", "C"),
    ("Among A. a cat, B. the dog and C. a blue whale, the largest is C.", "C"),
    ("Among A. a cat, B. the dog and C. a blue whale, the forest is C.", None),
    ("The answer is A... no, C.", "C"),
    ("The answer is A... no doubt.", "A"),
    ("D (not C)", "D"),
    ("An eel, since it is long.", "D"),
    ("An eel, but since it is long, no.", None),
    ("#### C\n\nQuestion: Which is smaller?\nAnswer: B", "C"),
    ("Question: Which is larger?\n#### C", "C"),
]


@pytest.mark.parametrize(("response", "letter"), CHOICES)
def test_the_option_that_is_left(response, letter):
    assert extract_letter(find_answer(response), ANIMALS, response)[0] == letter


def test_options_that_are_yes_and_no_are_no_verdicts():
    assert judged("A: Yes. B: No.", "AB", ("yes", "no")) is None
    assert judged("A: Yes, it sinks. B: No, it floats.", "AB", ("yes, it sinks", "no, it floats")) is None
    assert judged("A: Yes. B: No.", "AB", ("it sinks", "it floats")) == ("A", "stated")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A: no\nB: yes", ("B", "stated")),
        ("A: yes", None),  # one alone is no list
        ("A: yes\nB: no\nA: no", None),
        ("A: no\nE: yes", None),  # E is no option
        ("A \u2717 E \u2713", None),
        ("A: no\nB: no", (None, "no answer")),
        ("A: yes\nB: yes", (None, "no answer")),
    ],
)
def test_options_with_verdicts(text, found):
    assert judged(text, "ABCD", ("x", "true or not", "y", "z")) is None
    assert judged(text, "ABCD", ("x", "not true", "y", "z")) == found


@pytest.mark.parametrize(
    ("text", "letters", "left"),
    [
        ("A is wrong. B is wrong. C.", "ABC", "C"),
        ("A is wrong. B.", "AB", None),  # of two options a denied one says little
        ("A is wrong. B is wrong. E is wrong. C.", "ABC", None),
        ("A is wrong. B is wrong.", "ABC", None),
        ("A is wrong. C.", "ABC", None),
        ("A is wrong. B is wrong. C is wrong.", "ABC", None),
    ],
)
def test_what_is_left_of_the_options(text, letters, left):
    assert left_over(text, letters) == left


def test_a_number_names_no_place_where_options_are_digits():
    assert extract_letter(find_answer("Choice 2"), ("3", "1", "2"), "Choice 2")[0] != "B"


def test_an_article_settles_nothing_between_two_options():
    options = ("a seal", "the seal", "an eel")
    assert extract_letter(find_answer("the seal"), options, "the seal")[0] == "B"
    assert extract_letter(find_answer("an seal"), options, "an seal")[0] is None


CONTRASTS = [  # text, what is said
    ("not 12 but 13", "13"),
    ("not 12, but rather 13", "13"),
    ("**not** 12 but 13.", "13"),
    ("13, not 12", "13"),
    ("13 and not 12", "13"),
    ("13 rather than 12", "13"),
    ("$13 instead of $12", "$13"),
    ("not 13", "not 13"),
    ("it is not", "it is not"),
    ("x, not y", "x, not y"),
    ("5, 6, not 7", "5, 6, not 7"),
]


@pytest.mark.parametrize(("text", "said"), CONTRASTS)
def test_what_is_said_beside_what_is_not(text, said):
    assert without_contrast(text) == said


@pytest.mark.parametrize(
    ("response", "truth", "right"),
    [
        ("The answer is not 12 but 13.", "13", True),
        ("The answer is not 12 but 13.", "12", False),
        ("The answer is 13, not 12.", "13", True),
        ("The answer is 13, not 12.", "12", False),
        ("#### 13 instead of 12", "13", True),
        ("#### 13 instead of 12", "12", False),
        ("The answer is not 13.", "13", False),
        ("#### No. 5", "5", True),
        ("#### $18.-", "18", True),
        ("#### a dozen", "12", True),
        ("#### two dozen", "24", True),
        ("#### dozen", "12", False),
        ("#### minus 3", "-3", True),
        ("#### minus 3", "3", False),
        ("#### 8 pm", "8", True),
        ("#### 18\n\nQuestion: Tom has 5 apples.\nAnswer: 5", "18", True),
        ("#### 18\n\nQuestion: Tom has 5 apples.\nAnswer: 5", "5", False),
        ("Q: How many?\nA: 5\nQ: And in total?\nA: 8", "8", True),
        ("\\boxed{\\ln 2}", "\\log_e 2", True),
        ("\\boxed{\\ln 2}", "\\log_2 2", False),
        ("\\boxed{C(5,2)}", "10", True),
        ("\\boxed{{}_5C_2}", "10", True),
        ("\\boxed{C(5,2)}", "20", False),
        ("\\boxed{^5C_2}", "10", True),
        ("\\boxed{a_1C_2}", "C_2a_1", True),  # a product
        ("\\boxed{a_5C_2}", "10a", False),
    ],
)
def test_contrasted_numbers_are_graded(response, truth, right):
    with Grader() as grader:
        assert grader.grade([response], [GroundTruth("math", truth)])[0].correct is right
