"""Statements that name an option: where each ends, which letter it names, whether it is firm, and how far it looks."""

import pytest

from reward_memory.answers.items import Item
from reward_memory.answers.positions import placed
from reward_memory.answers.statements import Statement, only_letter, read_value, statements

ANIMALS = Item("ABCD", ("cat", "dog", "owl", "fox"))


@pytest.mark.parametrize(
    ("marked", "letter", "firm"),
    [
        # the bar marks the statement's end
        ("answer B| it is", "B", True),
        ("answer: (B)| it is", "B", True),
        ("I choose B|", "B", True),
        ("the answer is b|", "B", True),
        ("option B|", "B", False),
        ("option: B|", "B", True),
        ("option is B|", "B", True),
        ("answer A| because", "A", True),
        ("answer (A)| bird", "A", True),  # no word: it has a bracket
        ("answer is dog|", "B", True),
        ("the answer is Cat|", "A", True),
        ("answer: B| or C", None, True),
        ("answer: A| or C", None, True),  # no word: it has another letter
        ('answer: "B"| or C', None, True),
        ("answer: A| and A", "A", True),
        ("answer: E|.", None, True),
        ("answer: E)| it", None, True),
        ("so B| is correct", "B", True),
        ("answer not A but B|", "B", True),
        ("so B| would be correct", "B", True),
        ("so B| is correct for Spain", "B", True),
        ("then B| it is", "B", True),
        ("the last option is correct|", "D", True),
        ("option 2 is correct|", "B", True),
    ],
)
def test_a_statement_has_a_place_a_letter_and_is_firm_unless_it_may_only_speak_of_an_option(marked, letter, firm):
    text = marked.replace("|", "")
    assert statements(text, ANIMALS) == [Statement(marked.index("|"), letter, firm)]


@pytest.mark.parametrize(
    "text",
    [
        "answer I think",
        "answer A bird",
        "answer e",
        "answer b is",
        "answer E is",
        "the answer B is not",
        "whether the answer B",
        "if B is correct",
        "B would be correct if it barked",
        "the fifth option is correct",
        "option 5 is correct",
        "A and B is correct",
    ],
)
def test_what_is_denied_asked_or_a_word_is_no_statement(text):
    assert statements(text, ANIMALS) == []


@pytest.mark.parametrize(("letter", "expected"), [("B", "B"), ("E", "E"), ("F", None)])
def test_letters_without_texts_can_be_named(letter, expected):
    assert [found.letter for found in statements(f"answer: {letter}.", Item("ABCDE", ()))] == [expected]


def test_statements_come_in_the_order_of_the_text():
    text = "so B is correct. The answer is C. Option A"
    assert [(found.letter, found.firm) for found in statements(text, ANIMALS)] == [
        ("B", True),
        ("C", True),
        ("A", False),
    ]


@pytest.mark.parametrize(("spaces", "count"), [(37, 0), (38, 1)])
def test_a_statement_is_taken_back_by_what_begins_within_40_characters_before_it(spaces, count):
    assert len(statements(f"not{' ' * spaces}answer B", ANIMALS)) == count


@pytest.mark.parametrize(("spaces", "count"), [(28, 0), (29, 1)])
def test_a_condition_counts_that_begins_within_30_characters_before_a_subject(spaces, count):
    assert len(statements(f"if{' ' * spaces}that B is correct", ANIMALS)) == count


@pytest.mark.parametrize(("letters", "count"), [(29, 0), (30, 1)])
def test_a_question_mark_counts_after_30_characters_at_most(letters, count):
    assert len(statements(f"so B is correct {'x' * letters}?", ANIMALS)) == count


@pytest.mark.parametrize(("words", "count"), [(5, 1), (6, 0)])
def test_five_words_may_stand_between_answer_and_option(words, count):
    assert len(statements(f"answer {'the ' * words}B", ANIMALS)) == count


@pytest.mark.parametrize(("spaces", "count"), [(13, 1), (14, 0)])
def test_a_reason_after_the_letter_a_counts_within_20_characters(spaces, count):
    assert len(statements(f"answer A{' ' * spaces}because", ANIMALS)) == count


@pytest.mark.parametrize(("spaces", "count"), [(19, 0), (20, 1)])
def test_twenty_spaces_after_a_small_letter_end_its_line(spaces, count):
    assert len(statements(f"answer b{' ' * spaces}is", ANIMALS)) == count


@pytest.mark.parametrize(
    ("place", "letter"),
    [("first", "A"), ("second", "B"), ("third", "C"), ("fourth", "D"), ("fifth", "E"), ("last", "E")],
)
def test_an_option_may_be_named_by_its_place(place, letter):
    item = Item("ABCDE", ("cat", "dog", "owl", "fox", "eel"))
    text = f"the {place} option is correct"
    assert statements(text, item) == [Statement(len(text), letter, True)]


@pytest.mark.parametrize("texts", [("1", "2", "3"), ("1", "dog", "owl"), ("dog", "owl", "3")])
def test_an_option_has_no_number_where_a_digit_is_an_options_text(texts):
    assert not any(found.firm for found in statements("option 2 is correct", Item("ABC", texts)))


def test_a_concluding_letter_may_begin_an_options_text():
    item = Item("ABC", ("c. corax", "a. apus", "dog"))
    assert [found.letter for found in statements("it is A. apus", item)] == ["B"]


@pytest.mark.parametrize(
    ("sentence", "letter"),
    [
        ("It has to be C.", "C"),
        ("I say that it has to be C.", "C"),
        ("C it is, and C it stays, so C.", "C"),
        ("X is good, so it has to be C.", None),
        ("It has to be C, not D.", None),
        ("It has to be C or D.", None),
        ("It may be C.", None),
        ("It has to be E.", None),
        ("By elimination, C.", "C"),
        ("So C++.", None),
        ("", None),
    ],
)
def test_a_sentence_without_doubt_may_single_out_a_letter(sentence, letter):
    assert only_letter(sentence, "ABCD") == letter


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("B, the pet", 0, ("B", 1)),
        ("is B", 3, ("B", 4)),
        ("is B", 2, ("B", 4)),
        ("dog, the pet", 0, ("B", 3)),
        ("**(b)** is it", 0, ("B", 7)),  # a small letter in brackets
        ("**b** is it", 0, None),
        ("b.", 0, ("B", 1)),
        ("A bird", 0, None),
        ("A, or B", 0, (None, 1)),
        ("B or E", 0, ("B", 1)),
        ("B or B", 0, ("B", 1)),
        ("E", 0, (None, 1)),
        ("E*", 0, (None, 2)),
        ("E, that is", 0, None),
        ("e", 0, None),
        ("Bird", 0, None),
        ("", 0, None),
    ],
)
def test_what_is_named_at_a_place_and_where_it_ends(text, place, found):
    assert read_value(text, place, ANIMALS) == found


def test_the_last_300_leads_count():
    found = statements("answer C\n" + "answer B\n" * 300, ANIMALS)
    assert [statement.letter for statement in found] == ["B"] * 300


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The third option.", "C"),
        ("the last one", "D"),
        ("Choice 2", "B"),
        ("option #4", "D"),
        ("Option 5", None),
        ("the fifth answer", None),
        ("the third option is wrong", None),
    ],
)
def test_a_whole_text_may_name_an_option_by_its_place(text, letter):
    assert placed(text, ANIMALS) == letter
    assert placed(text, Item("ABCD", ())) is None


def test_where_options_are_digits_a_number_is_no_place_and_a_word_is():
    digits = Item("ABC", ("", "3", "1"))
    assert placed("Choice 2", digits) is None
    assert placed("the second choice", digits) == "B"
