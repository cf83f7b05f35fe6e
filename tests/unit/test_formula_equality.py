"""Formulas and numbers compared in this process: what is equal, within which bounds, and how a formula is spelled."""

import pytest
from sympy import Eq, Integer, symbols

from reward_memory.answers.extraction import Answer
from reward_memory.verifiers.equality import _contradicted, _evaluated, equal, parse_formula, rounded_places
from reward_memory.verifiers.math import Judgment, Question, compare
from reward_memory.verifiers.spelling import is_prose, read_formula, undelimited


def same(truth: str, answer: str, places: int | None = None, percent: bool = False, tolerance: float = 0) -> bool:
    gold, found = (parse_formula(read_formula(text)) for text in (truth, answer))
    assert gold is not None
    assert found is not None
    return equal(gold, found, places, percent, tolerance)


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        ("i", "\\sqrt{-1}", True),  # i alone is the imaginary unit
        ("i^2", "-1", True),
        ("i + n", "n + i", True),
        ("x^2 - 1", "(x - 1)(x + 1)", True),
        ("x^2 - 1", "(x - 1)(x + 2)", False),
        ("x + y", "x - y", False),
        # numbers are exact; decimals are to six places
        ("\\frac{1}{3}", "\\frac{2}{6}", True),
        ("\\frac{1}{3}", "0.33333333", True),
        ("\\frac{1}{3}", "0.3333", False),
        ("\\frac{1}{3} + i", "0.333333 + i", True),
        ("\\frac{1}{3} + i", "0.33333 + i", False),
        ("0.5", "\\frac{1}{2}", True),
        ("10^{30}", "10^{30} + 1", False),
        ("\\sqrt{2}", "1.4142", False),
        ("\\sqrt{2}", "2^{1/2}", True),
        ("10^{-20}", "2 \\cdot 10^{-20}", False),
        ("\\infty", "\\infty", True),
        ("\\infty", "-\\infty", False),
        # sets, tuples, intervals, matrices
        ("\\{1, 2\\}", "\\{2, 1\\}", True),
        ("\\{1, 2\\}", "\\{1, 3\\}", False),
        ("\\{1, 2\\}", "\\{1, 2, 3\\}", False),
        ("(1, 2)", "(1, 2)", True),
        ("(1, 2)", "(2, 1)", False),
        ("[1, \\infty)", "[1, \\infty)", True),
        ("[1, 3)", "[1, 4)", False),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}", True),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}", False),
        # math-verify takes all tiny numbers for equal
        (*(f"\\begin{{pmatrix}}{tiny} \\cdot 10^{{-20}}\\\\2\\end{{pmatrix}}" for tiny in ("1.5", "2.5")), False),
        ("f(n) = 1, f(n) = -1", "f(x) = -1, f(x) = 1", True),
        ("f(n) = 1, f(n) = -1", "f(n) = 1, f(n) = 2", False),
        ("f(n) = 1, f(n) = -1", "g(n) = 1, g(n) = -1", False),
        # equations
        ("x + y = 2", "y = 2 - x", True),
        ("2x + 2y = 4", "x + y = 2", True),
        ("x + y = 2", "x + y = 3", False),
        ("x = 2", "2", True),
        ("x + y + z = 2", "z = 2 - x - y", True),
        ("x + y + z = 2", "z = 3 - x - y", False),
        ("xy = 2", "y = \\frac{2}{x}", True),
        ("x^2 + y^2 = 2", "x^2 - y^2 = 2", False),
        # tiny functions, which are no zeros
        ("10^{-20} x", "\\frac{x}{10^{20}}", True),
        ("10^{-20} x", "2 \\cdot 10^{-20} x", False),
        ("10^{-20} \\sin(x)^2", "10^{-20}(1 - \\cos(x)^2)", True),
        ("10^{-20} \\sin(x)^2", "10^{-20}(1 - \\cos(x))", False),
    ],
)
def test_formulas_are_equal_if_their_values_are(truth, answer, expected):
    assert same(truth, answer) is expected


@pytest.mark.parametrize(
    ("answer", "places", "expected"),
    [("2.6667", 4, True), ("2.6667", None, False), ("2.6668", 4, False), ("2.667", 3, True), ("2.66667", 5, True)],
)
def test_a_rounded_number_has_as_many_right_decimals_as_it_shows(answer, places, expected):
    # eight thirds
    assert same("\\frac{8}{3}", answer, places) is expected


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        ("\\{1, \\frac{8}{3}\\}", "\\{1, 2.6667\\}", True),
        ("\\{1, \\frac{8}{3}\\}", "\\{1, 2.6668\\}", False),
        ("(1, \\frac{8}{3})", "(1, 2.6667)", True),
        ("(1, \\frac{8}{3})", "(1, 2.6668)", False),
        ("\\frac{8}{3} x", "3 x", False),
    ],
)
def test_rounding_counts_within_sets_and_tuples_and_never_excuses_another_formula(truth, answer, expected):
    assert same(truth, answer, 4) is expected


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        ("0.1234561", "0.1234564", True),  # 0.123456 both
        ("0.1234561", "0.1234569", False),  # 0.123456 and 0.123457
        ("0.0001", "0.0001000001", True),  # below a thousandth: relative, 1e-6 of it
        ("0.0001", "0.00010001", False),  # 1e-4 of it
        ("1.5", "1.5000001", True),
        ("1.5", "1.50001", False),
    ],
)
def test_decimals_are_equal_to_six_places_and_tiny_ones_relatively(truth, answer, expected):
    assert same(truth, answer) is expected


@pytest.mark.parametrize(
    ("truth", "answer", "percent", "tolerance", "expected"),
    [
        ("0.1", "10", True, 0, True),
        ("10", "0.1", True, 0, True),
        ("0.1", "10", False, 0, False),
        ("0.1", "11", True, 0, False),
        ("10", "10.5", False, 0.5, True),
        ("10", "10.6", False, 0.5, False),
        ("10", "11", False, 1, True),
        ("10", "11", False, 0, False),
    ],
)
def test_percentages_and_tolerances(truth, answer, percent, tolerance, expected):
    assert same(truth, answer, None, percent, tolerance) is expected


@pytest.mark.parametrize(
    ("source", "truth", "places"),
    [
        ("2.6667", "\\frac{8}{3}", 4),
        ("2.667", "\\frac{8}{3}", 3),
        ("2.67", "\\frac{8}{3}", None),  # three digits
        ("0.0667", "\\frac{1}{15}", None),  # zeros before are no digits
        ("0.06667", "\\frac{1}{15}", 5),
        ("2.6667", "2.66", None),
        ("(1.234, 5.67891)", "x", 5),
        ("12", "\\frac{8}{3}", None),
    ],
)
def test_an_answer_is_rounded_if_it_shows_four_digits_and_the_truth_is_no_decimal(source, truth, places):
    assert rounded_places(source, truth) == places


def judged(answer: str, truth: str, how: str = "bare", tolerance: float = 0) -> bool | None:
    """None where only computer algebra can say."""
    found = compare(Answer(answer, how, answer if how in ("text", "statement") else ""), truth, tolerance)
    return found.correct if isinstance(found, Judgment) else None


@pytest.mark.parametrize(
    ("answer", "truth", "expected"),
    [
        ("12", "12", True),
        ("12", "13", False),
        ("12.0", "12", True),
        ("1,200", "1200", True),
        ("50%", "50", True),
        ("50%", "0.5", True),
        ("0.5", "50%", True),
        ("50%", "50%", True),
        ("0.5%", "50%", False),
        ("5%", "50", False),
        ("1/12", "0.0833333", None),  # a question of precision
        ("1/2", "0.5", True),
        ("1/2", "2/4", True),
        ("1/2", "1/3", False),
        ("2,74", "2.74", True),
        ("2.74", "2,74", True),
        ("2.75", "2,74", None),
        ("12", "12 cm", True),
        ("13", "12 cm", False),
        ("Yes", "yes", True),
        ("X", "x", None),
        ("(B) dog", "B", True),
        ("(B) dog", "(B)", True),
        ("(C) dog", "B", None),
        ("x+1", "x + 1", True),
        ("1 2", "12", False),
        ("\\text{cat}", "cat", True),
        ("\\dfrac12", "\\frac12", True),
        ("", "5", False),
        ("5", "", False),
        ("", "", False),
        ("5", "so\n#### 5", True),
        ("5", "so \\boxed{5} it is", True),
        ("x^2", "x^3", None),
    ],
)
def test_text_and_numbers_decide_without_computer_algebra(answer, truth, expected):
    assert judged(answer, truth) is expected


@pytest.mark.parametrize(
    ("answer", "how", "expected"),
    [
        ("we get 3 and then 12", "text", True),
        ("we get 12 and then 3", "text", False),
        ("12 apples", "statement", True),
        ("12 apples", "boxed", True),
        ("13 apples", "hash", False),
    ],
)
def test_how_an_answer_was_found_says_how_it_is_read(answer, how, expected):
    assert judged(answer, "12", how) is expected


@pytest.mark.parametrize(
    ("answer", "tolerance", "expected"), [("12.5", 0.5, True), ("12.51", 0.5, False), ("11.5", 0.5, True)]
)
def test_a_tolerance_is_absolute(answer, tolerance, expected):
    assert judged(answer, "12", tolerance=tolerance) is expected


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ("{" * 61 + "x" + "}" * 61, "too long or too deep"),
        ("x" * 4_001, "too long or too deep"),
        ("1 x 2 3", "not a formula"),
    ],
)
def test_what_no_algebra_is_asked_about(answer, path):
    found = compare(Answer(answer, "boxed"), "y^2")
    assert (found.correct, found.path) == (False, path)
    assert len(found.extracted) <= 2_000


def test_sixty_braces_are_not_too_deep():
    assert isinstance(compare(Answer("{" * 60 + "x" + "}" * 60, "boxed"), "y^2"), Question)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("$x + 1$", "x + 1"),
        ("$$\\boxed{5}$$", "5"),
        ("**7**", "7"),
        ("x^(2)", "x^2"),
        ("x**12", "x^{12}"),
        ("sqrt(3)", "\\sqrt{3}"),
        ("2√3", "2\\sqrt{3}"),
        ("x² + 1", "x^2 + 1"),
        ("1,234,567", "1234567"),
        ("3 1/2", "3\\frac{1}{2}"),
        ("1.5e3", "1.5\\times 10^{3}"),
        ("0.\\overline{3}", "\\frac{3}{9}"),
        ("0.1\\overline{6}", "\\frac{15}{90}"),
        ("0.1666...", "\\frac{15}{90}"),
        ("5 \\text{ cm}", "5"),
        ("\\mathbf{12}", "12"),
        ("\\mathbf{1.5}", "1.5"),
        ("\\mathbf{-1.5}", "-1.5"),
        ("\\mathbf{.5}", ".5"),
        ("\\mathbf{x}", "x"),
        ("\\mathbf{xy}", "\\mathbf{xy}"),
        ("35\\%", "35"),
        ("x \\leq 3", "x \\le 3"),
        ("1 2", None),
        ("", None),
        ("x" * 2_001, None),
    ],
)
def test_a_formula_has_one_spelling(text, formula):
    assert read_formula(text) == formula


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("there are five apples", True),
        ("x + 1", False),
        ("\\text{there are five}", False),
        ("sin x and cos x", False),
        ("apples $5$", True),
        ("apples", False),
        ("five apples", True),
    ],
)
def test_prose_has_words_around_its_value(text, prose):
    assert is_prose(text) is prose


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("$5$", " 5 "),
        ("so it is $5$", None),
        ("x = $5$", "x =  5 "),
        ("\\boxed{1}\\boxed{2}", "1, 2"),
        ("\\boxed{5", "5"),
        ("$5$ cm", " 5 "),
        ("$5$\\%", " 5%"),
        ("plain", "plain"),
    ],
)
def test_signs_around_a_formula_are_taken_off(text, inside):
    found = undelimited(text)
    assert (found if found is None else found.split()) == (inside if inside is None else inside.split())


def test_an_equation_is_not_judged_where_a_root_gives_the_other_no_value():
    x, y = symbols("x y")
    roots = Eq(y * (x - 1) * (x - 2), 0)
    assert not _contradicted(roots, Eq(y * (x - 2) / (x - 1), 0))  # has no value where x is 1
    assert _contradicted(roots, Eq(y * (x - 3), 0))


def test_only_tiny_functions_are_told_apart_by_their_values():
    x = symbols("x")
    assert _contradicted(x / 10**20, 2 * x / 10**20)
    assert not _contradicted(x / 10**20, (x + 1) / 10**20 - 1 / Integer(10) ** 20)
    assert not _contradicted(x, 2 * x)  # left to computer algebra


def test_a_number_too_large_for_a_float_has_no_value():
    assert _evaluated(Integer(10) ** 300) == pytest.approx(1e300)
    assert _evaluated(Integer(10) ** 400) is None
