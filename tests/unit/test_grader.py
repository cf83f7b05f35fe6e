"""What a grader refuses, in one sentence."""

import psutil
import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.math import Judgment, Question
from reward_memory.verifiers.sandbox import Call, Run


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"workers": 0}, "workers: 0 is not a positive number of workers."),
        ({"checks": "lenient"}, "checks: 'lenient' is not one of "),
    ],
)
def test_settings_that_no_grader_has_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        Grader(**settings)


def test_one_worker_is_enough():
    with Grader(workers=1) as grader:
        assert [verdict.correct for verdict in grader.grade(["#### 4", "#### 5"], [GroundTruth("math", "4")] * 2)] == [
            True,
            False,
        ]


@pytest.mark.slow
def test_the_processes_end_with_the_block_that_needs_the_grader():
    def children():
        return set(psutil.Process().children(recursive=True))

    before = children()
    with Grader("reduced") as grader:
        code = GroundTruth("code", tests={"entry_point": "f", "calls": [[1]], "expected": [2]})
        responses = ["\\boxed{\\sqrt{4}}", "```python\ndef f(x): return x + 1\n```"]
        verdicts = grader.grade(responses, [GroundTruth("math", "2\\cdot 1"), code])
        assert [verdict.correct for verdict in verdicts] == [True, True]
        started = children() - before
    assert len(started) >= 2
    assert psutil.wait_procs(started, timeout=10)[1] == []


@pytest.mark.parametrize(
    ("responses", "truths", "sentence"),
    [
        (["4", "5"], [GroundTruth("math", "4")], "2 responses for 1 ground truths"),
        (["4"], [GroundTruth("essay", "4")], "kind 'essay' is not one of math, choice, code."),
    ],
)
def test_responses_that_no_truth_judges_are_refused(responses, truths, sentence):
    with Grader() as grader, pytest.raises(InputError, match=sentence):
        grader.grade(responses, truths)


OPTIONS = ("a cat", "dog", "the Blue whale", "an eel")


@pytest.mark.parametrize(
    ("response", "truth", "bare", "expected"),
    [
        # an answer by itself has 300 characters at most, and no box
        (" " * 299 + "5", GroundTruth("math", "5"), True, (True, " " * 299 + "5", "math:exact")),
        (" " * 300 + "5", GroundTruth("math", "5"), True, (True, "5", "math:exact")),
        ("\\boxed{5} apples", GroundTruth("math", "5"), True, (True, "5", "math:exact")),
        # the first truth that is met says how, else the first of all
        ("#### 5", GroundTruth("math", "8", alternatives=("5", "5.0")), False, (True, "5", "math:exact")),
        ("#### 5", GroundTruth("math", "8", alternatives=("5.0", "5")), False, (True, "5", "math:numeric")),
        ("#### 5", GroundTruth("math", "7", alternatives=("",)), False, (False, "5", "math:numeric")),
        ("#### 5", GroundTruth("math", None, alternatives=("5",)), False, (True, "5", "math:exact")),
        ("#### 5", GroundTruth("math", None), False, (False, None, "math:no ground truth")),
        # letters
        ("#### B", GroundTruth("choice", " b ", OPTIONS), False, (True, "B", "choice:letter")),
        ("#### B", GroundTruth("choice", "C", OPTIONS), False, (False, "B", "choice:letter")),
        ("B", GroundTruth("choice", "B", OPTIONS), True, (True, "B", "choice:letter")),
        ("#### B", GroundTruth("choice", None, OPTIONS), False, (False, "B", "choice:letter")),
        ("?", GroundTruth("choice", None, OPTIONS), True, (False, None, "choice:no answer")),
        # within a response a letter is looked for, within an answer by itself it is not
        ("this points at (B) here", GroundTruth("choice", "B", OPTIONS), False, (True, "B", "choice:stated")),
        ("this points at (B) here", GroundTruth("choice", "B", OPTIONS), True, (False, None, "choice:no answer")),
    ],
)
def test_a_verdict_says_what_was_read_and_how(response, truth, bare, expected):
    with Grader() as grader:
        (verdict,) = grader.grade([response], [truth], [bare])
    assert (verdict.correct, verdict.extracted, verdict.path) == expected
    assert 0 <= verdict.seconds < 10


def test_published_checks_are_of_math_and_choices():
    responses = ["#### 5", "#### B", "5", "5"]
    truths = [
        GroundTruth("math", "5"),
        GroundTruth("choice", "B", OPTIONS),
        GroundTruth("math", "6"),
        GroundTruth("math", "5"),
    ]
    with Grader(checks="published") as grader:
        verdicts = grader.grade(responses, truths, [False, False, True, False])
    found = [(verdict.correct, verdict.extracted, verdict.path) for verdict in verdicts]
    assert found == [
        (True, "5", "math:published"),
        (True, "B", "choice:published"),
        (False, "5", "math:published"),
        (False, None, "math:published"),
    ]


class Answers:
    """Stands for the workers for symbolic answers: the first reading is right if it is `right`."""

    def __init__(self, right):
        self.right, self.asked = right, []

    def ask(self, questions):
        self.asked += questions
        return [
            Judgment(question.readings[0][0] == self.right, f"read {question.readings[0][0]}", "symbolic", 0.5)
            for question in questions
        ]


def test_each_question_is_asked_once_and_its_judgment_goes_to_all_that_asked():
    grader = Grader()
    grader.symbolic = Answers("x^2")
    responses = ["\\boxed{x^3}", "#### 7", "\\boxed{x^2}", "\\boxed{x^3}", "\\boxed{x^2}"]
    truths = [GroundTruth("math", "y"), GroundTruth("math", "7"), *[GroundTruth("math", "y")] * 3]
    verdicts = grader.grade(responses, truths)
    assert [(verdict.correct, verdict.extracted, verdict.path) for verdict in verdicts] == [
        (False, "read x^3", "math:symbolic"),
        (True, "7", "math:exact"),
        (True, "read x^2", "math:symbolic"),
        (False, "read x^3", "math:symbolic"),
        (True, "read x^2", "math:symbolic"),
    ]
    assert [verdict.seconds for verdict in verdicts if verdict.path == "math:symbolic"] == [0.5] * 4
    assert [question.readings for question in grader.symbolic.asked] == [(("x^3", False),), (("x^2", False),)]


def test_of_several_truths_that_need_algebra_the_first_is_asked():
    grader = Grader()
    grader.symbolic = Answers("x^2")
    truth = GroundTruth("math", "7", alternatives=("y", "z"))
    (verdict,) = grader.grade(["\\boxed{x^2}"], [truth])
    assert verdict.correct
    assert grader.symbolic.asked == [Question(("7", False), (("x^2", False),))]
    (verdict,) = grader.grade(["\\boxed{x^2}"], [GroundTruth("math", "", alternatives=("y", "z"))])
    assert grader.symbolic.asked[1:] == [Question(("y", False), (("x^2", False),))]


class Runs:
    """Stands for the sandbox: every program returns 2, in half a second."""

    def __init__(self):
        self.jobs = []

    def run(self, jobs, judges):
        self.jobs += jobs
        return [judge(Run("ended", 0.5, "", (Call(b"2", None),))) for judge in judges]

    def close(self):
        pass


def test_programs_are_judged_by_the_tests_of_their_own_truths():
    first, second = (
        GroundTruth("code", tests={"entry_point": "f", "calls": [[1]], "expected": [value]}) for value in (2, 3)
    )
    with Grader() as grader:
        grader.sandbox = Runs()
        program = "def f(x): return x + 1\n"
        fenced = f"It is:\n```python\n{program}```"
        responses = [fenced, "#### 4", program, fenced, "no program"]
        truths = [first, GroundTruth("math", "4"), second, first, second]
        verdicts = grader.grade(responses, truths, [False, False, True, False, True])
        codes = [job["code"]["text"] for job in grader.sandbox.jobs]
    assert [
        (verdict.correct, verdict.path, verdict.seconds) for verdict in verdicts if verdict.path != "math:exact"
    ] == [
        (True, "code:passed base 1/1", 0.5),
        (False, "code:failed base 0/1", 0.5),
        (True, "code:passed base 1/1", 0.5),
        (False, "code:failed base 0/1", 0.5),
    ]
    assert [verdict.extracted for verdict in verdicts] == [program, "4", program, program, "no program"]
    assert codes == [program, program, program, "no program"]


def test_a_response_without_a_program_has_none_to_show():
    truth = GroundTruth("code", tests={"entry_point": "f", "calls": [[1]], "expected": [3]})
    with Grader() as grader:
        grader.sandbox = Runs()
        (verdict,) = grader.grade([""], [truth])
    assert (verdict.correct, verdict.extracted) == (False, None)


def test_nothing_to_grade_has_no_verdicts():
    with Grader() as grader:
        assert grader.grade([], []) == []


def test_the_end_of_a_grader_ends_what_it_started():
    closed = []

    class Part:
        def __init__(self, name):
            self.close = lambda: closed.append(name)

    with Grader() as grader:
        grader.sandbox, grader.symbolic = Part("sandbox"), Part("symbolic")
    assert closed == ["sandbox", "symbolic"]
