"""What the last sentence of an answer points at, remarks, shares, words within formulas and amounts, one by one."""

import pytest

from reward_memory.verifiers.amounts import same_amount
from reward_memory.verifiers.sentences import as_fraction, declined, named_value, without_remark
from reward_memory.verifiers.wording import plain_words, same_ratio, without_condition


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We add. So there are **15** ways to choose 2.", "15"),
        ("Each of the 6 gets **2 dollars**", "2 dollars"),
        ("The value is **$x^2$** for 3.", "$x^2$"),
        ("So it is **\\(5\\)**.", "\\(5\\)"),
        ("There are **4** rows of **6**.", None),
        ("There are **4** rows, so 24.", None),
        ("In **2019** it was 45.", None),
        ("It is **odd**.", "odd"),
        ("It is **odd** for 3.", None),
        ("The point is (2, -7).", "(2, -7)"),
        ("The set is {1; 2}", "{1; 2}"),
        ("The pair (2, -7) is not in it.", None),
        ("The answer is (a word, another word).", None),
        ("Then 0 < x <= 5 and the solution is 0 < x <= 5.", "0 < x <= 5"),
        ("The solution is x >= -2", "x >= -2"),
        ("Is the point (1, 2)?\nNo.", None),
    ],
)
def test_what_the_last_sentence_points_at(text, value):
    assert named_value(text) == value


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("So it is 12 (which is 3 more than 9).", "So it is 12"),
        ("So it is 12 (4 apples, 8 pears).", "So it is 12"),
        ("So it is 3 (mod 7).", "So it is 3 (mod 7)."),
        ("It is $-4$, attained at $x = 3$.", "It is $-4$"),
        ("It is 50, when the side is 5.5 meters.", "It is 50"),
        ("Add 50, when the side is 5.", "Add 50, when the side is 5."),
        ("It is 50, when it has 5.", "It is 50, when it has 5."),
        ("It is 4, where the total is 5.", "It is 4, where the total is 5."),
        ("It is 4, since 3 + 1 = 4.", "It is 4, since 3 + 1 = 4."),
        ("It is 4, since $3 + 1 = 4$.", "It is 4"),
        ("So $n = 8$; the other root, $n = -1$, is too small, thus no length.", "So $n = 8$"),
        ("It is so, where the side is 5.", "It is so, where the side is 5."),
    ],
)
def test_remarks_behind_an_answer(text, left):
    assert without_remark(text) == left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $3x = 15$ and", True),
        ("so it is 15 sq in", False),
        ("We know 3.\nStep 3:", True),
        ("We know 3.\nStep 3: it is 5", False),
        ("It is between 3 and 5.", True),
        ("There are 8 between 3 and 50, in all 8.", False),
        ("I was not able to find it; I tried 5.", True),
        ("I was not able to find it, so I say 5.", False),
        ("I'm sorry, but the problem does not say how many of the 12 are red.", True),
        ("Sorry I'm late, the total is 12.", False),
    ],
)
def test_texts_without_an_answer(text, expected):
    assert declined(text) == expected


def test_shares():
    assert as_fraction("The chance is 3 out of 8.") == "3/8"
    assert as_fraction("**1 in 6**") == "1/6"
    assert as_fraction("3 out of 8 are red, 2 are blue") is None
    assert as_fraction("It is 1.3 out of 8") is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("3.5\\ \\text{ million}", "3.5 million"),
        ("2\\text{ Billion dollars}", "2 Billion dollars"),
        ("x\\text{ million}", "x\\text{ million}"),
        ("12 \\text{ in}", "12 \\text{ inch}"),
        ("12 \\text{ in}^2", "12 \\text{ inch}^2"),
        ("12 \\text{ in }x", "12 \\text{ in }x"),
        ("5 in.", "5 inch"),
        ("5 in 6", "5 in 6"),
        ("24 \\text{ ways in all}", "24 \\text{ ways}"),
        ("k \\in \\mathbb{Z}, x = k", "x = k, k\\in\\mathbb{Z}"),
        ("2\\mathbf{i}-\\mathbf{j}", "\\begin{pmatrix}2 \\\\ -1\\end{pmatrix}"),
        ("\\vec{k}", "\\begin{pmatrix}0 \\\\ 0 \\\\ 1\\end{pmatrix}"),
        ("\\mathbf{i}+\\mathbf{i}", "\\mathbf{i}+\\mathbf{i}"),
        ("\\mathbf{i}\\mathbf{j}", "\\mathbf{i}\\mathbf{j}"),
        ("\\mathbf{i}+3", "\\mathbf{i}+3"),
        ("3{:}4", "3:4"),
        ("24\u79cd", "24"),
        ("60\u5143/\u4e2a", "60"),
        ("3\u4e07", "3\u4e07"),
        ("\u7ea63\u5143", "\u7ea63\u5143"),
        ("\\text{\u65e0\u89e3}\u3002", "\\text{no solution}"),
        ("2\u62163", "2\\text{ or }3"),
        ("x>1\u4e14x<3", "x>1\\text{ and }x<3"),
    ],
)
def test_words_within_formulas(text, plain):
    assert plain_words(text) == plain


def test_a_value_without_where_it_holds():
    assert without_condition("k = 16 \\text{ at } x = 2", "2") == "k = 16"
    assert without_condition("\\frac{1}{2}, \\text{ if } x > 2", "2") == "\\frac{1}{2}"
    assert without_condition("x^2 \\text{ if } x > 2", "2") == "x^2 \\text{ if } x > 2"


def test_ratios_of_three_numbers():
    assert same_ratio("1:2:3", "$2 : 4 : 6$") is True
    assert same_ratio("1:2:3", "1:3:2") is same_ratio("1:2:3", "1:2:3:4") is False
    assert same_ratio("0:1:2", "0:2:4") is True
    assert same_ratio("0:1:2", "0:3:5") is same_ratio("0:0:0", "1:2:3") is False
    assert same_ratio("1:2", "1:2:3") is same_ratio("a:b:c", "1:2:3") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1 \\text{ hour } 45 \\text{ minutes}", "105 \\text{ minutes}", True),
        ("1 hour 45 minutes", "1.75 \\text{ hours}", True),
        ("1 hr, 45 min", "1.75 h", True),
        ("2 weeks 3 days", "17 days", True),
        ("1 min 30 s", "90 sec", True),
        ("1 minute 30 seconds", "1.5", True),
        ("1 mile 2 yards", "63432 inches", True),
        ("1 yd 1 foot", "4 ft", True),
        ("5 \\text{ feet } 6 \\text{ inches}", "66 in", True),
        ("2 km 5 m 3 cm", "2005.03 m", True),
        ("1 cm 5 mm", "1.5 centimeters", True),
        ("1 kilometer 1 meter", "1001", False),
        ("3 \\text{ dollars and } 20 \\text{ cents}", "\\$3.20", True),
        ("3 dollars 20 cents", "320", False),
        ("2 lb 4 oz", "36 ounces", True),
        ("2 pounds 4 ounces", "2.25", True),
        ("1 kg 250 g", "1250 grams", True),
        ("1 kilogram 1 gram", "1.001", True),
        ("67^\\circ 30'", "67.5", True),
        ("67^\\circ 30^{\\prime}", "67.3", False),
        ("4 red and 6 blue", "6 blue, 4 red", True),
        ("4 red and 6 blue", "6 red and 4 blue", False),
        ("5 feet 3 inches", "4 kg 2 g", False),
        ("5 feet", "60 inches", None),
        ("5 feet 3 inches", "x", None),
        ("4 red 6 blue", "4", None),
    ],
)
def test_amounts_of_several_units(one, other, same):
    assert same_amount(one, other) is same
    assert same_amount(other, one) is same
