import math

import numpy as np
import pytest

from reward_memory.reward_models.features.answer_features import ANSWER_FEATURES, answer_features
from reward_memory.reward_models.features.math_answers import extract_number


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("#### 12", 12),
        ("#### -3.5", -3.5),
        ("#### \N{MINUS SIGN}4", -4),
        ("#### 1,234,567", 1234567),
        ("#### [0,1]", 1),
        ("10 - 7 = 3", 3),
        ("10-7", 7),
        ("#### $18.50.", 18.5),
        ("#### 3/4", 0.75),
        (r"\boxed{-\frac{1}{2}}", -0.5),
        ("#### .25", 0.25),
        ("#### 1/0", None),
        ("#### none", None),
        ("", None),
        ("9" * 400, None),
        ("#### 1.5/.5", 3),
        ("#### 7 / 2 or -7 / 2", -3.5),
        ("#### 1,000/8", 125),
        ("5 and 1/0", None),
        (r"\frac{1}{2} or \frac{3}{4}", 0.75),
    ],
)
def test_the_last_number_is_the_answer(answer, number):
    assert extract_number(answer) == number


def test_features_by_hand():
    answers = ["#### 7", "#### 7", "#### -3", "no idea", "#### 7"]
    found = answer_features(answers, [0, 0, 0, 0, 1], ["math"] * 4 + ["qa"])
    seven, three = math.log1p(7) / 20, -math.log1p(3) / 20
    assert found == pytest.approx(np.array([[seven, 1, 1], [seven, 1, 1], [three, 1, 0], [0, 0, 0], [0, 0, 0]]))


@pytest.mark.parametrize(
    ("one", "other", "same"), [("0.3333331", "0.3333333", 1), ("0.333331", "0.333333", 0), ("1e", "1", 1)]
)
def test_numbers_agree_to_six_decimals(one, other, same):
    found = answer_features([one, other, other], [0] * 3, ["math"] * 3)
    assert found[:, 2].tolist() == [same, 1, 1]


def test_the_earlier_of_equally_frequent_numbers_is_the_majority():
    assert answer_features(["5", "6", "6", "5", "7"], [0] * 5, ["math"] * 5)[:, 2].tolist() == [1, 0, 0, 1, 0]


def test_a_value_is_a_log_that_is_cut_off_at_one():
    found = answer_features(["0", "1", "-1", "400000000", "500000000"], range(5), ["math"] * 5)
    assert found[:, 0] == pytest.approx([0, 0.034657, -0.034657, 0.990349, 1], abs=1e-6)


def test_a_majority_of_zero_counts():
    assert answer_features(["#### 0", "#### 0", "#### 5"], [4, 4, 4], ["math"] * 3)[:, 2].tolist() == [1, 1, 0]


def test_huge_values_are_clipped():
    assert answer_features(["#### -" + "9" * 30], [0], ["math"])[0, 0] == -1


def test_groups_of_any_size_vote_apart():
    answers = ["1", "2", "2", "5", "9", "9", "9", "5", "9", "9", "9", "9"]
    groups = [0, 0, 0, 1] + [2] * 8
    assert answer_features(answers, groups, ["math"] * 12)[:, 2].tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]


AGREEING = {
    "qa": (["so #### B", "I think\n#### b", "#### A", "no"], [[0, 1, 1], [0, 1, 1], [0, 1, 0], [0, 1, 0]]),
    # comments and layout do not tell programs apart; nothing is no program
    "code": (
        ["```python\nx = 1\n```", "```python\nx=1  # one\n```", "```python\nx = 2\n```", " "],
        [[0, 1, 1], [0, 1, 1], [0, 1, 0], [0, 0, 0]],
    ),
}


@pytest.mark.parametrize("domain", AGREEING)
def test_other_domains_have_agreement_where_they_are_given_it(domain):
    answers, expected = AGREEING[domain]
    asked = answers, [0] * 4, [domain] * 4
    assert answer_features(*asked, wanted=ANSWER_FEATURES | {domain: ["found", "majority"]}).tolist() == expected
    only = [[0, 0, row[2]] for row in expected]
    assert answer_features(*asked, wanted=ANSWER_FEATURES | {domain: ["majority"]}).tolist() == only
    assert not answer_features(*asked).any()


def test_mathematics_may_have_less_of_them():
    asked = ["#### 5", "#### 5", "#### 6", "none"], [0] * 4, ["math"] * 4
    every = answer_features(*asked)
    some = answer_features(*asked, wanted=ANSWER_FEATURES | {"math": ["value"]})
    assert every[:, 1:].any(axis=0).all()
    assert some[:, 0].tolist() == every[:, 0].tolist()
    assert not some[:, 1:].any()


def test_a_domain_that_has_none_takes_no_part_in_the_votes_of_another():
    wanted = {"math": ["found"], "qa": ["majority"], "code": []}
    answers, groups = ["#### 5", "#### B", "#### B", "#### C"], [0, 1, 1, 1]
    found = answer_features(answers, groups, ["math", "qa", "qa", "qa"], wanted=wanted)
    assert found.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
