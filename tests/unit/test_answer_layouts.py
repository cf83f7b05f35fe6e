"""How answers are laid out: amounts with an escaped dollar, groups of digits in sentences, functions by cases, names
with values, ticked lists, verdicts on each option, sessions of Python; and neighbors of each that must stay wrong.
"""

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.piecewise import plain_cases

ANIMALS = ("a cat", "dog", "the blue whale", "an eel")
TOOLS = ("pour it into a jar", "pour it into a sieve")
NUMBERS = ("1", "3", "2", "4")
PARITY = "\\begin{cases} 2n & \\text{if } n \\text{ is even} \\\\ n+1 & \\text{if } n \\text{ is odd} \\end{cases}"
STEPS = "\\begin{cases} x^2 & x \\ge 1 \\\\ x & x < 1 \\end{cases}"

MATH = [  # response, truth, whether it is right
    ("3 pens at \\$4 = \\$12, books \\$33.\n\nIn total, she spends \\$45.", "45", True),
    ("3 pens at \\$4 = \\$12, books \\$33.\n\nIn total, she spends \\$45.", "33", False),
    ("Each pays 60/4 = 15, with the tip of \\$3 it is **\\$18**.", "18", True),
    ("Work.\n#### \\$2,000 - \\$500 = \\$1,500", "1500", True),
    ("Work.\n#### \\$2,000 - \\$500 = \\$1,500", "500", False),
    ("So she pays $\\$45$ in total.", "45", True),
    ("#### Step 4: Conclusion\nThus Anna pays \\$45.", "4", False),
    ("Il y a 1 250 \u00e9l\u00e8ves.", "1250", True),
    ("Il y a 1\u202f250 \u00e9l\u00e8ves.", "250", False),
    ("Donc, Marie a 1 234,50 \u20ac au total.", "1234.5", True),
    ("There are 12 34 left.", "1234", False),
    ("#### x = 12 apples", "12", True),
    ("The answer is x = 12 apples.", "12", True),
    ("The answer is x = 12 apples.", "2", False),
    ("#### y = 7 apples", "x = 7", False),
    ("Answer: ~~14~~ 15", "15", True),
    ("Answer: ~~14~~ 15", "14", False),
    ("\\boxed{8{:}30 \\text{ a.m.}}", "8:30", True),
    ("\\boxed{8{:}30}", "8:30", True),
    ("\\boxed{8{:}35}", "8:30", False),
    ("\\boxed{(1101)_2}", "1101_2", True),
    ("\\boxed{(1101)_3}", "1101_2", False),
    ("\\boxed{[[1, 3], [2, 4]]}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", False),
    ("\\boxed{[[1, 2], [3]]}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", False),
    ("\\boxed{y = -1, x = 2}", "(2,-1)", True),
    ("\\boxed{(2, -1)}", "x=2, y=-1", True),
    ("\\boxed{a = 1, b = 2, c = 3}", "(1,2,3)", True),
    ("\\boxed{x = -1, y = 2}", "(-1,2)", True),
    ("\\boxed{y = 1, x = 2}", "(1,2)", False),
    (f"\\boxed{{{PARITY.replace('2n &', '2n, &').replace('even', 'even},').replace('},}', '},')}}}", PARITY, True),
    ("\\boxed{\\begin{cases} n+1 & n \\text{ even} \\\\ 2n & n \\text{ odd} \\end{cases}}", PARITY, False),
    ("\\boxed{\\begin{cases} 2n & n \\text{ even} \\\\ n+1 & \\text{otherwise} \\end{cases}}", PARITY, True),
    ("\\boxed{f(x)=\\begin{cases} x, & \\text{for } x < 1, \\\\ x^2, & 1 \\leq x. \\end{cases}}", STEPS, True),
    ("\\boxed{f(x)=\\begin{cases} x^2, & x < 1, \\\\ x, & 1 \\leq x. \\end{cases}}", STEPS, False),
    ("\\boxed{\\left\\{\\begin{array}{ll} x\\cdot x & x \\geqslant 1 \\\\ x & x<1 \\end{array}\\right.}", STEPS, True),
    ("\\boxed{\\begin{cases} x^2 & x > 1 \\\\ x & x \\le 1 \\end{cases}}", STEPS, False),
    ("\\boxed{\\begin{cases} 1 & x < 0 \\\\ 3 & x \\geq 0 \\end{cases}}", "3", False),
    ("\\boxed{\\begin{cases} x &= 3 \\\\ y &= 2 \\end{cases}}", "x=3, y=2", True),
    ("So the final answer is 7 + 5 = **12**.", "12", True),
    ("So the final answer is 7 + 5 = **12**.", "5", False),
    ("The answer is 2**3.", "8", True),
    ("I'm sorry, but I cannot solve this without the 2 figures.", "2", False),
    ("Unfortunately, I can't help with that. Please send all 5 numbers.", "5", False),
    ("I cannot determine it directly. Instead I add 2 and 3 and get 5.", "5", True),
    ("$\\boxed{f(x)=cx \\text{ for any constant } c}$", "f(x)=cx", True),
    ("$\\boxed{f(x)=cx \\text{ where } c \\text{ is a constant}}$", "f(x)=cx", True),
    ("$\\boxed{f(x)=cx^2 \\text{ where } c \\text{ is a constant}}$", "f(x)=cx", False),
    ("$\\boxed{k\\pi - \\frac{\\pi}{4}, k\\in\\mathbb{Z}}$", "k\\pi-\\frac{\\pi}{4}", True),
    ("$\\boxed{x = \\frac{\\pi}{4} + k\\pi \\quad (k\\in\\mathbb{Z})}$", "x=k\\pi-\\frac{\\pi}{4}", False),
    ("$\\boxed{3, k\\in\\mathbb{Z}}$", "3", False),
    ("$\\boxed{\\{(2,3)\\}}$", "(2,3)", True),
    ("$\\boxed{\\{(3,2)\\}}$", "(2,3)", False),
    ("$\\boxed{T \\approx 5800\\,\\mathrm{K}}$", "5800", True),
    ("$\\boxed{T = 580\\,\\mathrm{K}}$", "5800", False),
    ("$\\boxed{|x| \\le 3}$", "[-3,3]", True),
    ("$\\boxed{|x| \\le 3}$", "(-3,3)", False),
    ("$\\boxed{|x| < 3}$", "x<3", False),
    ("The final count is 12 (which is 4 more than 8).", "12", True),
    ("Hence, 12 is the answer, given that 3 are broken.", "12", True),
    ("He has 3 bags, which makes 12 apples.", "3", False),
    ("#### Tom: 12, Ann: 15", "15", False),
    ("#### Tom: 12, Ann: 15, Total: 27", "27", True),
]

CHOICES = [  # response, options, letter, whether it is named
    ("Option 2 is correct because it lets water out.", TOOLS, "B", True),
    ("The answer is option 2.", TOOLS, "B", True),
    ("The answer is option 2. It would not be, if the jar had holes, which it has not.", TOOLS, "B", True),
    ("It is not that the answer is option 2.", TOOLS, "B", False),
    ("Solution 1 is better than solution 2.", TOOLS, "A", True),
    ("Option 2 is not correct.", TOOLS, "B", False),
    ("If option 2 is correct, it leaks.", TOOLS, "B", False),
    ("The answer is option 12.", ANIMALS, "A", False),
    ("The answer is option 2.", NUMBERS, "B", False),
    ("- [ ] A\n- [ ] B\n- [x] C\n- [ ] D", ANIMALS, "C", True),
    ("\u2610 A\n\u2610 B\n\u2611 C\n\u2610 D", ANIMALS, "C", True),
    ("- [x] A\n- [x] B\n- [ ] C", ANIMALS, "A", False),
    ("(A) False. (B) False. (C) True. (D) False.", ANIMALS, "C", True),
    ("(A) False. (B) False. (C) True. (D) False.", ANIMALS, "A", False),
    ("(A) Incorrect. (B) Incorrect.", ANIMALS, "A", False),
    ("A. Correct, since it is small. B. Incorrect.", ANIMALS, "A", True),
    ("(A) True. (B) False.\nAs the false one was asked for, the answer is B.", ANIMALS, "B", True),
    ("A: correct spelling\nB: wrong spelling", ANIMALS, "A", False),
    ("Not D. Definitely C!", ANIMALS, "C", True),
    ("Not D. I think so.", ANIMALS, "D", False),
    ("\u9078\u629e\u80a2D\u304c\u6b63\u3057\u3044\u3067\u3059\u3002", ANIMALS, "D", True),
    ("\u9078\u629e\u80a2D\u306f\u6b63\u3057\u304f\u306a\u3044\u3002", ANIMALS, "D", False),
    ("The answer is ~~B~~ C", ANIMALS, "C", True),
    ("The value is 28 m/s, so it is closest to 3.", NUMBERS, "B", True),
    ("~~A~~", ANIMALS, "A", False),
    ("We choose between C and D. Since an eel is smaller, C.", ANIMALS, "C", True),
    ("We choose between C and D. Since an eel is smaller, not C.", ANIMALS, "C", False),
    ("\U0001f449 C", ANIMALS, "C", True),
    ("\u274c C", ANIMALS, "C", False),
    ("The blue whale, of course!", ANIMALS, "C", True),
    ("The blue whale, I doubt it", ANIMALS, "C", False),
    ("The answer's B.", ANIMALS, "B", True),
    ("The answer's not B.", ANIMALS, "B", False),
    ("B it is!", ANIMALS, "B", True),
    ("B it is not.", ANIMALS, "B", False),
    ("B (dog) seems right.", ANIMALS, "B", True),
    ("B (dog) seems wrong.", ANIMALS, "B", False),
    ("B? No. C? Yes.", ANIMALS, "C", True),
    ("Not A, not B, not C. D.", ANIMALS, "D", True),
    ("A is wrong, so I conclude that B.", ANIMALS, "B", True),
    ("A is wrong, so I conclude that B is, too.", ANIMALS, "B", False),
    ("I'm not sure, but B.", ANIMALS, "B", True),
    ("I'm not sure, but not B.", ANIMALS, "B", False),
    ("Probably B", ANIMALS, "B", True),
    ("Probably not B", ANIMALS, "B", False),
    ("cat", ANIMALS, "A", True),
    ("a dog", ANIMALS, "B", True),
    ("= 3", NUMBERS, "B", True),
    ("= 5", NUMBERS, "B", False),
]


def test_formulas_and_numbers():
    with Grader(workers=2) as grader:
        verdicts = grader.grade([row[0] for row in MATH], [GroundTruth("math", row[1]) for row in MATH])
    assert [row for row, verdict in zip(MATH, verdicts, strict=True) if verdict.correct != row[2]] == []


@pytest.mark.parametrize(("response", "options", "letter", "named"), CHOICES)
def test_letters(response, options, letter, named):
    assert (extract_letter(find_answer(response), options, response)[0] == letter) == named


@pytest.mark.parametrize(
    "formula",
    [
        "\\begin{cases} x + y = 3 \\\\ x - y = 1 \\end{cases}",
        "\\begin{cases} x &= 3 \\\\ y &= 2 \\end{cases}",
        "\\begin{array}{cc} 1 & 2 \\\\ 3 & 4 \\end{array}",
        "2 + \\begin{cases} x & x > 0 \\\\ 0 & x \\le 0 \\end{cases}",
        "\\begin{cases} x & x > 0 \\end{cases}",
    ],
)
def test_what_has_no_conditions_stays(formula):
    assert plain_cases(formula) == formula
