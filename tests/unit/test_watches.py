"""The stand-in of the error memory's control: seven mistakes of unequal frequency, and a right answer that is rare."""

from collections import Counter
from random import Random

import pytest

from reward_memory.answers.extraction import find_answer
from reward_memory.data import generated
from reward_memory.data.generated import watches
from reward_memory.policies.bootstrap.tokenizer import train_tokenizer
from reward_memory.verifiers import Grader, GroundTruth

PROBLEM = watches.WatchesProblem((41, 12, 93, 70, 55, 28, 66, 30))


def test_a_hand_written_response():
    place = PROBLEM.right
    color, number = watches.COLORS[place], PROBLEM.numbers[place]
    assert PROBLEM.ground_truth == str(number)
    assert PROBLEM.respond(Random(0), 0.0) == f"I trust the {color} {number}.\n\\boxed{{ {number}}}"
    with Grader() as grader:
        right, wrong = (f"\\boxed{{ {one}}}" for one in (number, PROBLEM.numbers[0]))
        truths = [GroundTruth("math", PROBLEM.ground_truth)] * 2
        assert [verdict.correct for verdict in grader.grade([right, wrong], truths)] == [True, False]


def test_mistakes_have_zipfs_frequencies_and_the_right_answer_is_rare():
    rng = Random(0)
    counts = Counter(int(find_answer(PROBLEM.respond(rng, 1.0)).text) for _ in range(8_000))
    shares = [counts[number] / 8_000 for number in PROBLEM.numbers]
    total = sum(1 / rank for rank in range(1, 9))
    assert shares == pytest.approx([1 / rank / total for rank in range(1, 9)], abs=0.02)
    assert shares[PROBLEM.right] < 0.1


def test_no_rule_tells_which_of_the_rare_watches_is_right():
    rng = Random(1)
    problems = [watches.draw("watches", rng) for _ in range(4_000)]
    assert all(len(set(problem.numbers)) == 8 for problem in problems)
    places = Counter(problem.right for problem in problems)
    assert sorted(places) == [4, 5, 6, 7]
    assert min(places.values()) > 850
    # nor does the number that a watch shows
    shown = Counter(problem.right for problem in problems if problem.numbers[4] > 54)
    assert min(shown.values()) / sum(shown.values()) > 0.2


def test_practice_is_of_other_prompts_and_reads_every_watch():
    rng = Random(2)
    for _ in range(20):
        text = generated.watches_drill(rng)
        told = text.partition(".")[0] + "."
        numbers = tuple(int(part.split()[1]) for part in told.partition(": ")[2].rstrip(".").split(", "))
        problem = watches.WatchesProblem(numbers)
        assert not generated.is_reserved(problem.question)
        assert all(problem.trust(place) in text for place in range(8))


def test_every_number_is_one_token():
    tokenizer = train_tokenizer(0, ("watches",))
    ids = tokenizer(f"I trust the red 41.\n\\boxed{{ {41}}}", add_special_tokens=False)["input_ids"]
    assert tokenizer.convert_tokens_to_ids(" 41") in ids
