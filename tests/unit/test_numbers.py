"""Plain numbers in answers: their exact values, and the texts that are no number."""

from fractions import Fraction

import pytest

from reward_memory.answers.numbers import (
    as_ascii,
    decimal_comma,
    last_number,
    number_in_words,
    number_with_unit,
    plain_number,
)

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # signs and money, one sign at most
        ("42", 42),
        ("-42", -42),
        ("+7", 7),
        ("$5", 5),
        ("5$", 5),
        ("$-5$", -5),
        ("-$5", -5),
        ("-$-5", None),
        ("€ 5", 5),
        ("USD 5", 5),
        ("\\$5", 5),
        # what surrounds it
        ("**5**", 5),
        ("\\(5\\)", 5),
        ("\\(5.0", None),
        ("5.0\\)", None),
        ("5.", 5),
        (" `5` ", 5),
        # thousands
        ("1,234", 1234),
        ("12,34,567", 1_234_567),
        ("1 234 567.5", Fraction(2_469_135, 2)),
        ("1.234.567", 1_234_567),
        ("1.234", Fraction(617, 500)),
        ("1{,}234", 1234),
        ("1\\,234", 1234),
        ("1\\ 234", 1234),
        ("1_000", 1000),
        ("1\\_000", 1000),
        ("1_00", None),
        ("1234,5", None),
        # decimals and powers of ten
        (".5", HALF),
        ("0.50", HALF),
        ("4.5e3", 4500),
        ("1E-2", Fraction(1, 100)),
        ("2e+1", 20),
        # fractions and mixed numbers
        ("3/4", Fraction(3, 4)),
        ("-3 / 4", Fraction(-3, 4)),
        ("1.5/3", HALF),
        ("3/0", None),
        ("5 1/2", 5 + HALF),
        ("-5 1/2", -5 - HALF),
        ("3 0/5", 3),
        ("3 1/0", None),
        ("\\frac{1}{2}", HALF),
        ("-\\frac{1}{2}", -HALF),
        ("\\frac{-1}{2}", -HALF),
        ("-\\frac{-1}{2}", HALF),
        ("\\dfrac12", HALF),
        ("-\\tfrac12", -HALF),
        ("\\frac{1}{0}", None),
        ("\\frac10", None),
        # other characters
        ("\u2212５", -5),
        ("½", HALF),
        ("3½", 3 + HALF),
        ("1\u20442", HALF),
        ("1\u00a0000", 1000),
        ("\u200b7", 7),
        # no number
        ("", None),
        ("$", None),
        ("x", None),
        ("5 apples", None),
        ("1" * 400, int("1" * 400)),
        ("1" * 401, None),
    ],
)
def test_a_plain_number_has_its_exact_value(text, value):
    assert plain_number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2,74", Fraction(137, 50)),
        ("-2,74", Fraction(-137, 50)),
        ("1 234,5", Fraction(2469, 2)),
        ("€2,5", 2 + HALF),
        ("0,125", Fraction(1, 8)),  # thousands do not begin with a zero
        ("2,745", None),  # thousands
        ("2.74", None),
        ("2,7,4", None),
    ],
)
def test_a_comma_is_a_decimal_point_where_it_cannot_part_thousands(text, value):
    assert decimal_comma(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18 apples", 18),
        ("18 km/h", 18),
        ("$18 per hour.", 18),
        ("18 dollars/customer/transaction", 18),
        ("18!", 18),
        ("5 m", 5),
        ("5 x", None),  # a variable
        ("Total: 18", 18),
        ("2. Total distance = 18 km", 18),
        ("about 18 apples", 18),
        ("~18", 18),
        ("3 1/2 cups", 3 + HALF),
        ("3 1/0 cups", None),
        # scales
        ("3 hundred", 300),
        ("5 Thousand dollars", 5000),
        ("1.5 million", 1_500_000),
        ("2 billion", 2_000_000_000),
        ("1 trillion", 1_000_000_000_000),
        ("2 dozen eggs", 24),
        ("3 dozens", 36),
        ("3/0 million", None),
        ("2 tausend", 2_000),
        ("3 millones", 3_000_000),
        ("2 Milliarden", 2_000_000_000),
        ("5\u5343", 5_000),
        ("3\u4e07", 30_000),
        ("3\u5104", 300_000_000),
        # words that change the value
        ("18 percent", None),
        ("18 or 19", None),
        ("2 hundred million", None),
        ("18 + 2", None),
        ("apples", None),
    ],
)
def test_words_around_a_number_leave_its_value_or_there_is_none(text, value):
    assert number_with_unit(text) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("first 3, then 4.5.", ("4.5", Fraction(9, 2))),
        ("so 1,234, that is", ("1,234", 1234)),
        ("it costs 2,74", ("2,74", Fraction(137, 50))),
        ("from -3/4", ("-3/4", Fraction(-3, 4))),
        ("$.5", ("$.5", HALF)),
        ("x2", None),  # a name
        ("by 3/0", None),
        ("it costs 1.5 Million dollars", ("1.5 Million", 1_500_000)),
        ("\u51713\u4e07\u5143", ("3\u4e07", 30_000)),
        ("he buys 3 dozen eggs", ("3", 3)),  # a dozen is what is counted
        ("2 1/2", ("2 1/2", 2 + HALF)),
        ("so 2 1/2 cups", ("2 1/2", 2 + HALF)),
        ("so x2 1/2 cups", ("1/2", HALF)),
        ("1" * 400, ("1" * 400, int("1" * 400))),
        ("1" * 401, None),
        ("none", None),
    ],
)
def test_the_last_number_of_a_text(text, found):
    assert last_number(text) == found


def test_look_alikes_become_ascii():
    assert as_ascii("45\u02da \u2013\u2003１０ ⅓\u00ad") == "45\u00b0 - 10 1/3"
    assert as_ascii("plain") == "plain"


@pytest.mark.parametrize(
    ("pictures", "seen"),
    [
        # the first and the last of each range of pictures are dropped, and their neighbors stay
        ("\u25ff\u2600", "\u25ff"),
        ("\u2714\u2715\u2716\u2717", "\u2715\u2716"),  # signs of multiplication
        ("\u2752\u2753", "\u2753"),
        ("\U0001f2ff\U0001f300", "\U0001f2ff"),
        ("\U0001faff\U0001fb00", "\U0001fb00"),
    ],
)
def test_pictures_are_dropped(pictures, seen):
    assert as_ascii(f"5{pictures}") == f"5{seen}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zero", 0),
        ("Seventeen.", 17),
        ("twenty-one", 21),
        ("thirty", 30),
        ("ninety-two", 92),
        ("twenty nine", 29),
        ("twenty zero", None),
        ("Minus five", -5),
        ("negative two thirds", Fraction(-2, 3)),
        # hundreds and thousands
        ("a hundred", 100),
        ("a hundred and five", 105),
        ("twenty hundred", 2000),
        ("two hundred and twenty four thousand", 224_000),
        ("two million three thousand four", 2_003_004),
        ("hundred", None),
        ("a", None),
        ("a five", None),
        ("five a hundred", None),
        ("apple hundred", None),
        ("ninety nine hundred", 9900),
        ("one hundred zero hundred", None),
        ("three thousand four thousand", None),
        ("and five", None),
        ("seven hundred and", None),
        ("two hundred hundred", None),
        ("three thousand thousand", None),
        ("one thousand two million", None),
        # parts
        ("half", HALF),
        ("a half", HALF),
        ("one half", HALF),
        ("three halves", Fraction(3, 2)),
        ("a quarter", Fraction(1, 4)),
        ("three quarters", Fraction(3, 4)),
        ("twenty one tenths", Fraction(21, 10)),
        ("three and two thirds", Fraction(11, 3)),
        ("two hundred and three and a half", 203 + HALF),
        ("three and a half", 3 + HALF),
        ("and a half", None),
        ("apples and a half", None),
        # what is counted
        ("eight apples", 8),
        ("minus twenty square meters", -20),
        ("apples", None),
        ("eight large green apples", None),
        ("eight percent", None),
        ("eight of", None),
        # a second number is not what is counted
        ("five twenty", None),
        ("twenty ten", None),
        ("eight five apples", None),
        ("minus", None),
    ],
)
def test_a_number_in_words_has_its_value(text, value):
    assert number_in_words(text) == value


def test_words_of_80_characters_are_read():
    assert number_in_words(f"twelve{' ' * 69}boxes") == 12
    assert number_in_words(f"twelve{' ' * 70}boxes") is None
