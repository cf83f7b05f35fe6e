"""Which letter a response names and how: by the letter, by the text of an option, or by what is stated of it; how far
the reading of marks, boxes and sentences goes.
"""

import pytest

from reward_memory.answers.choices import cleaned, extract_letter
from reward_memory.answers.extraction import Answer, find_answer
from reward_memory.answers.items import Item

CAPITALS = ("Paris", "London", "Berlin", "Madrid")
CHANGES = ("increases", "decreases", "stays the same", "cannot be determined")
FORMULAS = ("x^2", "2x", "1/x", "x")
NONE = (None, "no answer")


def reading(response, options=CAPITALS):
    return extract_letter(find_answer(response), options, response)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        # the last mark that names something
        ("\\boxed{B} <answer> </answer>", ("B", "letter")),
        ("\\boxed{B}\n#### Checking\nIt all fits.", ("B", "letter")),
        ("\\boxed{B}\n####", ("B", "letter")),
        ("\\boxed{A}\n#### E", NONE),
        ("\\boxed{A}\n#### Answer\nB\nBecause of all that.", ("B", "letter")),
        ("\\boxed{A}\n#### Answer:\n\n\nB\nAll of that fits.", ("B", "letter")),
        ("It is a question of size. The answer is A.\n\\boxed{B. London, I am quite sure of it}", ("B", "letter")),
        ("\\boxed{B. London, which was answer C}", ("B", "letter")),
        # two boxes are one answer if they are near to one another and nothing but a comma lies between
        ("\\boxed{B}, \\boxed{B}", ("B", "letter")),
        ("\\boxed{x^2}, \\boxed{B}", ("B", "letter")),
        ("\\boxed{}, \\boxed{B}", ("B", "letter")),
        ("\\boxed{A} is wrong, so \\boxed{B}", ("B", "letter")),
        (f"{'some work ' * 20}\\boxed{{A}}, \\boxed{{B}}", NONE),
        (f"\\boxed{{A}},{' ' * 89}\\boxed{{B}}", NONE),
        (f"\\boxed{{A}},{' ' * 90}\\boxed{{B}}", ("B", "letter")),
        ("\\boxed{A}\n\\boxed{B}", NONE),
        ("\\boxed{A}\n\n\\boxed{B}", ("B", "letter")),
        ("We looked at (C). \\boxed{A}, \\boxed{B}", NONE),
        # what a mark holds
        ("#### B because it is large.", ("B", "stated")),
        ("#### London", ("B", "text")),
        ("#### (b) London", ("B", "letter")),
        ("#### B London", ("B", "letter")),
        ("#### B (London)", ("B", "letter")),
        ("#### B, C", NONE),
        ("#### A or B", NONE),
        ("#### The answer is B or C, no: the answer is D", ("D", "stated")),
        ("#### The answer is D, no: the answer is B or C", NONE),
        # the last statement after a mark
        ("\\boxed{A} The answer is D. No, the answer is B or C.", NONE),
        ("\\boxed{A} The answer is B or C. No, the answer is D.", ("D", "stated")),
        # the last option that is spoken of
        ("Option A is big. I mention option B", ("B", "stated")),
        ("Look at option C, then at option B or D.", NONE),
        ("Look at option B or D, then at option C", ("C", "stated")),
        # a line with its letter, one option in marks, a label, a tick, a letter in the first line, the last sentence
        ("I looked at (C).\nB. Because of the rain.", ("B", "letter")),
        ("I looked at (B) for long.", ("B", "stated")),
        ("Hello there.\nA, B", NONE),
        ("Conclusion: B", ("B", "stated")),
        ("A \u2705\nConclusion: B", ("B", "stated")),
        ("A \u2705\nB \u274c", ("A", "stated")),
        ("- [ ] A\n- [x] B", ("B", "stated")),
        ("B!\nSome words follow.", ("B", "letter")),
        ("Paris is big. It has to be C.", ("C", "stated")),
        ("Some words.\nIt has to be C.", ("C", "stated")),
        ("A. Paris is big.\nI think.\nB. London is bigger.", ("B", "letter")),
        # each option with its verdict
        ("(A) False. (B) True. (C) False.", ("B", "stated")),
        ("(B) True.", ("B", "letter")),
        ("Let us see: (A) False. (B) True. (B) False.", NONE),
        ("Let us see: (A) False. (E) True.", NONE),
        # the text of an option at the end
        ("Paris is large. London is the answer.", ("B", "text")),
        ("Paris is large.\nSo the answer must be called London.", ("B", "text")),
        # a line of 300 characters is read
        (f"{'x' * 283} is presumably C.", ("C", "stated")),
        (f"{'x' * 284} is presumably C.", NONE),
    ],
)
def test_the_letter_that_a_response_names_and_how(response, expected):
    assert reading(response) == expected


@pytest.mark.parametrize(
    ("response", "options", "expected"),
    [
        # an option's text that is what a short sentence says of its subject
        ("It decreases.", CHANGES, ("B", "text")),
        ("It is cold. The pressure decreases.", CHANGES, ("B", "text")),
        ("It is not clear. Stays the same.", CHANGES, NONE),
        ("The pressure in the red jar decreases.", CHANGES, ("B", "text")),
        ("The pressure in the old red jar decreases.", CHANGES, NONE),
        # one letter that is an option's text
        ("#### x", FORMULAS, ("D", "text")),
        ("#### y", FORMULAS, NONE),
        ("\\boxed{\\frac{x}{2}}", ("$2x$", "$\\frac{x}{2}$"), ("B", "text")),
        # an option's text that begins with the letter of another one
        ("#### C. elegans, a worm", ("E. coli", "A. thaliana", "D. rerio", "C. elegans"), ("D", "text")),
        # two options of one text
        ("#### C. elegans", ("C. elegans", "C. elegans", "D. rerio", "E. coli"), NONE),
        ("#### C. elegans, a worm", ("C. elegans", "C. elegans", "D. rerio", "E. coli"), NONE),
        ("#### the dog", ("a dog", "dog", "the dog"), ("C", "text")),
        ("#### dog", ("the dog", "an owl"), ("A", "text")),
        ("#### my dog", ("a dog", "the dog"), NONE),
        # a verdict where all options are verdicts
        ("Yes, it is so.", ("no", "yes"), ("B", "text")),
        ("Maybe, but who knows.", ("yes", "no"), NONE),
        # one option only
        ("I looked at (A) for long.", ("dog",), ("A", "stated")),
        ("A \u2705\nThat is all.", ("dog",), ("A", "stated")),
        # options without texts: A to E
        ("#### E", (), ("E", "letter")),
        ("#### F", (), NONE),
        ("#### (b) London", (), ("B", "stated")),
        ("Some words.", (), NONE),
        # more options than letters
        ("#### Z", tuple(f"animal {number}" for number in range(27)), ("Z", "letter")),
        ("The animal 25 is the one.", tuple(f"animal {number}" for number in range(27)), ("Z", "text")),
    ],
)
def test_the_letter_that_a_response_names_by_the_texts_of_the_options(response, options, expected):
    assert reading(response, options) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("B", "bare"), ("B", "letter")),
        (Answer("$\\text{b}$", "bare"), ("B", "letter")),
        (Answer("London", "boxed"), ("B", "text")),
        # running text may settle on a letter in marks; a marked answer names it at once
        (Answer("I looked at (B) for long.", "text"), ("B", "stated")),
        (Answer("I looked at (B) for long.", "bare"), NONE),
    ],
)
def test_an_answer_is_read_without_its_response(answer, expected):
    assert extract_letter(answer, CAPITALS) == expected


@pytest.mark.parametrize(("wrappers", "expected"), [(8, ("B", "letter")), (9, NONE)])
def test_eight_commands_around_a_letter_are_taken_off(wrappers, expected):
    assert reading("#### " + "\\text{" * wrappers + "B" + "}" * wrappers) == expected


@pytest.mark.parametrize(("headings", "expected"), [(19, ("B", "letter")), (20, NONE)])
def test_twenty_marks_are_looked_at(headings, expected):
    assert reading("\\boxed{B}\n" + "#### Step\nIt fits.\n" * headings) == expected


def test_marks_count_in_the_last_50_000_characters():
    fill = "x" * (50_000 - len("\\boxed{B}"))
    assert reading(f"\\boxed{{B}}{fill}") == ("B", "letter")
    assert reading(f"\\boxed{{B}}{fill}x") == NONE


@pytest.mark.parametrize(("before", "otherwise"), [("", NONE), ("\\boxed{A}", ("A", "letter"))])
def test_statements_count_in_the_last_4_000_characters(before, otherwise):
    fill = "x" * (4_000 - len("answer: B\n"))
    assert reading(f"{before}answer: B\n{fill}") == ("B", "stated")
    assert reading(f"{before}answer: B\n{fill}x") == otherwise


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\u3010B\u3011 \u300cC\u300d\u3001D\u3002", '[B] "C",D.'),
        ("\uff22\u200b", "B"),
        ("\u0391 or \u0421", "A or C"),
        ("\u0412 is", "B is"),
        ("\u0412 or \u0413", "\u0412 or \u0413"),  # the third letter of its own alphabet
        ("\\textbf{B}\\quad\\mathrm{\\text{C}}", "B C"),
        ("\\boxed{B}", "\\boxed{B}"),
        ("no command", "no command"),
    ],
)
def test_a_clean_text_has_plain_letters_and_brackets(text, clean):
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("dog", 0, ("B", 3)),
        ("a **Dog**, yes", 2, ("B", 7)),
        ("dog food", 0, None),
        ("dog because", 0, ("B", 3)),
        ("dogs", 0, None),
        ("blue whale.", 0, ("D", 10)),  # the longer text
        ("blue.", 0, ("C", 4)),
        ("owl", 0, (None, 3)),  # two options
        ("x.", 0, None),  # a letter alone is a letter
        ("the dog", 3, ("B", 7)),
        ("the dog", 2, None),
        ("", 0, None),
    ],
)
def test_the_text_of_an_option_stands_at_a_place_and_ends_a_clause(text, place, found):
    item = Item("ABCDEFG", ("", "dog", "blue", "blue whale", "owl", "owl", "x"))
    assert item.starts(text, place) == found
