"""Answers in plain-text notation and in sentences: lists, groups, units, formulas over lines; choices with remarks."""

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.verifiers import Grader, GroundTruth

COLUMN = "\\begin{pmatrix}\n4 \\\\\n7\n\\end{pmatrix}"
MATH = [
    # several values are a list, never one of them
    ("**Answer:** The roots are 3 and 8", "3, 8", True),
    ("**Answer:** The roots are 3 and 8", "3", False),
    ("#### The values are 3, 8, and 11", "3,8,11", True),
    ("#### The values are 3, 8, and 11", "11", False),
    ("Final Answer: The values of t are 4 and -6.", "4,-6", True),
    ("\\boxed{\\text{The roots are 3 and 8}}", "3,8", True),
    ("The answer is: Mia has 14, Leo has 9", "14", False),
    ("#### Mia has 14 and Leo has 9", "9", False),
    ("#### There are 6 green and 4 yellow pens", "4", False),
    ("#### After 3 days and nights she has 12", "12", True),
    ("#### 18 dollars and 50 cents", "18.5", True),
    ("So the two numbers are 7 and 9, with the larger one being $9$.", "9", True),
    # words before a group, an inequality or a formula
    ("**Answer:** The vertex is at (3, -4)", "(3,-4)", True),
    ("#### The domain is (-\u221e, 5]", "(-\\infty,5]", True),
    ("Final Answer: The solution is x > 7", "(7,\\infty)", True),
    ("#### The area is 25*pi", "25\\pi", True),
    ("Final Answer: The length is sqrt(7)", "\\sqrt7", True),
    ("#### a 35% discount", "35", True),
    ("#### an increase of 35%", "35", True),
    # units and conditions behind plain text
    ("**Answer:** 2 1/4 cups", "2\\frac{1}{4}", True),
    ("**Answer:** 9*pi square units", "9\\pi", True),
    ("**Answer:** 9pi square feet", "9\\pi", True),
    ("**Answer:** x\u00b2 + 4 for all x", "x^2+4", True),
    ("**Answer:** 90 radians", "90", False),
    # a space ends a denominator
    ("\\boxed{1/3 + sqrt(2)/3 i}", "\\frac13+\\frac{\\sqrt2}{3}i", True),
    ("\\boxed{1/3 - 1/3 i}", "\\frac13+\\frac13i", False),
    ("\\boxed{5/2 i}", "-\\frac52i", False),
    ("\\boxed{y = 3/5 x - 2}", "y=\\frac35x-2", True),
    ("\\boxed{3/5 \u03c0}", "\\frac{3\\pi}{5}", True),
    ("\\boxed{3/5 \u03c0}", "\\frac{3}{5\\pi}", False),
    ("\\boxed{2/3 sqrt(5)}", "\\frac{2\\sqrt5}{3}", True),
    # U between intervals, but not a name of a point
    ("\\boxed{(-inf, 1) U (4, inf)}", "(-\\infty,1)\\cup(4,\\infty)", True),
    ("The answer is [-2, 0] U [3, 5].", "[-2,0]\\cup[3,5]", True),
    ("The answer is [-2, 0] U [3, 5].", "[-2,0]", False),
    ("\\boxed{U(1, 2)}", "(1,2)", True),
    # names and signs of plain text
    ("\\boxed{sqrt{11}}", "\\sqrt{11}", True),
    ("\\boxed{3sqrt7}", "3\\sqrt7", True),
    ("\\boxed{frac{2}{9}}", "\\frac29", True),
    ("\\boxed{abs(x - 5)}", "|x-5|", True),
    ("\\boxed{cuberoot(5)}", "\\sqrt[3]{5}", True),
    ("\\boxed{\u00b3\u221a5}", "\\sqrt[3]{5}", True),
    ("\\boxed{floor(n/3)}", "\\lfloor n/3 \\rfloor", True),
    ("\\boxed{ceil(n/3)}", "\\lfloor n/3 \\rfloor", False),
    ("\\boxed{log2(7)}", "\\log_2 7", True),
    ("\\boxed{log2(7)}", "\\log 14", False),
    ("Final Answer: +/- 4", "\\pm 4", True),
    ("\\boxed{+-4}", "\\pm4", True),
    ("\\boxed{+-4}", "-4", False),
    ("**Answer:** 8!/(2! * 6!)", "28", True),
    ("**Answer:** 2 * 5!", "240", True),
    ("The answer is 42! Great.", "42", True),
    # formulas over lines
    (f"The answer is ${COLUMN}$. I hope it is correct.", "\\begin{pmatrix}4\\\\7\\end{pmatrix}", True),
    (f"#### {COLUMN}", "\\begin{pmatrix}4\\\\7\\end{pmatrix}", True),
    (f"#### {COLUMN}", "7", False),
    (f"Hence, $\\mathbf{{u}} = {COLUMN}$.", "\\begin{pmatrix}4\\\\7\\end{pmatrix}", True),
    (f"Hence, $\\mathbf{{u}} = {COLUMN}$.", "7", False),
    ("The answer is $x^2 +\n6x + 9$.", "(x+3)^2", True),
    # a full stop within the last formula
    ("So we get\n\\[\nk = \\frac{5}{8}.\n\\]", "\\frac58", True),
    ("Therefore, $(a, b) = (4, -9).$", "(4,-9)", True),
    (f"So\n$$\\mathbf{{u}} = {COLUMN}.$$", "7", False),
    ("Thus there are $7$ possible values of $m.$", "7", True),
    ("Thus there are $12$ pairs $(a,b).$", "12", True),
    ("The total is $14 + 27 = 41,328.$", "41,328", True),
    # the right side of the last formula
    ("So we get\n\\begin{align*}\nf(x) &= (x+1)^2 - 1 \\\\\n&= x^2 + 2x.\n\\end{align*}", "x^2+2x", True),
    ("Then $V = \\frac13 \\cdot 9\\pi \\cdot 4 = 12\\pi\\text{ cubic inches}.$", "12\\pi", True),
    ("Therefore, $ab = (2 + i)(3 - i) = 7 + i.$", "7+i", True),
    ("Therefore, $ab = (2 + i)(3 - i) = 7 + i.$", "7-i", False),
    ("The other roots are $2,-2,-5i.$", "2,-2,-5i", True),
    ("The area is $\\frac{8}{3}\\pi$ cups.", "\\frac{8\\pi}{3}", True),
    ("The roots are $4$ and $-\\frac{1}{3}$.", "-\\frac13", False),
    ("We find $\\sum_{k=1}^{3} k$.", "1", False),
    ("No line:\n\\begin{align*} \\\\ \\end{align*}", "1", False),
    # what a last sentence counts
    ("There are $14$ multiples of $6$ between $10$ and $95$.", "14", True),
    ("There are $14$ multiples of $6$ between $10$ and $95$.", "95", False),
    ("Hence $x$ is even, for a total of $5$ possible values of $x$ below 12.", "5", True),
    ("There are 12 boxes, and 30 pens", "30", True),
    ("There are 4 boxes of 6 pens, so 24", "24", True),
]

CITIES = ("Sydney", "Melbourne", "Canberra", "Perth")
STATES = ("evaporation", "condensation", "sublimation", "freezing")
TOOLS = ("ruler", "thermometer", "graduated cylinder", "balance")
WAYS = ("Use a spoon to scoop out the seeds.", "Use a hammer to scoop out the seeds.")
REJECTED = "- **A:** Sydney is the largest city.\n- **B:** Melbourne was temporary.\n- **D:** Perth is far away."
LETTERS = [
    # a list below the answer
    (f"**Answer: C**\n\n**Why the others are wrong:**\n{REJECTED}", CITIES, "C"),
    (f"\\boxed{{C}}\n\nThe other options:\n{REJECTED}", CITIES, "C"),
    ("A: Sydney", CITIES, "A"),
    ("A: Sydney\nB: Melbourne\nC: Canberra\nD: Perth", CITIES, None),
    # a boxed formula in the explanation
    ("**Answer: D**\n\nThe rate is \\boxed{4.2\\ \\text{kJ}}.", STATES, "D"),
    ("**Answer: D**\n\nNo: \\boxed{A}", STATES, "A"),
    ("The answer is B. Or \\boxed{E}", STATES, None),
    # remarks about another option
    ("The best answer is C.\n\nMany people choose A because Sydney is better known.", CITIES, "C"),
    ("**Correct Answer: C**\n\n**Common mistake:** Choosing A because Sydney is large.", CITIES, "C"),
    ("The correct answer is C. You might think the answer is A, but Sydney is only large.", CITIES, "C"),
    ("The answer is C. Choosing D would be wrong, as Perth is far away.", CITIES, "C"),
    ("The answer is C. Do not choose B, because Melbourne lost the title.", CITIES, "C"),
    ("The answer is A. Cooling does the opposite, in which case the answer would be B.", STATES, "A"),
    ("\u6b63\u786e\u7b54\u6848\u662fC\u3002\u5f88\u591a\u540c\u5b66\u4f1a\u9519\u9009A\u3002", STATES, "C"),
    # which the writer's own words are not
    ("I would say the answer is B.", STATES, "B"),
    ("Therefore we will choose B.", STATES, "B"),
    ("So we would choose option B.", STATES, "B"),
    ("By trial and error, the answer is B.", STATES, "B"),
    ("After fixing my mistake, the answer is B.", STATES, "B"),
    ("We believe the answer is B.", STATES, "B"),
    # cut off while going through the options
    ("Let's analyze each option:\n\nA. Evaporation: this happens when a liquid", STATES, None),
    (
        "Option A: Evaporation is when a liquid turns to gas.\n\nOption B: Condensation is when a gas turns into",
        STATES,
        None,
    ),
    ('First, consider option A: "It evaporates." This would be true if', STATES, None),
    ("**D.** freezing\n\n- **A.** evaporation needs heat\n- **B.** condensation makes a liquid of gas", STATES, "D"),
    # other nouns and other languages
    ("Therefore, Solution A is the better choice.", WAYS, "A"),
    ("Solution A makes more sense, because a hammer breaks it.", WAYS, "A"),
    ("Ending B is the most plausible.", CITIES, "B"),
    ("Por lo tanto, C es la respuesta correcta.", STATES, "C"),
    ("Somit ist C die richtige Antwort.", STATES, "C"),
    ("\u6240\u4ee5C\u662f\u6b63\u786e\u7684\u9009\u9879\u3002", STATES, "C"),
    # the text of one option in the only sentence
    ("The student should use a graduated cylinder.", TOOLS, "C"),
    ("The student should not use a graduated cylinder.", TOOLS, None),
    ("a = 40 N / 5 kg = 8 m/s\u00b2.", ("2 m/s^2", "4 m/s^2", "8 m/s^2", "16 m/s^2"), "C"),
]


def test_formulas_and_numbers():
    with Grader(workers=2) as grader:
        verdicts = grader.grade([row[0] for row in MATH], [GroundTruth("math", row[1]) for row in MATH])
    assert [row for row, verdict in zip(MATH, verdicts, strict=True) if verdict.correct != row[2]] == []


@pytest.mark.parametrize(("response", "options", "letter"), LETTERS)
def test_letters(response, options, letter):
    assert extract_letter(find_answer(response), options, response)[0] == letter
