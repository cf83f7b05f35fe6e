"""What a grader refuses, in one sentence."""

import psutil
import pytest

from reward_memory.errors import InputError
from reward_memory.verifiers import Grader, GroundTruth


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
