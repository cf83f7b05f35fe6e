"""The end of an unmarked text, plain-text notation, and texts that break off: each rule by itself."""

import pytest

from reward_memory.answers.unfinished import breaks_off
from reward_memory.verifiers.endings import counted, last_value
from reward_memory.verifiers.plain_ascii import plain_ascii


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Hence $a = b = 7$.", "7"),
        ("Hence \\[a = 7x\\]", "7x"),
        ("Hence $$a = 7,$$", "7"),
        ("Hence \\(a = 7\\) cm.", "7"),
        ("Hence $a \\le 7$", "a \\le 7"),
        ("\\begin{align*} a &= 1 \\\\ b &= 2c3 \\end{align*}", "2c3"),
        # no lines outside of a system of equations
        ("$\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}$", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"),
        # a part of a formula, a name, one of several, words after it
        ("$\\sum_{k=1}^{3} k$", None),
        ("$f(x=2)$", None),
        ("so it is $x$", None),
        ("$4$ and $-2$", None),
        ("$4$, $-2$", None),
        ("Thus, $-2$", "-2"),
        ("$4$ is what we get", None),
        ("no formula", None),
    ],
)
def test_the_right_side_of_the_last_formula(text, value):
    assert last_value(text) == value


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("There are $8$ multiples of 12.", "8"),
        ("So there are exactly 8 ways between 1 and 9", "8"),
        ("It is even, giving us $2^{10}$ subsets", "2^{10}"),
        ("There are 8 pens and she buys more", None),
        ("There are 8 of them", None),
        ("There are 8 boxes", None),
        ("There are 8 rooms, so 16", None),
        ("There are $8 = 2^3$ ways", None),
    ],
)
def test_a_sentence_that_counts(sentence, number):
    assert counted(sentence) == number


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("3*4 apples", "3*4"),
        ("16*pi square units", "16*pi"),
        # a plain number's unit is read elsewhere, a word that changes the value stays
        ("12 apples", "12 apples"),
        ("12 cups (2)", "12 cups (2)"),
        ("3*4 million", "3*4 million"),
        # LaTeX and dollars
        ("\\pi (2) apples", "\\pi (2) apples"),
        ("$3*4 apples", "$3*4 apples"),
        ("1/2 x", "\\frac{1}{2} x"),
        ("1/2x", "1/2x"),
        ("x1/2 y", "x1/2 y"),
        ("3 +- 2", "3 +- 2"),
        ("x = +-2", "x =\\pm 2"),
        ("abs(x", "abs(x"),
    ],
)
def test_plain_text_as_latex(text, latex):
    assert plain_ascii(text) == latex


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Let's analyze each option:\nA. The first one: it is a liquid that", True),
        ("A. The first one is a liquid\nB. The second one is a gas that", True),
        ("Consider option A, which is", True),
        ("A. The first one is a liquid that", False),
        ("Let's analyze each option:\nA. The first one: it is a liquid.", False),
        ("Let's analyze each option:\nThe answer:\nA. The first one: it is a liquid that", False),
        ("B. gas\nA. The first one is a liquid\nC. The third one is solid and", False),
        ("It is a liquid that", False),
    ],
)
def test_a_text_that_breaks_off(text, cut):
    assert breaks_off(text, text.split("\n")) is cut
