"""The published answer checks beside ours: what they find right and wrong, and that they are off unless asked for."""

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.evaluation.grading import grade
from reward_memory.evaluation.imported_rewards import fill_verdicts
from reward_memory.evaluation.reward_agreement import agreement
from reward_memory.training.truths import encode_truth
from reward_memory.training.verl.reward_function import compute_score
from reward_memory.verifiers import Grader, GroundTruth

PUBLISHED = {"isolation": "reduced", "checks": "published"}
EXACT = {"isolation": "reduced", "checks": "exact"}


@pytest.fixture(scope="module")
def graders():
    with Grader(**EXACT) as exact, Grader(**PUBLISHED) as published:
        yield exact, published


def both(graders, response: str, truth: GroundTruth, bare: bool = False) -> tuple[bool, bool]:
    """(right by our checks, right by the published ones)."""
    exact, published = (grader.grade([response], [truth], [bare])[0].correct for grader in graders)
    return exact, published


@pytest.mark.parametrize(
    ("response", "truth", "exact", "published"),
    [
        # the first number of an answer is the answer
        ("#### 2*pi", "2", False, True),
        (r"#### 2\pi", "2", False, True),
        ("#### [0,1]", "(0,1)", False, True),
        ("#### x^2 + 1", "y^2 - 1", False, True),
        ("#### 3 or 4", "3", False, True),
        # nested braces are cut, and so is a fraction within them
        (r"\boxed{\sqrt{\frac{3}{4}}}", r"\sqrt{\frac{3}{5}}", False, True),
        (r"#### \frac{1}{2}", r"\boxed{\frac{1}{2}}", True, False),
        # a number begins with a digit
        ("#### .5", "0.5", True, False),
        # the first box wins over the last
        (r"First \boxed{3}, no, \boxed{4}.", "3", False, True),
        (r"First \boxed{3}, no, \boxed{4}.", "4", True, False),
        # a mark goes before a box, and nothing else is looked at
        (r"#### 3, that is \boxed{4}.", "4", True, False),
        ("The answer is 4.", "4", True, False),
        # an empty truth is an empty answer's
        (r"\boxed{}", "", False, True),
        ("#### $", "", False, True),
        # what both have in common
        ("so\n#### 1,234", "1234", True, True),
        ("so\n#### 1/2", "0.5", True, True),
        (r"so \boxed{\frac{1}{2}}", "1/2", True, True),
        ("so\n#### 5 dollars.", "5", True, True),
        ("so\n#### 5", "6", False, False),
        ("", "6", False, False),
        ("", "", False, False),
    ],
)
def test_math(graders, response, truth, exact, published):
    assert both(graders, response, GroundTruth("math", truth)) == (exact, published)


def test_units_do_not_count_as_published(graders):
    assert graders[1].grade(["#### 12 cm"], [GroundTruth("math", "12 m")])[0].correct


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("#### 5", "5"),
        ("#### 5 #### 7", "5"),
        ("#### 5\n#### 7", "5"),
        ("#### 5\nor else\n#### 7", "7"),  # the first whose line is the last one
        ("#### 5\nor else", "5"),
        ("####\n\n5.", "5"),
        ("##### 5", "5"),
        ("#### .", ""),
        ("####", None),
        (r"\boxed{a{b}c}", "a{b}c"),
        (r"\boxed{a{b{c}}}", "a{b{c"),
        ("5", None),
    ],
)
def test_what_the_published_checks_read(graders, response, answer):
    assert graders[1].grade([response], [GroundTruth("math", "1")])[0].extracted == answer


@pytest.mark.parametrize(
    ("response", "truth", "exact", "published"),
    [
        # the first mark or sentence that names a letter
        ("The answer is A. No:\n#### B", "B", True, True),
        ("#### B\nNo:\n#### C", "B", False, True),
        ("The answer is A. No, the answer is C.", "A", False, True),
        # an article is a letter, and so is what ends the text
        ("The answer is a dog.", "A", False, True),
        ("Neither B nor C", "C", False, True),
        # letters behind E are none, nor is E at the end
        ("#### F", "F", True, False),
        ("Option E", "E", True, False),
        # the option's own words are not read
        ("#### blue", "B", True, False),
        ("#### b", "B", True, True),
        ("#### (B)", "B", True, False),
        ("none", "B", False, False),
        ("#### B", "", False, False),
    ],
)
def test_choices(graders, response, truth, exact, published):
    options = ("red", "blue", "green", "white", "black", "grey")
    assert both(graders, response, GroundTruth("choice", truth, options)) == (exact, published)


def test_a_bare_answer_is_read_as_a_marked_one(graders):
    assert both(graders, "[0,1]", GroundTruth("math", "(0,1)"), bare=True) == (False, True)
    assert both(graders, "B", GroundTruth("choice", "B", ("x", "y")), bare=True) == (True, True)


def test_code_is_judged_by_our_tests_all_the_same(graders):
    truth = GroundTruth("code", tests={"assert": ["assert f(1) == 2"]})
    answers = [f"```python\ndef f(x):\n    return x + {step}\n```" for step in (1, 2)]
    for grader in graders:
        verdicts = grader.grade(answers, [truth] * 2)
        assert [verdict.correct for verdict in verdicts] == [True, False]
        assert verdicts[0].path == "code:passed base 1/1"


def test_kinds_may_be_mixed_and_keep_their_order(graders):
    truths = [
        GroundTruth("choice", "A", ("x", "y")),
        GroundTruth("code", tests={"assert": ["assert f() == 3"]}),
        GroundTruth("math", "3"),
    ]
    verdicts = graders[1].grade(["#### A", "def f(): return 3", "#### 3 apples and a pear"], truths)
    assert [verdict.correct for verdict in verdicts] == [True, True, True]
    assert [verdict.path.split(":")[0] for verdict in verdicts] == ["choice", "code", "math"]


@given(st.text("#\\boxed{}frac12 /.\n$%ABEanswer is", max_size=60), st.text("\\boxed{}frac12/AB ", max_size=12))
def test_no_response_raises(response, truth):
    with Grader(checks="published") as grader:
        for kind in ("math", "choice"):
            assert grader.grade([response], [GroundTruth(kind, truth)])[0].correct in (True, False)


@pytest.mark.parametrize("unit", ["\\boxed{", "\\text{", "####", "#### a\nb", "answer is ", " ", "{}", "9"])
def test_a_long_response_takes_no_quadratic_time(graders, unit):
    # 0.2 s of processor time; without bounds many unclosed braces take 5
    start = time.process_time()
    long = unit * (50_000 // len(unit))
    for truth in (GroundTruth("math", "1"), GroundTruth("choice", "A")):
        graders[1].grade([long, f"#### {long}"], [truth] * 2)
    assert time.process_time() - start < 2


def test_unknown_checks_are_refused():
    with pytest.raises(InputError, match=r"^checks: 'loose' is not one of exact, published\.$"):
        Grader(checks="loose")


# wherever responses are graded

QUERIES = pd.DataFrame(
    [
        {"id": "sums/train/0", "benchmark": "sums", "domain": "math", "options": None},
        {"id": "signs/train/0", "benchmark": "signs", "domain": "qa", "options": ["x", "y"]},
    ]
)
TRUTHS = pd.DataFrame({"query_id": QUERIES["id"], "ground_truth": ["2", "B"], "tests": [None, None]})
RESPONSES = pd.DataFrame(
    [("sums/train/0", "sums", 0, "#### 2*pi"), ("signs/train/0", "signs", 0, "#### B\nNo:\n#### A")],
    columns=["query_id", "benchmark", "sample", "text"],
)


def test_verdicts_follow_the_checks():
    assert grade(QUERIES, TRUTHS, RESPONSES, EXACT)["reward"].tolist() == [0.0, 0.0]
    found = grade(QUERIES, TRUTHS, RESPONSES, PUBLISHED)
    assert found["reward"].tolist() == [1.0, 1.0]
    assert found["path"].tolist() == ["math:published", "choice:published"]


@pytest.mark.slow
def test_given_rewards_stay_and_the_rest_follows_the_checks():
    rewards = pd.DataFrame({"query_id": ["signs/train/0"], "sample": [0], "reward": [0.0]})
    for grading, right in ((EXACT, 0.0), (PUBLISHED, 1.0)):
        found = fill_verdicts(QUERIES, TRUTHS, RESPONSES, rewards, grading)
        assert found["reward"].tolist() == [right, 0.0]
        assert found["path"].tolist()[1] == "given"


@pytest.mark.slow
def test_the_reward_function_of_validation_follows_the_checks():
    truth = encode_truth(GroundTruth("math", "2"))
    scores = [compute_score("sums", "#### 2*pi", truth, {}, **grading)["score"] for grading in (EXACT, PUBLISHED)]
    assert scores == [0.0, 1.0]
    assert compute_score("sums", "#### 2*pi", truth, {})["score"] == 0.0


@pytest.mark.slow
def test_agreement_with_the_truth_follows_the_checks():
    responses = RESPONSES.assign(step=1, reward=1.0, probability=0.9).drop(columns="benchmark")
    shares = [agreement(QUERIES, TRUTHS, responses, grading)[0]["true_share"] for grading in (EXACT, PUBLISHED)]
    assert shares == [0.0, 1.0]
