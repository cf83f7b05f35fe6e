"""One spelling of a formula: Unicode, plain text and the ways of writing LaTeX, each by hand."""

import pytest

from reward_memory.verifiers.spelling import has_percent, read_formula, undelimited


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        # characters
        ("\u00bdx", "\\frac{1}{2}x"),
        ("3\u00bdx", "(3+\\frac{1}{2})x"),
        ("\u221a2", "\\sqrt{2}"),
        ("\u221b5", "\\sqrt[3]{5}"),
        ("\u221c7", "\\sqrt[4]{7}"),
        ("\u221a(x+(1))", "\\sqrt{x+(1)}"),
        ("\u221a{y}", "\\sqrt{y}"),
        ("\u221b(x)\u221a2", "\\sqrt[3]{x}\\sqrt{2}"),
        ("\u221b(x", "\u221b(x"),
        ("x\u2081\u2082+y\u00b2\u00b3", "x_{12}+y^{23}"),
        ("x\u207b\u00b9", "x^{-1}"),
        ("2\u00d7\u03c0", "2\\times \\pi"),
        ("x \u2208 \u211d", "x \\in \\mathbb{R}"),
        # names
        ("cbrt(8)", "\\sqrt[3]{8}"),
        ("\\cbrt(8)", "\\sqrt[3]{8}"),
        ("sqrt(2)+sqrt(x+(1))", "\\sqrt{2}+\\sqrt{x+(1)}"),
        ("\\sqrt(3)", "\\sqrt{3}"),
        ("\\sqrt[3](8)", "\\sqrt[3]{8}"),
        ("sqrt(3", "sqrt(3"),
        ("sin(x)", "\\sin (x)"),
        ("inf", "\\infty"),
        ("2pi", "2\\pi"),
        ("asin", "asin"),
        # fonts, sizes and colors
        ("\\mathrm{e}", "e"),
        ("\\text{sin}x", "\\sin x"),
        ("3.0\\mathrm{e}8", "3.0\\times 10^{8}"),
        ("3\\mathrm{e}8", "3\\times 10^{8}"),
        ("3\\mathrm{E}8", "3\\times 10^{8}"),
        ("\\mathrm m", "m"),
        ("{\\rm e}", "e"),
        ("{\\rm cm}", "\\text{cm}"),
        ("\\rm cm", "\\text{cm}"),
        ("\\it x", "x"),
        ("\\bf 5", "5"),
        ("\\mathbf{x=5}", "x=5"),
        ("\\textcolor{red}{5}", "{5}"),
        ("\\left(5\\right)", "(5)"),
        ("\\left.5\\right.", "5"),
        # synonyms
        ("\\frac 1 2", "\\frac{1}{2}"),
        ("\\lvert x\\rvert", "| x|"),
        ("\\lbrace 1\\rbrace", "\\{ 1\\}"),
        ("\\langle 1,2\\rangle", "( 1,2)"),
        ("x!=3", "x\\ne 3"),
        ("2*3", "2\\cdot 3"),
        ("E_1", "\\Upsilon _1"),
        # residues
        ("3\\pmod{7}", "3+M_{7}"),
        ("3 \\equiv 4 \\pmod 7", "3 = 4+M_{7}"),
        ("3 (mod 7)", "3+M_{7}"),
        # lists, systems and matrices
        ("\\begin{array}{c}5\\end{array}", "5"),
        ("\\begin{array}{cc}1&2\\end{array}", "\\begin{pmatrix}1&2\\end{pmatrix}"),
        ("\\begin{array}{c}1\\\\2\\end{array}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"),
        ("\\begin{matrix}5\\end{matrix}", "\\begin{pmatrix}5\\end{pmatrix}"),
        ("\\begin{array}{l}x=1\\\\y=2\\end{array}", "x=1,y=2"),
        ("\\begin{cases}x&=1\\\\y&=2\\end{cases}", "x=1,y=2"),
        ("1 \\text{ or } 2", "1 , 2"),
        ("1\\qquad\\quad x=2", "1, x=2"),
        ("1,,2", "1, 2"),
        ("x=1\\pm\\sqrt{2}", "x=1+ \\sqrt{2}, x=1- \\sqrt{2}"),
        ("x\\mp 3 \\pm y", "x- 3 + y, x+ 3 - y"),
        ("\\pm 2", "\\pm 2"),
        # numbers
        ("0.142857142857...", "\\frac{142857}{999999}"),
        ("0.\\dot{1}4285\\dot{7}", "\\frac{142857}{999999}"),
        ("1\\ldots", "1\\xi_{99}"),
        ("3{,}5", "3.5"),
        ("3{,}500", "3500"),
        ("1{,}234{,}567", "1234567"),
        ("1,\\!000", "1000"),
        ("12 345 678", "12345678"),
        ("12,34,567", "1234567"),
        ("-1,234\\pi", "-1234\\pi"),
        ("4.5 x 10^3", "4.5\\times 10^3"),
        ("2\\frac{1}{2}\\pi", "(2+\\frac{1}{2})\\pi"),
        ("2\\frac{3}{2}\\pi", "2\\frac{3}{2}\\pi"),
        ("2\\frac{2}{2}\\pi", "2\\frac{2}{2}\\pi"),
        ("1.\\overline{6}", "\\frac{15}{9}"),
        (".\\overline{3}", "\\frac{3}{9}"),
        # powers and derivatives
        ("x^(y+1)", "x^{y+1}"),
        ("x^(2", "x^(2"),
        ("x^{2}3", "x^{2}3"),
        ("f''(x)", "f_{92}(x)"),
        ("f^{\\prime\\prime}(x)", "f_{92}(x)"),
        # units and degrees
        ("\\sin 30^\\circ", "\\sin (\\frac{30\\pi}{180})"),
        ("30^\\circ", "30"),
        ("5\\,\\mathrm{km}/\\mathrm{h}", "5"),
        ("5\\text{ m}^2", "5"),
        ("5 \\text{ million}", "5 \\text{ million}"),
        ("5 \\text{ million} \\text{ m}", "5 \\text{ million} \\text{ m}"),
        ("{35 cm, 4}", "{35, 4}"),
        ("5 \\text{ percent}", "5"),
        ("\\text{\u20ac}5", "5"),
        # backslashes that a text lost or doubled
        ("\\\\frac{1}{2}", "\\frac{1}{2}"),
        ("\frac{1}{2}", "\\frac{1}{2}"),
        # nothing, or more than a formula
        ("x" * 2_000, "x" * 2_000),
        (";", None),
        ("5\\text{ when }x=1", None),
        ("so $5$", None),
    ],
)
def test_a_formula_is_spelled_in_one_way(text, formula):
    assert read_formula(text) == formula


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("f(x) = $5$ **", "f(x) = 5"),
        ("x = $5$ %", "x = 5%"),
        ("x = $5$ cm", "x = 5"),
        ("$5$ and $6$", "5 and 6"),
        ("$5$ apples and more", None),
        ("\\boxed{\\boxed{3}}", "3"),
        ("\\boxed{1} + \\boxed{2}", "1, 2"),
        ("\\boxed{12} cm", "12 cm"),
        # a brace that is text closes no box
        ("\\boxed{\\left\\{ 5 \\right.} cm", "\\left\\{ 5 \\right. cm"),
        ("\\boxed{a\\}} b", "a\\} b"),
        ("\\boxed{a\\}", "a\\}"),
        # words between formulas
        ("$5$ and $6$, $7$", "5 and 6 , 7"),
        ("$5$ apples $6$ $7$", None),
        ("$5$ $6$ apples $7$", None),
        ("$5$ apples $6$", None),
    ],
)
def test_what_may_stand_outside_of_the_delimiters(text, inside):
    found = undelimited(text)
    assert (found and " ".join(found.split())) == inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5%", True),
        ("5\\%", True),
        ("5\uff05", True),
        ("5 percent", True),
        ("5 per cent", True),
        ("5\\text{ percent}", True),
        ("the percentage is 5", True),
        ("5 cents", False),
        ("5 centimeters", False),
        ("5", False),
    ],
)
def test_a_percentage_has_a_sign_or_the_word(text, expected):
    assert has_percent(text) is expected


def test_cases_are_a_list_of_values_that_are_marked_by_their_conditions():
    def cases(value, condition):
        return read_formula(f"\\begin{{cases}} {value} & {condition} \\\\ 1 & \\text{{otherwise}} \\end{{cases}}")

    first = cases("2x", "\\text{if } x > 1")
    assert first.startswith("2x+M_{")
    assert "begin" not in first
    assert cases("2x", "x>1") == first
    assert cases("2x", "x>2") != first
