"""What is said of responses without a label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.reward_models.features.signals import NAMES, SIGNALS, WIDTH, answer_key, signals

COLUMN = {name: number for number, name in enumerate(NAMES)}


def told(thinking, answers, domain="math", query="Tom has 3 apples and 4 pears.", vectors=None):
    """signals of one query's responses, as {column: values}."""
    keys = [answer_key(answer, domain) for answer in answers]
    vectors = np.eye(len(answers), 8) if vectors is None else vectors
    group = np.zeros(len(answers), np.int64)
    out = signals([query], thinking, answers, keys, (vectors, vectors), group, [domain])
    assert out.shape == (len(answers), WIDTH)
    assert out.dtype == np.float32
    return dict(zip(NAMES, out.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("#### 18", "A: 18"),
        ("\\boxed{1,000}", "#### $1000.00"),
        ("\\boxed{\\frac12}", "#### 0.5"),
        ("#### 12 apples", "#### 12"),
        ("#### x + 1", "\\boxed{x+1}"),
    ],
)
def test_equal_mathematics_has_one_key(one, other):
    assert answer_key(one, "math") == answer_key(other, "math") != ""


@pytest.mark.parametrize(("one", "other"), [("#### x+1", "#### 1"), ("\\boxed{(1,2)}", "\\boxed{(3,2)}")])
def test_other_mathematics_has_another_key(one, other):
    assert answer_key(one, "math") != answer_key(other, "math")


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("we get 12 and stop", "12"),
        ("first 3, then 12.50 in all", "25/2"),
        ("#### 12 apples", "12"),
        # a box holds nothing but the answer, and neither it nor a mark is searched for its last number
        ("\\boxed{12 apples}", "12apples"),
        ("#### between 3 and 12", "between3and12"),
        ("#### -0", "0"),
    ],
)
def test_where_an_answer_stands_decides_what_is_read_as_its_number(answer, key):
    assert answer_key(answer, "math") == key


@pytest.mark.parametrize(
    ("answer", "key"), [("#### The Sun.", "thesun"), ("\\boxed{the  sun}", "thesun"), ("#### (c)", "C")]
)
def test_a_choice_without_a_letter_is_known_by_its_text(answer, key):
    assert answer_key(answer, "qa") == key


def test_choices_are_known_by_their_letter():
    assert answer_key("#### (B)", "qa") == answer_key("the answer is B.", "qa") == "B"


def test_programs_are_known_without_layout_and_comments():
    one, other = "```python\ndef f(x):\n  return x  # it\n```", "```python\ndef f( x ):\n    return x\n```"
    assert answer_key(one, "code") == answer_key(other, "code")
    assert answer_key(one, "code") != answer_key(one.replace("return x", "return 1"), "code")


def test_a_program_that_does_not_parse_is_known_by_its_text():
    assert answer_key("def f(: x", "code") == "deff(:x"


@pytest.mark.parametrize("domain", ["math", "qa", "code"])
def test_nothing_is_no_answer(domain):
    assert answer_key("", domain) == answer_key("```python\n```" if domain == "code" else "####", domain) == ""


def test_agreement_by_hand():
    found = told([""] * 4, ["#### 5", "#### 5.0", "#### 6", ""])
    assert found["share"] == [0.5, 0.5, 0.25, 0]
    assert found["majority"] == [1, 1, 0, 0]
    assert found["answers"] == [0.5] * 4
    assert found["largest_share"] == [0.5] * 4
    assert found["answered"] == [1, 1, 1, 0]


def test_without_any_answer_nothing_agrees():
    found = told([""] * 2, ["", ""])
    assert [found[name] for name in SIGNALS[:5]] == [[0, 0]] * 5
    assert [told([""], ["#### 5"])[name] for name in SIGNALS[:5]] == [[1]] * 5


def test_a_tie_has_several_majorities():
    assert told([""] * 3, ["#### A", "#### B", ""], "qa")["majority"] == [1, 1, 0]


def test_likeness_is_the_mean_cosine_with_the_others():
    half = np.sqrt(0.5)
    found = told([""] * 3, [""] * 3, vectors=np.array([[1, 0], [0, 1], [half, half]]))
    assert found["thinking_likeness"] == pytest.approx([half / 2, half / 2, half])
    assert told([""], [""])["answer_likeness"] == [1]


def test_thinking_and_answers_have_a_likeness_of_their_own():
    same, other = np.array([[1.0, 0], [1, 0]]), np.array([[1.0, 0], [0.6, 0.8]])
    out = signals(["?"], [""] * 2, [""] * 2, [""] * 2, (same, other), np.zeros(2, np.int64), ["qa"])
    assert out[:, COLUMN["thinking_likeness"]].tolist() == [1, 1]
    assert out[:, COLUMN["answer_likeness"]] == pytest.approx([0.6, 0.6])


def test_lengths_are_logs_and_relative_to_the_querys_mean():
    found = told(["", "abc"], ["#### 7", ""])
    assert found["length"] == pytest.approx([0, np.log(4)])
    assert found["relative_length"] == pytest.approx([-np.log(2), np.log(2)])
    assert found["answer_length"] == pytest.approx([np.log(7), 0])


def test_a_magnitude_is_a_log_up_to_a_million_millions():
    found = told([""] * 3, ["#### 7", "#### -1/2", f"#### 1{'0' * 15}"])
    assert found["magnitude"] == pytest.approx([np.log(8), np.log(1.5), np.log(1e12)])


def test_queries_know_nothing_of_each_other():
    rows = [("3 + 4 = 7", "#### 7"), ("x", "#### 8"), ("abc", "#### B"), ("", "")]
    thinking, answers = zip(*rows, strict=True)
    domains, group, queries = ["math", "qa"], np.array([0, 0, 1, 1]), ["3 or 4?", "B?"]
    keys = [answer_key(answer, domains[query]) for query, answer in zip(group, answers, strict=True)]
    vectors = np.random.default_rng(0).normal(size=(4, 3))
    together = signals(queries, thinking, answers, keys, (vectors, vectors), group, domains)
    for query, part in enumerate((slice(0, 2), slice(2, 4))):
        one = (vectors[part], vectors[part])
        apart = signals(
            [queries[query]], thinking[part], answers[part], keys[part], one, np.zeros(2, int), [domains[query]]
        )
        assert together[part] == pytest.approx(apart)


def test_a_calculation_is_compared_with_the_question():
    found = told(["3 + 4 = 7", "9", ""], ["#### 7", "#### -1/2", "#### 4"])
    assert found["whole"] == [1, 0, 1]
    assert found["negative"] == [0, 1, 0]
    assert found["given"] == [0, 0, 1]
    assert found["derived"] == [1, 0, 0]
    assert found["used"] == [1, 0, 0]
    assert found["invented"] == pytest.approx([np.log(2), np.log(2), 0])


def test_zero_is_not_negative_and_one_half_is_not_whole():
    found = told([""] * 3, ["#### 0", "#### 1/2", "#### -3"])
    assert found["negative"] == [0, 0, 1]
    assert found["whole"] == [1, 0, 1]
    assert found["magnitude"] == pytest.approx([0, np.log(1.5), np.log(4)])


def test_what_is_no_number_has_only_the_numbers_of_its_thinking():
    found = told(["3 + 9 = 12"], ["#### none"])
    assert [found[name] for name in ("whole", "negative", "magnitude", "given", "derived")] == [[0]] * 5
    assert found["used"] == [0.5]
    assert found["invented"] == pytest.approx([np.log(3)])


@pytest.mark.parametrize(
    ("query", "thinking", "used", "invented"),
    [
        ("How many?", "3 and 4", 0, 2),
        ("How many are 3?", "3 and 4", 1, 1),
        ("How many are 1,000, 0.5 and 7?", "1000 and .5 and x7", 2 / 3, 0),
        ("3, 4, 5 or 6?", "3.", 1 / 4, 0),
    ],
)
def test_numbers_of_the_question_are_looked_for_in_the_thinking(query, thinking, used, invented):
    found = told([thinking], ["#### 5"], query=query)
    assert found["used"] == pytest.approx([used])
    assert found["invented"] == pytest.approx([np.log1p(invented)])


def test_what_a_response_says_of_itself_follows():
    found = told(["Tom has 3 + 4 = 7 pears.", ""], ["#### 7", "#### Tom"])
    assert found["equations_right"] == pytest.approx([np.log(2), 0])
    assert found["words_kept"] == pytest.approx([3 / 5, 1 / 5])  # of tom, has, apples, and, pears
    assert found["numbers_kept"] == [1, 0]
    assert found["option_chosen"] == [0, 0]
    choices = told(["x", "y"], ["#### A", "#### C"], "qa", "Which?\nA. x\nB. y")
    assert choices["option_chosen"] == [1, 0]
    assert choices["option_said"] == [1, 0]


def test_a_question_may_be_without_responses():
    texts, vectors = (["2", "3"], ["#### 2", "#### 3"], ["2", "3"]), np.eye(2)
    out = signals(["1?", "2?", "3?"], *texts, (vectors, vectors), np.array([1, 2]), ["math"] * 3)
    assert out[:, COLUMN["given"]].tolist() == [1, 1]
    assert out[:, COLUMN["share"]].tolist() == [1, 1]


def test_only_mathematics_calculates():
    found = told(["3 + 4 = 7"], ["#### A"], "qa")
    assert not any(found[name][0] for name in SIGNALS[COLUMN["whole"] :])


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.text(max_size=30), st.text("#boxed{}AB12,./$ \\`\n", max_size=30)), min_size=1
    ),
    st.lists(st.sampled_from(["math", "qa", "code"]), min_size=3, max_size=3),
)
def test_signals_are_finite_whatever_the_texts(rows, domains):
    rows.sort(key=lambda row: row[0])
    group = np.array([row[0] for row in rows])
    thinking, answers = [row[1] for row in rows], [row[2] for row in rows]
    keys = [answer_key(answer, domains[query]) for query, answer in zip(group, answers, strict=True)]
    vectors = np.ones((len(rows), 1))
    out = signals(["1", "2", "3"], thinking, answers, keys, (vectors, vectors), group, domains)
    assert np.isfinite(out).all()
