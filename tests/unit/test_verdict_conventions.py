"""Math verdicts: the table of conventions in docs/verdicts.md, and kinds of answers that were once judged wrongly."""

import re
import time
from pathlib import Path

import pytest

from reward_memory.answers.extraction import find_answer
from reward_memory.answers.numbers import number_with_unit
from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.equality import equal, parse_formula
from reward_memory.verifiers.spelling import is_prose, read_formula

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
ROW = re.compile(r"^\|[^|]*\| `(?P<truth>[^`]+)` \| `(?P<answer>[^`]+)` \| (?P<correct>yes|no) \|$", re.MULTILINE)
CONVENTIONS = [(found["truth"], found["answer"], found["correct"] == "yes") for found in ROW.finditer(PAGE.read_text())]
WRAPPINGS = ("\\boxed{{{}}}", "Work.\n#### {}", "The answer is {}.", "**Answer:** ${}$", "<answer>{}</answer>")


@pytest.fixture(scope="module")
def grader():
    with Grader(workers=2) as grader:
        yield grader


def verdicts(grader, rows, wrapping="{}", bare=False):
    # only a box or a tag holds a formula over several lines
    lines = bare or wrapping.startswith(("\\boxed", "<answer>"))
    responses = [wrapping.format(answer if lines else answer.replace("\n", " ")) for _, answer in rows]
    return [
        v.correct
        for v in grader.grade(responses, [GroundTruth("math", truth) for truth, _ in rows], [bare] * len(rows))
    ]


def test_the_table_of_conventions_has_all_rows():
    assert len(CONVENTIONS) == PAGE.read_text().count(" | yes |") + PAGE.read_text().count(" | no |")


@pytest.mark.parametrize("wrapping", ["bare", "\\boxed{{{}}}", "Work.\n#### {}"])
def test_the_conventions_hold(grader, wrapping):
    rows = [(truth, answer) for truth, answer, _ in CONVENTIONS]
    found = verdicts(grader, rows, *(("{}", True) if wrapping == "bare" else (wrapping,)))
    assert [row for row, verdict in zip(CONVENTIONS, found, strict=True) if verdict != row[2]] == []


EQUAL = [
    # a formula over lines
    ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix}\n1 \\\\\n2\n\\end{pmatrix}"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{array}{cc}1&2\\\\\n3&4\\end{array}"),
    ("(x+1)^2", "x^2 +\n2x\n+ 1"),
    # small numbers
    ("1.38e-23", "1.38 \\cdot 10^{-23}"),
    ("\\frac{1}{2^{98}}", "2^{-98}"),
    ("\\{10^{-20}, 2\\cdot 10^{-20}\\}", "2\\cdot 10^{-20}, 10^{-20}"),
    # upright letters and styles
    ("\\mathrm{e}^2", "e^{2}"),
    ("\\ln 2", "\\mathrm{ln}\\,2"),
    ("\\sin x", "\\operatorname{sin} x"),
    ("x_{\\text{max}} + 1", "1 + x_{\\text{max}}"),
    ("7", "\\boldsymbol{7}"),
    ("7", "\\color{red}{7}"),
    # scientific notation
    ("6.02e23", "6.02*10^23"),
    ("5E-3", "0.005"),
    ("1.5e3", "1500"),
    # separators
    ("32349", "32,\\! 349"),
    ("\\frac{1000}{3}", "\\frac{1{,}000}{3}"),
    ("1200", "1\\,200\\text{ m}"),
    ("9500", "$9{,}500"),
    ("1234567", "1 234 567"),
    # look-alikes
    ("-3", "\u22123"),
    ("-3", "\u20143"),
    ("-20", "\u221220\\%"),
    ("x-1", "x\uff0d1"),
    # mixed numbers and fractions
    ("21\\frac{17}{20}", "21 17/20"),
    ("-3.5", "-3 1/2"),
    ("2.5", "2\u00bd"),
    ("\\frac{3}{4}", "{3 \\over 4}"),
    # Unicode and plain text
    ("10 - 2\\sqrt{5}", "10 - 2\u221a5"),
    ("2\\sqrt{x+1}", "2\u221a(x+1)"),
    ("\\sqrt[3]{2}", "\u221b2"),
    ("x^{10}+1", "x\u00b9\u2070 + 1"),
    ("-\\infty", "-\u221e"),
    ("\\frac{\\pi}{2}", "pi/2"),
    ("\\sqrt{3}", "sqrt(3)"),
    ("\\sqrt[4]{2}", "2**(1/4)"),
    ("\\lambda e^{-\\lambda t}", "lambda exp(-lambda t)"),
    # spellings of LaTeX
    ("\\emptyset", "\\varnothing"),
    ("(0,1]", "\\big(0,1\\big]"),
    ("\\frac16", "0.1\\overline{6}"),
    ("\\frac{1}{2}", "\\\\dfrac{1}{2}"),
    ("10\\sqrt{3}+2", "10\\sqrt3+\\sqrt4"),
    ("\\frac{3}{4}i", "\\frac34 i"),
    ("\\sin 30^\\circ", "\\frac12"),
    ("5", "5\\,\\mathrm{m\\,s^{-1}}"),
    ("(1,2)", "\\langle 1,2\\rangle"),
    # two boxes, lists
    ("\\boxed{1}\\boxed{2}", "1,2"),
    ("(2,1),(3,1)", "(3,1),(2,1)"),
    ("1, 2, \\ldots, n", "1,2,\\dots,n"),
    ("e^{i\\pi/3}", "\\frac12+\\frac{\\sqrt3}{2}i"),
    ("y=1/x", "xy=1"),
]
OTHER = [
    ("2", "\\begin{pmatrix}\n5 \\\\\n2\n\\end{pmatrix}"),
    ("1", "(2,1),(3,1)"),
    ("1", "x^2+2x+1"),
    ("\\frac{1}{2^{99}}", "\\frac{1}{2^{98}}"),
    ("10^{-20}", "-10^{-20}"),
    ("0", "10^{-30}"),
    ("10^{-20}x", "2\\cdot10^{-20}x"),
    ("\\{10^{-20}, 2\\cdot 10^{-20}\\}", "3\\cdot 10^{-20}, 10^{-20}"),
    ("(10^{-20}, 1)", "(10^{-21}, 1)"),
    ("1 - \\frac{1}{\\mathrm{e}}", "1 + \\frac{1}{\\mathrm{e}}"),
    ("2", "2\\mathrm{e}"),
    ("x_{\\text{max}} + 1", "x_{\\text{max}} + 2"),
    ("45", "4 5"),
    ("3", "1 2"),
    ("3/2", "3 1/2"),
    ("4.5e33", "9.6e33"),
    ("4", "4\\sqrt(2)"),
    ("1, 2, \\ldots, n", "1, 3, 5, \\ldots, 2n-1"),
    ("\\cos(x)=a", "\\sin(x)=a"),
    ("x^2+y^2=4", "x^2+y^2=5"),
    ("12:00", "1:00"),
    ("1234", "1,2345"),
    ("2\\sqrt{2}", "2"),
    ("3", "3\\text{ thousand}"),
    ("E_{1}+E_{2}", "E_{1}+E_{3}"),
]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_equal_answers_are_right_wherever_they_are(grader, wrapping):
    assert [row for row, ok in zip(EQUAL, verdicts(grader, EQUAL, wrapping), strict=True) if not ok] == []


@pytest.mark.parametrize("wrapping", ["bare", *WRAPPINGS])
def test_other_answers_are_wrong_wherever_they_are(grader, wrapping):
    found = verdicts(grader, OTHER, *(("{}", True) if wrapping == "bare" else (wrapping,)))
    assert [row for row, ok in zip(OTHER, found, strict=True) if ok] == []


def test_bare_answers_are_read_as_a_formula(grader):
    assert [row for row, ok in zip(EQUAL, verdicts(grader, EQUAL, bare=True), strict=True) if not ok] == []


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("#### Step 3: add\n5 + 7 = 12\n\n**Answer: 12**", "12"),
        ("#### 42\n\n#### Verification\n6*7=42", "42"),
        ("#### **Step 1**\nIt is \\boxed{4}", "4"),
        ("#### Answer:\n\\[\n12\n\\]", "12"),
        ("#### Final Answer\n$$\n12\n$$", "12"),
        ("#### 18. She sells 9 eggs for 2 dollars.", "18"),
        ("#### 18 (since 16 - 3 = 13 ...)", "18"),
        ("<think>3?</think><answer>12</answer>", "12"),
        ("<answer>\nThe answer is 12.\n</answer>", "12"),
        ("<answer>\\boxed{12}</answer> I am sure.", "12"),
        ("<answer>12", "12"),
        ("so \\boxed{3}.\n<answer>12</answer>", "12"),
        ("\u6240\u4ee5\u7b54\u6848\u662f 12\u3002", "12"),
        ("\u7b54\u6848\uff1a12", "12"),
        ("Die Antwort lautet 12.", "12"),
        ("La r\u00e9ponse est 12.", "12"),
        ("\u041e\u0442\u0432\u0435\u0442: 12", "12"),
        ("#### 12<|im_end|>", "12"),
    ],
)
def test_where_the_answer_is(response, answer):
    assert find_answer(response).text.strip("*") == answer


@pytest.mark.parametrize(
    ("line", "truth", "correct"),
    [
        ("18 miles per hour", "18", True),
        ("18 pairs of shoes", "18", True),
        ("Total: 18", "18", True),
        ("Total distance = 18 km", "18", True),
        ("12 km/h", "12", True),
        ("18 dollars", "18", True),
        ("$18 per week", "18", True),
        ("18 thousand", "18", False),
        ("18 thousand", "18000", True),
        ("3 dozen eggs", "36", True),
        ("18 and 20", "18", False),
        ("18 percent", "18", True),
        ("5 less than 10", "5", False),
    ],
)
def test_words_after_a_number(grader, line, truth, correct):
    assert verdicts(grader, [(truth, line)], "Work.\n#### {}") == [correct]


def test_a_tolerance_of_the_benchmark_counts(grader):
    truth = GroundTruth("math", "3.14", tolerance=0.01)
    responses = ["\\boxed{3.145}", "\\boxed{3.2}", "\\boxed{\\pi}", "\\boxed{\\pi + 1}"]
    assert [v.correct for v in grader.grade(responses, [truth] * 4)] == [True, False, True, False]


def test_a_query_may_carry_a_tolerance():
    row = {"id": "q1", "domain": "math", "ground_truth": "3.14", "tests": '{"tolerance": 0.01}'}
    assert GroundTruth.from_query(row).tolerance == 0.01
    assert GroundTruth.from_query(row | {"tests": None}).tolerance == 0
    for bad in ("{", "[]", '{"tolerance": -1}', '{"tolerance": "x"}', '{"tolerance": Infinity}'):
        with pytest.raises(InputError, match="q1"):
            GroundTruth.from_query(row | {"tests": bad})


def test_prose_is_no_formula():
    assert is_prose("there are five apples")
    assert not is_prose("\\begin{pmatrix}1\\\\2\\end{pmatrix}")
    assert not is_prose("x \\in \\text{real numbers}")


def test_what_cannot_be_read_is_not_read():
    assert read_formula("1 2") is None
    assert parse_formula("\\frac{1}{") is None
    assert not equal(None, None, None, percent=False, tolerance=0)


PIECES = (
    "\\text{m}",
    "\\text{",
    " ",
    "1 ",
    "1,",
    "\\boxed{",
    "\\frac",
    "^(",
    "\u221a(",
    "sqrt(",
    "$",
    "\\pm ",
    "{,}",
    "a ",
    "%",
    "-",
)
PIECES += (
    "\\,",
    "\\begin{array}",
    "\\left",
    "1/",
    "e1",
    "\\overline{",
    "**",
    "word ",
    "1\\text{ cm}^2 ",
    "\\(",
    "x=",
    "|",
    "1+",
    "1;",
    "]1,",
    "'",
    "1\\quad ",
    "3 \\pmod{",
    "x<1 and ",
    "\\{x|x<",
    "2\\frac{1}{2}\\pi",
    "1 \u6709",
)


@pytest.mark.parametrize("piece", PIECES)
def test_reading_a_formula_takes_milliseconds(piece):
    start = time.process_time()
    for head in ("", "5", "x=5 "):
        text = head + piece * (2_000 // len(piece))
        read_formula(text)
        is_prose(text)
        number_with_unit(text)
        find_answer(f"#### {text}")
    assert time.process_time() - start < 0.5
