"""Answers of models in notations of other schools and languages: equal ones, and neighbors that must stay wrong."""

import pytest

from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.notation import plain_notation, plain_sets


@pytest.fixture(scope="module")
def grader():
    with Grader(workers=2) as grader:
        yield grader


def misjudged(grader, rows, wrapping):
    truths = [GroundTruth("math", truth) for truth, _, _ in rows]
    verdicts = grader.grade([wrapping.format(answer) for _, answer, _ in rows], truths)
    return [row for row, verdict in zip(rows, verdicts, strict=True) if verdict.correct != row[2]]


FORMULAS = [  # truth, answer, whether it is right
    # primes
    ("f'(x)", "f'(x)", True),
    ("f'(x)", "f^{\\prime}(x)", True),
    ("f(x)", "f'(x)", False),
    ("f'(x)", "f''(x)", False),
    # residues
    ("3 \\pmod{7}", "3\\ (\\text{mod}\\ 7)", True),
    ("3 \\pmod{7}", "x \\equiv 3 \\pmod 7", True),
    ("3", "x \\equiv 3 \\pmod{7}", True),
    ("3 \\pmod{7}", "3 \\pmod{5}", False),
    ("4", "3 \\pmod{7}", False),
    ("2n", "2n \\pmod 5", False),
    # mixed numbers before a factor, stacked fractions
    ("\\frac{5\\pi}{2}", "2\\frac12\\pi", True),
    ("\\frac{\\pi}{2}", "\u00bd\u03c0", True),
    ("\\pi", "2\\frac12\\pi", False),
    ("2\\frac{3}{2}x", "3x", True),
    ("5\\pi", "2\\frac{5}{2}\\pi", True),
    # decimal commas in braces
    ("3.5", "3{,}5", True),
    ("35", "3{,}5", False),
    ("3500", "3{,}500", True),
    ("0.5", "0,5", True),
    ("\\frac12", "0,5", True),
    ("5", "0,5", False),
    # currencies
    ("3600", "\\text{\\$}3{,}600", True),
    ("500", "\\yen 500", True),
    ("1.5", "\\pounds 1.50", True),
    ("600", "\\text{\\$}3{,}600", False),
    # intervals
    ("(0,1)", "]0,1[", True),
    ("(0,1]", "\\left]0,1\\right]", True),
    ("[0,1]", "]0,1[", False),
    ("[0,1]", "[0;1]", True),
    ("[0,1]", "(0;1)", False),
    ("[0.5,1.5]", "[0,5; 1,5]", True),
    ("(-\\infty,1]\\cup[2,\\infty)", "]-\\infty,1]\\cup[2,+\\infty[", True),
    ("(-\\infty,1)\\cup[2,\\infty)", "]-\\infty,1]\\cup[2,+\\infty[", False),
    ("(2,\\infty)", "\\{x \\mid x > 2\\}", True),
    ("(2,\\infty)", "\\{x \\in \\mathbb{R} : x > 2\\}", True),
    ("[2,\\infty)", "\\{x \\mid x > 2\\}", False),
    ("(-1,3)", "x < 3 \\text{ and } x > -1", True),
    ("(-1,3]", "x > -1 \\text{ and } x \\le 3", True),
    ("(-1,3)", "x > -1 \\text{ and } x \\le 3", False),
    ("\\mathbb{R}", "\\text{all real numbers}", True),
    ("(-\\infty,\\infty)", "\\text{All real numbers}", True),
    ("\\mathbb{Z}", "\\text{all real numbers}", False),
    ("\\mathbb{R}", "\\text{all real numbers except } 0", False),
    ("p=5,q=2;p=7,q=2", "(5,2),(7,2)", True),
    # lists with a wide space
    ("3, 5", "3 \\quad 5", True),
    ("35", "3 \\quad 5", False),
    ("x=1, y=2", "x=1 \\qquad y=2", True),
    ("5", "5\\quad\\text{cm}", True),
    # names of functions
    ("\\tan x", "\\operatorname{tg} x", True),
    ("\\log_{10} 2", "\\lg 2", True),
    ("\\log_2 3", "\\lg 3", False),
    # a sign before the answer, sides swapped
    ("\\sqrt{2}", "\\approx 1.4142", True),
    ("5", "= 5", True),
    ("x=5", "5 = x", True),
    ("x=5", "5 = y", False),
    ("5:3", "5 \\text{ to } 3", True),
    ("3:5", "5 \\text{ to } 3", False),
    # what an answer is called, work with numbers
    ("-2", "\\det A = -2", True),
    ("2", "\\det A = -2", False),
    ("40", "\u2220A = 40\u00b0", True),
    ("0.3", "P(X=2) = 0.3", True),
    ("7 = 11a+c", "11a+c", False),
    ("5", "\\left.5\\right.", True),
    ("3e8", "3.0\\mathrm{e}8", True),
    ("2", "\\sqrt[3](8)", True),
    ("8", "\\sqrt[3](8)", False),
    ("5", "\\text{The answer is } 5", True),
    ("3", "\\boldsymbol{x=3}", True),
    ("x=4", "\\boldsymbol{x=3}", False),
    ("5", "\\text{about }5", True),
    ("x=1,y=2", "\\begin{array}{l}x=1\\\\y=2\\end{array}", True),
    ("x=1,y=2", "\\begin{cases}x=1\\\\y=2\\end{cases}", True),
    ("x=1,y=3", "\\begin{array}{l}x=1\\\\y=2\\end{array}", False),
    # vectors, points, letters
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)", True),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(2,1)", False),
    ("\\begin{pmatrix}1\\\\2\\\\3\\end{pmatrix}", "(1,2)", False),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "[1,2)", False),
    ("ABDC", "ABCD", False),
    ("ABCD", "ABCD", True),
    ("A", "\\text{A) 5}", True),
    ("A", "\\text{B) 5}", False),
    # small numbers behind a name, in a pair of equations and in inequalities
    ("x=10^{-19}", "x=10^{-18}", False),
    ("x=10^{-19}", "10^{-18}", False),
    ("10^{-19}", "x=10^{-18}", False),
    ("x=10^{-19}, y=1", "x=10^{-18}, y=1", False),
    ("x=10^{-19}, y=1", "y=1, x=10^{-19}", True),
    ("E=1.6 \\times 10^{-19}", "E=1.7 \\times 10^{-19}", False),
    ("E=1.6 \\times 10^{-19}", "E=1.6 \\times 10^{-19}", True),
    ("x<10^{-19}", "x<10^{-18}", False),
    ("0<x<10^{-19}", "0<x<10^{-18}", False),
    ("0<x<\\frac{1}{2}", "0<x<0.5", True),
    ("x=2 \\text{ or } x=3", "x=3 \\text{ or } x=2", True),
    # a gap between digits joins nothing but groups of three
    ("12", "1\\,2", False),
    ("950", "9\\,50", False),
    ("-9500", "-\\,9\\,500", True),
    ("12345", "12\u2019345", True),
    ("f'(x)=2x", "f\u2019(x)=2x", True),
    ("f(x)=2x", "f\u2019(x)=2x", False),
    # dots over the first and the last digit that repeat
    ("\\frac{2}{11}", "0.\\dot{1}\\dot{8}", True),
    ("\\frac17", "0.\\dot{1}4285\\dot{7}", True),
    ("\\frac17", "0.\\dot{1}4285\\dot{6}", False),
    # Unicode
    ("e^x", "e\u02e3", True),
    ("a^{m+1}", "a\u1d50\u207a\u00b9", True),
    ("a^{m+1}", "a\u1d50\u207b\u00b9", False),
    ("\\angle ABC", "\u2220ABC", True),
    ("\\angle ABC", "\u2220ACB", False),
    ("(2,\\infty)", "{x | x > 2}", True),
    ("[2,\\infty)", "{x | x > 2}", False),
    ("(\\frac12,\\frac32)", "\\{x \\mid \\frac{1}{2} < x < \\frac{3}{2}\\}", True),
    # fonts and names
    ("\\mathbb{R}", "\\mathbb R", True),
    ("\\mathbb{R}", "\\mathbb Z", False),
    ("ABC", "\\texttt{ABC}", True),
    ("ABC", "\\texttt{ACB}", False),
    ("\\text{Yes}", "\\emph{yes}", True),
    ("\\infty", "\\text{infinity}", True),
    ("-\\infty", "\\text{Infinity}", False),
    ("\\|v\\|", "\\lVert v \\rVert", True),
    ("2\\mathbf{i}-\\mathbf{j}", "2\\hat{i}-\\hat{j}", True),
    ("2\\mathbf{i}-\\mathbf{j}", "2\\hat{i}+\\hat{j}", False),
    ("7", "\\begin{array}{l} 7 \\end{array}", True),
]
LINES = [
    # units
    ("5.67e-8", "5.67e-8 W/m^2K^4", True),
    ("18", "18 m/s^2", True),
    ("18", "18th", True),
    ("18", "18 \u5143", True),
    ("18", "18\u4e2a\u82f9\u679c", True),
    ("18", "\u7ea618", True),
    ("18", "\u5c0f\u660e\u4e00\u5171\u670918\u4e2a", True),
    ("3000", "3\u5343", True),
    ("30000", "3\u4e07\u5143", True),
    ("3", "3\u4e07\u5143", False),
    ("3", "3\u5343\u514b", True),
    ("3", "3\u591a\u4e2a", False),
    ("18", "\u8d85\u8fc718", False),
    # words that change it
    ("18", "more than 18", False),
    ("18", "not 18", False),
    ("6", "5 feet 6 inches", False),
    ("5", "5 feet 6 inches", False),
    ("1.5", "1 and 1/2 hours", True),
    ("0.5", "1 and 1/2 hours", False),
    # results of a line of work
    ("12", "5 + 7 = 12 apples", True),
    ("7", "5 + 7 = 12 apples", False),
    ("18", "\u2192 18", True),
    ("18", "18 \u2705", True),
    ("12", "So, 3*4 = 12", True),
    ("4", "So, 3*4 = 12", False),
    ("18", "$18/hour", True),
    ("18", "18 sq. ft.", True),
    ("18", "18/x", False),
    ("18.5", "18 and a half", True),
    ("18", "18 and a half", False),
    ("24", "at 24 dollars", True),
    # separators
    ("1234.56", "1.234,56 \u20ac", True),
    ("1.23456", "1.234,56", False),
    ("12", "(A) 12", True),
]


@pytest.mark.parametrize("wrapping", ["\\boxed{{{}}}", "Work.\n#### {}", "<answer>{}</answer>"])
def test_formulas_in_other_notations(grader, wrapping):
    assert misjudged(grader, FORMULAS, wrapping) == []


@pytest.mark.parametrize("wrapping", ["Work.\n#### {}", "The answer is {}", "**Answer:** {}"])
def test_numbers_with_words_around_them(grader, wrapping):
    assert misjudged(grader, LINES, wrapping) == []


def test_headings_with_numbers_are_no_answers(grader):
    hours = "#### First 3 hours\n60 miles\n#### Next 2 hours\n50 miles\n\n{}"
    rows = [
        ("110", hours.format("In total 110 miles."), True),
        ("2", hours.format("In total 110 miles."), False),
        ("110", hours.format("#### Total\n110"), True),
        ("110", hours.format("#### Total\n110 miles"), True),
        ("50", hours.format("#### Total\n110 miles"), False),
        ("45", "#### First, find the cost\n3 * 15 = 45\n\nSo it costs $45.", True),
        ("13", "#### Next year he is 13.\nHis sister is 5.", True),
        ("3", "#### First 3 hours", True),
        ("45", "#### Finally, he has 45 apples.\nThat is 3 bags.", True),
    ]
    assert misjudged(grader, rows, "{}") == []


def test_sentences_without_a_mark(grader):
    rows = [
        ("12", "\u6240\u4ee5\u4ed6\u4e00\u5171\u670912\u4e2a\u82f9\u679c\u3002", True),
        ("2", "\u6240\u4ee5\u4ed6\u4e00\u5171\u670912\u4e2a\u82f9\u679c\u3002", False),
        ("12", "\u7b54\u3048\u306f12\u3067\u3059\u3002", True),
        ("12", "\uc815\ub2f5\uc740 12\uc785\ub2c8\ub2e4.", True),
        ("12", "The answer is \u201c12\u201d.", True),
        ("2", "The answer is \u201812\u2019.", False),
        ("41", "The value is 41, not 42.", True),
        ("42", "The value is 41, not 42.", False),
        ("7", "The answer is \\boxed{7}, not \\boxed{8}.", True),
        ("8", "The answer is \\boxed{7}, not \\boxed{8}.", False),
    ]
    assert misjudged(grader, rows, "{}") == []


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("(1,2); (3,4)", "(1,2); (3,4)"),
        ("(1;2), (3;4)", "(1, 2), (3, 4)"),
        ("(0,5; 1)", "(0.5, 1)"),
        ("]0,1[ \\cup [2,3]", "(0,1) \\cup [2,3]"),
        ("[0,1]", "[0,1]"),
        ("\\{x | x \\in A\\}", "\\{x | x \\in A\\}"),
    ],
)
def test_sets_have_commas_and_closed_brackets(formula, plain):
    assert plain_sets(formula) == plain


@pytest.mark.parametrize("formula", ["x = 5", "\\lgroup x", "\\text{to}", "x < 3 \\text{ or } x > 5", "\\tan x"])
def test_what_is_plain_stays(formula):
    assert plain_notation(formula) == formula
