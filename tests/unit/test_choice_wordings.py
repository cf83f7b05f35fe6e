"""How models word a choice: behind labels, arrows and denials, by the text of an option, in other languages."""

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer

CAPITALS = ("Paris", "London", "Berlin", "Madrid")
FORMULAS = ("x^2", "2x", "1/x", "x")
LISTED = "A. Paris\nB. London\nC. Berlin\nD. Madrid"


def letter(response, options=CAPITALS):
    return extract_letter(find_answer(response), options, response)[0]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        # a label, an arrow, a list's mark before the letter
        ("Conclusion: B", "B"),
        ("Solution 1 is better: A", "A"),
        ("Incorrect: B", None),
        ("The wrong one: B", None),
        ("Speed of light: C", "C"),
        ("=> B", "B"),
        ("\u2192 B", "B"),
        ("- B", "B"),
        ("> B", "B"),
        ("1. B", "B"),
        ("A is tempting.\nIt cannot be A. => B", "B"),
        ("ANS. B", "B"),
        # what is denied
        ("The answer is \\boxed{B}, not \\boxed{A}.", "B"),
        ("\\boxed{B} rather than \\boxed{A}", "B"),
        ("It is not \\boxed{A}", None),
        # a tag around more than a letter
        ("<answer>This is it:\n\nB</answer>", "B"),
        ("<answer>So the largest one is London.</answer>", "B"),
        # two boxes of one answer
        ("\\boxed{A}\u3001\\boxed{B}", None),
        # conclusions
        ("Options A, B, and D can be eliminated. Thus C is the answer.", "C"),
        ("This leaves B.", "B"),
        ("This leaves A and B.", None),
        ("I'd say B.", "B"),
        ("I cannot say B is wrong.", None),
        ("The only option that fits is B.", "B"),
        ("The only option that does not fit is B.", None),
        ("B best describes it.", "B"),
        ("It's London.", "B"),
        ("So Berlin.", "C"),
        # one letter in the last sentence, without doubt or denial
        # places
        ("The second solution is better.", "B"),
        ("The second solution is not better.", None),
        ("Is the second solution better?", None),
        ("\u6b63\u7b54\u306f D \u3067\u3059\u3002", "D"),
        ("It has to be C.", "C"),
        ("C is the process described.", "C"),
        ("C best matches the picture.", "C"),
        ("It could be C.", None),
        ("I doubt it. Could it be C?", None),
        ("So C++ it is.", None),
        ("Definitely B.", "B"),
        ("### B", "B"),
        ("My best guess is B.", "B"),
        ("So it's B, the capital.", "B"),
        ("So it's B, or C.", None),
        ("\u00c8 la B.", "B"),
        ("La risposta non \u00e8 la B.", None),
        ("Es la opci\u00f3n B.", "B"),
        ("He takes vitamin C.", None),
        ("I say that it has to be C.", "C"),
        ("Vitamin X is good, so it has to be C.", "C"),
        ("Has to be C, C it must be, not D.", None),
        ("A lot of people think so.", None),
        ("B\n\nExplanation: London is the largest.", "B"),
        ("C.Berlin", "C"),
        ("D.C. is a city.", None),
        # a line that begins with a letter has said it, whatever its reasons name
        ("B. Because A is the answer to another question.", "B"),
        # the options once more are no answer
        (LISTED, None),
        (f"{LISTED}\n\nB", "B"),
        ("A. Paris is in France.\nB. London is the one.\n\nSo London.", "B"),
        # a letter alone on the last line over what stands above it
        ("B. London was my first thought.\nA", "A"),
        ("C\nNo, that is not right.\nB", "B"),
        # one line that begins with a letter, at either end
        ("B. London is large.\nSome more words.", "B"),
        ("Some words.\nB. London is large.", "B"),
        ("Some words.\nB. London is large.\nSome more words.", None),
        # one letter in marks, one option that is ticked
        ("I looked at (B) for long, and at (B) again.", "B"),
        ("I looked at (B) for long, and at (C) again.", None),
        ("A. Paris \u2705\nB. London", "A"),
        ("A. Paris \u2705\nB. London \u2705", None),
        # a denial that the response begins with, up to 40 characters before the box
        ("not \\boxed{A}", None),
        (f"not{' ' * 37}\\boxed{{A}}", None),
        (f"not{' ' * 38}\\boxed{{A}}", "A"),
        # other languages
        ("A\u9009\u9879\u9519\u8bef\uff0cB\u9009\u9879\u6b63\u786e\u3002", "B"),
        ("Richtig ist B.", "B"),
        ("\u6b63\u786e\u7684\u662fB\u3002", "B"),
        ("B\uac00 \uc815\ub2f5\uc785\ub2c8\ub2e4.", "B"),
        ("Letra B", "B"),
        ("\u0627\u0644\u0625\u062c\u0627\u0628\u0629 \u0647\u064a B", "B"),
        ("\u0938\u0939\u0940 \u0909\u0924\u094d\u0924\u0930 B \u0939\u0948", "B"),
    ],
)
def test_the_letter_that_is_meant(response, expected):
    assert letter(response) == expected


def test_a_concluding_letter_may_begin_an_options_text():
    assert letter("It is A. apus.", ("C. corax", "B. bubo", "D. major", "A. apus")) == "D"


@pytest.mark.parametrize(
    ("response", "options", "expected"),
    [
        ("Yes, it is so.", ("yes", "no"), "A"),
        ("No: it is not.", ("yes", "no"), "B"),
        ("Maybe, but who knows.", ("yes", "no"), None),
        ("Yes, it is so.", ("yes", "perhaps"), None),
        ("Yes, it is so.", CAPITALS, None),
    ],
)
def test_a_verdict_at_the_start_is_an_answer_where_all_options_are_verdicts(response, options, expected):
    assert letter(response, options) == expected


@pytest.mark.parametrize(("response", "expected"), [("\\boxed{x}", "D"), ("\\boxed{B}", "B"), ("\\boxed{y}", None)])
def test_a_letter_that_is_no_option_may_be_an_options_text(response, expected):
    assert letter(response, FORMULAS) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [("first", "A"), ("second", "B"), ("third", "C"), ("fourth", "D"), ("fifth", "E"), ("last", "E")],
)
def test_an_option_may_be_named_by_its_place(place, expected):
    assert letter(f"So the {place} option is correct.", (*CAPITALS, "Rome")) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        # the letter, and below it what the others are
        ("C\n\nExplanation: Option A describes a river, option B a lake and option D describes a sea.", "C"),
        ("C\n\nNo, the answer is B.", "B"),
        ("D. Madrid\n\nIf you chose A, you took the wrong country.", "D"),
        ("If you choose A, it is too far. I choose B.", "B"),
        # verbs
        ("Both balance, so we end up with (b).", "B"),
        ("We settle on C.", "C"),
        ("From the text, B appears to be the most accurate statement.", "B"),
        ("B seems to be wrong.", None),
        ("B does not seem to be the best.", None),
        # not one but another, in Japanese
        ("\u6b63\u89e3\u306fA\u3067\u306f\u306a\u304fC\u3067\u3059\u3002", "C"),
        # two letters in a list
        ('{"answer": ["A", "C"]}', None),
        ('{"answer": ["A"]}', "A"),
        # cut off
        ("A. Paris is larger.\n\nB. London is", None),
        ("A. Paris is larger.\n\nB. London is smaller.\n\nSo it is B.", "B"),
        ("<think>\nOption B fits. But let me check option C, whose sign is", None),
        ("<think>\nOption B fits. The answer is B.", "B"),
        ("<think>\nOption B fits: \\boxed{B}", "B"),
        ("<think>\nOption B fits.\n</think>\nOption C", "C"),
    ],
)
def test_explanations_and_texts_that_were_cut_off(response, expected):
    assert letter(response) == expected
