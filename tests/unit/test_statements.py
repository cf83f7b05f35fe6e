"""Statements that name an option: where each ends, which letter it names, whether it is firm, and how far it looks."""

import pytest

from reward_memory.answers.choices import Item
from reward_memory.answers.statements import Statement, statements

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
        ("answer: A| and A", "A", True),
        ("answer: E|.", None, True),
        ("answer: E)| it", None, True),
        ("so B| is correct", "B", True),
        ("answer not A but B|", "B", True),
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


def test_the_last_300_leads_count():
    found = statements("answer C\n" + "answer B\n" * 300, ANIMALS)
    assert [statement.letter for statement in found] == ["B"] * 300
