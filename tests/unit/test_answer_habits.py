"""Answers as models write them in chats: numbers with scales and powers in sentences, times of day, letters between
quotation marks, ticked lists, JSON; and neighbors of each that must stay wrong.
"""

import time

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.math import compare
from reward_memory.verifiers.programs import find_program

CITIES = ("Paris", "London", "Berlin", "Madrid")
CHANGES = ("increases", "decreases", "stays the same", "cannot be determined")
VERDICTS = ("yes", "no")

MATH = [  # response, truth, whether it is right
    ("So the total is $1.5 million.", "1500000", True),
    ("So the total is $1.5 million.", "1.5", False),
    ("So the total is 3 billion people.", "3000000000", True),
    ("In total that makes 2 thousand", "2000", True),
    ("So he needs 3 dozen eggs.", "3", True),
    ("\u6240\u4ee5\u4e00\u5171\u662f3\u4e07\u5143\u3002", "30000", True),
    ("\u6240\u4ee5\u4e00\u5171\u662f3\u4e07\u5143\u3002", "3", False),
    ("\\boxed{\\text{(A) } 12}", "12", True),
    ("\\boxed{\\textbf{(C)}\\ \\frac{3}{4}}", "\\frac34", True),
    ("\\boxed{(B)\\ 7}", "7", True),
    ("\\boxed{\\text{A. }12}", "12", True),
    ("\\boxed{\\text{(A) } 12}", "13", False),
    ("\\boxed{(A) + 12}", "12", False),
    ("\\boxed{A 12}", "12", False),
    ("\\boxed{\\text{(C)} -4}", "4", False),
    ("Result: 6.02e23 molecules", "6.02 \\times 10^{23}", True),
    ("Result: 6.02e23 molecules", "6.02", False),
    ("Result: 6.02e23 molecules", "6.02 \\times 10^{22}", False),
    ("The number of molecules is 6.02 \u00d7 10\u00b2\u00b3.", "6.02 \\times 10^{23}", True),
    ("The charge is about 1.6 x 10^-19 C", "1.6\\times 10^{-19}", True),
    ("The charge is about 1.6e-19 C.", "1.6\\times 10^{-18}", False),
    ("Result: 1.5e3 m", "1500", True),
    ("Result: 1.5e3 m", "1.5", False),
    ("\\boxed{\\text{no solution}}", "\\emptyset", True),
    ("\\boxed{\\text{No real solutions}}", "\\varnothing", True),
    ("\\boxed{\\{\\}}", "\\emptyset", True),
    ("\\boxed{\\emptyset}", "\\text{No solution}", True),
    ("\\boxed{\\{0\\}}", "\\emptyset", False),
    ("\\boxed{\\text{one solution}}", "\\emptyset", False),
    ("\\boxed{0}", "\\emptyset", False),
    ("The area is 9\u03c0.", "9", False),
    ("The area is 9\u03c0 cm\u00b2.", "9\\pi", True),
    ("The side is 2\u221a3.", "3", False),
    ("The side is 2\u221a3.", "2\\sqrt3", True),
    ("The side is 2\u221a3.", "2\\sqrt2", False),
    ("The area is 25 m\u00b2.", "25", True),
    ("The area is 25m\u00b2.", "25", True),
    ("The circle has 6\u03c0, so 9 remain.", "9", True),
    ("The circle has 6\u03c0, so 9 remain.", "6\\pi", False),
    ("That gives x\u00b2 + 1.", "x^2+1", True),
    ("That gives x\u00b2 + 1.", "1", False),
    ("The roots are 2 + \u221a7.", "2+\\sqrt7", True),
    ("The roots are 2 + \u221a7.", "\\sqrt7", False),
    ("The answer is \u2077\u2044\u2088.", "\\frac87", False),
    ("The answer is 2\u2077\u2044\u2088.", "\\frac{23}{8}", True),
    ("\\boxed{2\u2077\u2044\u2088}", "\\frac{23}{8}", True),
    ("\\boxed{2\u2077\u2044\u2088}", "\\frac78", False),
    ("\\boxed{10\\text{,}000}", "10", False),
    ("\\boxed{10\\text{, }20}", "1020", False),
    ("\\boxed{\\text{Answer: } 9}", "8", False),
    ("\\boxed{\\text{Not: } 9}", "9", False),
    ("\\boxed{\\mathrm{DNE}}", "0", False),
    ("\\boxed{\\text{does not exist}}", "\\text{DNE}", True),
    ("\\boxed{\\text{exists}}", "\\text{DNE}", False),
    ("\\boxed{\\text{undefined}}", "\\emptyset", False),
    ("\\boxed{-\\infty < x < 2}", "(-\\infty,\\infty)", False),
    ("The population would be $\\approx 1.2$ billion.", "1.2", False),
    ("The answer is $1.2$ million.", "1.2", False),
    ("The answer is $1.2$ million.", "1200000", True),
    ("The answer is $3$ million.", "3", False),
    ("The answer is 6:30 PM", "6:30", True),
    ("The answer is 6:30 PM", "6:30 AM", False),
    ("The answer is 6:30 PM", "18:30", True),
    ("\\boxed{6:30 \\text{ PM}}", "6:30\\text{ p.m.}", True),
    ("The answer is 6:30 PM", "6:45", False),
    ("\\boxed{6:30}", "1:5", True),
    ("The answer is 6:30 PM", "1:5", False),
    ("\\boxed{12:15 AM}", "0:15", True),
    ("#### 18. She sells 9 eggs", "18", True),
    ("Work\n#### 2. It is even.", "2", True),
    ("<|begin_of_box|>42<|end_of_box|>", "42", True),
    ("<|begin_of_box|>42<|end_of_box|>", "4", False),
    ("First 1.5 million, then 7", "7", True),
    ("So it holds 6.02e23 in 3 jars", "3", True),
    ("So the force is 3.6 \u00d7 10\u207b\u2074 N.", "3.6e-4", True),
    ("So the force is 3.6 \u00d7 10\u207b\u2074 N.", "10", False),
    ("So the force is 3.6 \u00d7 10\u207b\u2074 N.", "3.6e-5", False),
    ("Thus the final answer is $\\boxed{1.05\\mathrm{E}{-34}}$.", "1.05\\times 10^{-34}", True),
    ("Thus the final answer is $\\boxed{1.05\\mathrm{E}{-34}}$.", "1.05", False),
    ("Answer: 2.998*10^8 m/s", "2.998e8", True),
    ("Answer: 2.998*10^8 m/s", "2.998e9", False),
    ("Answer: 2.998*10^8x", "2.998e8", False),
    ("#### Resultado\nEl total es 90 euros.", "90", True),
    ("#### El total es 90 euros.", "9", False),
    ("#### Cuesta m\u00e1s de 90 euros.", "90", False),
    ("#### He paid 90 of the 100 euros", "90", False),
    ("So x = (\u22121 \u00b1 \u221a5)/2.", "\\frac{-1\\pm\\sqrt5}{2}", True),
    ("So x = (\u22121 \u00b1 \u221a5)/2.", "\\frac{1\\pm\\sqrt5}{2}", False),
    ("So x = 7", "x=8", False),
    ("Hence the limit is \u221e.", "\\infty", True),
    ("Hence the limit is \u2212\u221e.", "-\\infty", True),
    ("Hence the limit is \u2212\u221e.", "\\infty", False),
    ("Hence the limit is \u221e.", "5", False),
    ("Thus the final answer is $\\boxed{\\sqrt12}$.", "2\\sqrt3", True),
    ("Thus the final answer is $\\boxed{\\sqrt12}$.", "2", False),
    ("Thus the final answer is $\\boxed{\\sqrt2}$.", "\\sqrt2", True),
    ("Thus the final answer is $\\boxed{\\boldsymbol{\\frac{1}{3}}}$.", "\\frac13", True),
    ("Thus the final answer is $\\boxed{\\boldsymbol{\\frac{1}{3}}}$.", "3", False),
    ("Thus the final answer is $\\boxed{\\boldsymbol{2}+\\boldsymbol{3}}$.", "5", True),
    ("Thus the final answer is $\\boxed{\\underline{\\text{17}}}$.", "17", True),
    ("Thus the final answer is $\\boxed{\\mathbf{u}+\\mathbf{v}}$.", "u", False),
    ("Thus the final answer is $\\boxed{\\text{No, it is not.}}$.", "No", True),
    ("Thus the final answer is $\\boxed{\\text{No, it is not.}}$.", "\\text{Yes}", False),
    ("Thus the final answer is $\\boxed{\\text{No, wait, yes}}$.", "No", False),
    ("Thus the final answer is $\\boxed{\\text{Not}}$.", "No", False),
    ('{"answer": 27}', "27", True),
    ('{"reasoning": "12", "answer": "\\\\frac{1}{2}"}', "\\frac12", True),
    ('{"answer": "\\frac{1}{2}"}', "\\frac12", True),
    ('{"answer": 27}', "2", False),
    ('{"answer": 27}\n\nThe answer is 28.', "28", True),
    ('{"answer": 27}\n\nThe answer is 28.', "27", False),
    ("Answer:\n```\n84\n```", "84", True),
    ("Answer:\n```\n84\n```", "8", False),
    ("Thus the answer is seventeen.", "17", True),
    ("The answer is twenty-four.", "24", True),
    ("The answer is seven hundred.", "7", False),
    ("The answer is seventeen.", "7", False),
    ("The answer is one of these.", "1", False),
    ("The answer is twenty.", "2", False),
    ("So the sum is n(n+1)/2.", "\\frac{n(n+1)}{2}", True),
    ("So the sum is n(n+1)/2.", "2", False),
    ("The derivative is 2x.", "2", False),
    ("The derivative is 2x.", "2x", True),
    ("The derivative is 2x + 3.", "3", False),
    ("The derivative is 2x + 3.", "2x+3", True),
    ("It takes 5s.", "5", True),
    ("He runs 5k.", "5", True),
    ("For 2x she needs 7", "7", True),
    ("The answer is 3\u03c0/2 radians.", "\\frac{3\\pi}{2}", True),
    ("Thus the final answer is $\\boxed{\\frac{\\pi}{3} radians}$.", "\\frac{\\pi}{3}", True),
    ("The answer is 3\u03c0/2 radians.", "270", False),
    ("The answer is 90 radians.", "90", False),
]
CHOICES = [  # response, options, letter, whether it is the one that is read
    ("The answer is 'D'.", CITIES, "D", True),
    ("The answer is \u2018D\u2019.", CITIES, "D", True),
    ("The answer is \u201cD\u201d.", CITIES, "D", True),
    ("The answer is \u00abD\u00bb.", CITIES, "D", True),
    ("The answer is \u00ab D \u00bb.", CITIES, "D", True),
    ("The answer is `D`.", CITIES, "D", True),
    ("The answer is \u2039D\u203a.", CITIES, "D", True),
    ("The answer is \u201eD\u201c.", CITIES, "D", True),
    ("The answer is ''D''.", CITIES, "D", True),
    ("The answer is '(D)'.", CITIES, "D", True),
    ("The answer is 'D.'.", CITIES, "D", True),
    ("The answer is \u300cD\u300d.", CITIES, "D", True),
    ("The answer is point D'.", CITIES, "D", False),
    ("The answer is D'dir", CITIES, "D", True),
    ("I'd pick A over C.", CITIES, "A", True),
    ("I would choose B over A.", CITIES, "B", True),
    ("I'd pick A over C.", CITIES, "C", False),
    ("I pick a random one over C", CITIES, "A", False),
    ("It can't be B. \u2192 D", CITIES, "D", True),
    ("It can't be B. \u2192 D", CITIES, "B", False),
    ("Not A, not B. => C", CITIES, "C", True),
    ("A \u2192 B", CITIES, "B", False),
    ("The reaction A \u2192 D", CITIES, "D", False),
    ("It never increases.", CHANGES, "A", False),
    ("If it increases or decreases.", CHANGES, "A", False),
    ("I love Paris.", CITIES, "A", False),
    ("The volume never stays the same.", CHANGES, "C", False),
    ("Who knows whether it stays the same.", CHANGES, "C", False),
    ("The pressure decreases.", CHANGES, "B", True),
    ("The pressure decreases, then increases.", CHANGES, "A", False),
    ("(b) London", CITIES, "A", False),
    ("(b) Paris", CITIES, "B", False),
    ("(a) small step for man", CITIES, "A", False),
    ("The answer is (b) London.", CITIES, "B", True),
    ("The answer is a London street", CITIES, "A", False),
    ("Wrong option \u2192 A", CITIES, "A", False),
    ("<|begin_of_box|>C<|end_of_box|>", CITIES, "C", True),
    ("not <|begin_of_box|>C<|end_of_box|>", CITIES, "C", False),
    ("I choose a here.", CITIES, "A", False),
    ("Select A in any case of doubt", CITIES, "A", True),
    ('{"answer_choice": "D", "confidence": 0.9}', CITIES, "D", True),
    ('{"wrong_answer": "D"}', CITIES, "D", False),
    ("Η σωστή απάντηση είναι το Β.", CITIES, "B", True),
    ("Yes, it is.", VERDICTS, "A", True),
    ("Yes, it is.", VERDICTS, "B", False),
    ("No. It isn't.", VERDICTS, "B", True),
    ("Nothing, really.", VERDICTS, "B", False),
    ("Yes, it is.", CITIES, "A", False),
    ("By elimination, D.", CITIES, "D", True),
    ("By elimination, not D.", CITIES, "D", False),
    ("D can be eliminated.", CITIES, "D", False),
    ("Only C remains.", CITIES, "C", True),
    ("Only C and D remain.", CITIES, "C", False),
    ("I was torn between A and C, but ultimately C.", CITIES, "C", True),
    ("I was torn between A and C, but ultimately C.", CITIES, "A", False),
    ("C \u2705", CITIES, "C", True),
    ("C \u274c", CITIES, "C", False),
    ("A \u274c\nB \u2705\nC \u274c\nD \u274c", CITIES, "B", True),
    ("A \u2705\nB \u2705\nC \u274c\nD \u274c", CITIES, "A", False),
    ("A: false\nB: false\nC: true\nD: false", CITIES, "C", True),
    ("A: not true\nB: incorrect", CITIES, "A", False),
    ("A: not true\nB: incorrect", CITIES, "B", False),
    ("A. Paris is incorrect\nB. London is correct", CITIES, "B", True),
    ("I don't think it's B.", CITIES, "B", False),
    ("I doubt it's B.", CITIES, "B", False),
    ("It isn't A so it's B.", CITIES, "B", True),
    ("It isn't A, so it's B.", CITIES, "B", True),
    ("C looks best.", CITIES, "C", True),
    ("C looks worst.", CITIES, "C", False),
    ("C doesn't look right.", CITIES, "C", False),
    ("It can't be A or B \u2192 C", CITIES, "C", True),
    ("It can't be A or B \u2192 C", CITIES, "A", False),
    ("It isn't clear that A \u2192 C", CITIES, "A", False),
    ("It isn't clear that A \u2192 C", CITIES, "C", False),
]


def test_formulas_and_numbers():
    with Grader(workers=2) as grader:
        verdicts = grader.grade([row[0] for row in MATH], [GroundTruth("math", row[1]) for row in MATH])
    assert [row for row, verdict in zip(MATH, verdicts, strict=True) if verdict.correct != row[2]] == []


@pytest.mark.parametrize(("response", "options", "letter", "named"), CHOICES)
def test_letters(response, options, letter, named):
    assert (extract_letter(find_answer(response), options, response)[0] == letter) == named


ADD = "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("response", "program"),
    [
        (f"<|python_tag|>{ADD}", ADD),
        ('{"code": "def add(a, b):\\n    return a + b"}', ADD),
        ('```json\n{"reasoning": "easy", "code": "def add(a, b):\\n    return a + b"}\n```', ADD),
        ('{"text": "x"}', '{"text": "x"}'),
        ("{'code': 1}", "{'code': 1}"),
        (f"table = {{}}\n{ADD}", f"table = {{}}\n{ADD}"),
    ],
)
def test_programs(response, program):
    assert find_program(response, ("add",)).text.strip() == program


HOSTILE = [
    *("{}" + " " * 90_000 + "x", "{} " * 30_000 + "x", "x" + "\n" * 90_000 + "x", "A:" + " \t" * 40_000),
    *("9\u03c0+" * 20_000, "1e" * 40_000, "- " * 50_000, "\u207f(" * 20_000, "a\u221a" * 30_000, "((((" * 20_000),
    *('"answer": "' * 8_000, '"answer": "' + "\\" * 90_000, "#### 1. a\n" * 10_000, "### " * 20_000),
    *(
        "'A " * 30_000,
        "\u2192 " * 40_000,
        "A: " * 30_000,
        "A: x true " * 9_000,
        "(b) " * 20_000,
        "by elimination " * 6_000,
    ),
    *(
        "{" * 90_000,
        '{"a":' * 18_000,
        "<|begin_of_box|>" * 6_000,
        "\\boldsymbol{" * 7_000,
        "$1.2$ " * 15_000,
        "12: " * 20_000,
    ),
    *(
        "2x+" * 30_000,
        "n(n" * 30_000,
        "can't be A or " * 7_000,
        "it isn't A, " * 8_000,
        "not " * 20_000 + "A is correct",
    ),
    *("1 x 10^" * 12_000, "\\sqrt1" * 10_000, "\u00b2\u2044" * 30_000, "No, no " * 15_000, "```json\n{" + " " * 90_000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_long_texts_take_no_time(text):
    start = time.process_time()
    compare(find_answer(text), "5")
    compare(find_answer(f"The answer is {text[:4000]}"), "\\frac{1}{2}")
    compare(find_answer(f"#### {text[:4000]}"), "\\frac{1}{2}")
    extract_letter(find_answer(text), CHANGES, text)
    find_program(text, ("f",))
    assert time.process_time() - start < 2
