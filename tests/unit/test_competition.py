"""The stand-ins for MEDS' benchmarks: answers in a box, failures that repeat, and where a policy's answer begins."""

from collections import Counter
from random import Random

import pytest

from reward_memory.answers.extraction import find_answer
from reward_memory.data import generated
from reward_memory.data.generated import arithmetic, competition
from reward_memory.data.registry import MEDS
from reward_memory.error_memory.features import answer_position, pieces
from reward_memory.policies.bootstrap.tokenizer import train_tokenizer
from reward_memory.verifiers import Grader, GroundTruth

OPENING, CLAUSES = "We have x = 9.", ("First this:", "Then that:", "Last those:")


def chain(start, *operations):
    steps, value = [], start
    for operation, operand in operations:
        after = arithmetic.apply(operation, value, operand)
        steps.append(arithmetic.Step(operation, operand, value, after))
        value = after
    return competition.CompetitionProblem("?", OPENING, CLAUSES, tuple(steps))


def answers(problem, noise, count=400):
    rng = Random(0)
    return Counter(find_answer(problem.respond(rng, noise)).text.strip() for _ in range(count))


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(0, tuple(MEDS))


@pytest.fixture(scope="module", params=["exact", "published"])
def grader(request):
    with Grader(checks=request.param) as grader:
        yield grader


def test_a_hand_computed_response():
    problem = chain(9, ("+", 5), ("*", 2))
    assert problem.ground_truth == "28"
    assert problem.respond(Random(0), 0.0) == (
        "We have x = 9. First this: 9 + 5 = 14. Then that: 14 * 2 = 28.\n\\boxed{ 28}"
    )


@pytest.mark.parametrize(
    ("operations", "misread", "forgotten"),
    [
        ((("*", 3), ("-", 2), ("*", 2)), "12", "25"),  # 9+3-2+2 in place of (9*3-2)*2 = 50
        ((("-", 4), ("+", 3), ("-", 1)), "17", "8"),  # 9+4+3+1 in place of 9-4+3-1 = 7
    ],
)
def test_a_problem_has_one_misreading_and_more_rarely_a_forgotten_step(operations, misread, forgotten):
    found = answers(chain(9, *operations), 1.0)
    assert set(found) == {misread, forgotten}
    assert found[misread] / 400 == pytest.approx(competition.MISREAD, abs=0.07)


def test_a_sum_can_only_be_cut_short():
    assert set(answers(chain(9, ("+", 4), ("+", 3)), 1.0)) == {"13"}


def test_the_rate_of_errors_is_the_noise_however_long_the_problem_is():
    for problem in (chain(9, ("*", 3), ("+", 1)), chain(9, ("*", 3), ("+", 1), ("-", 2))):
        assert answers(problem, 0.3)[problem.ground_truth] / 400 == pytest.approx(0.7, abs=0.07)


@pytest.mark.parametrize("name", MEDS)
def test_a_problem_asks_for_a_box_and_a_teacher_without_noise_fills_it_with_what_the_grader_finds_right(name, grader):
    rng = Random(1)
    drawn = [generated.draw(name, rng) for _ in range(40)]
    assert all(problem.question.endswith(r"\boxed{}.") and "####" not in problem.question for problem in drawn)
    truths = [GroundTruth("math", problem.ground_truth) for problem in drawn]
    verdicts = grader.grade([problem.respond(rng, 0.0) for problem in drawn], truths)
    assert all(
        verdict.correct and verdict.extracted.strip() == t.answer for verdict, t in zip(verdicts, truths, strict=True)
    )


@pytest.mark.parametrize("name", MEDS)
def test_what_the_teacher_gets_wrong_the_grader_finds_wrong(name, grader):
    rng = Random(2)
    drawn = [generated.draw(name, rng) for _ in range(40)]
    responses = [problem.respond(rng, 1.0) for problem in drawn]
    verdicts = grader.grade(responses, [GroundTruth("math", problem.ground_truth) for problem in drawn])
    for problem, response, verdict in zip(drawn, responses, verdicts, strict=True):
        assert verdict.correct == response.endswith(f"{{ {problem.ground_truth}}}")
    assert sum(verdict.correct for verdict in verdicts) < 6  # 2 * 2 = 2 + 2


@pytest.mark.parametrize("name", MEDS)
def test_the_token_before_an_answer_is_the_brace(name, tokenizer):
    rng, piece = Random(3), pieces(tokenizer)
    for noise in (0.0, 1.0):
        for _ in range(40):
            response = generated.draw(name, rng).respond(rng, noise)
            tokens = tokenizer(response, add_special_tokens=False)["input_ids"]
            position = answer_position(tokens, piece, "boxed")
            assert piece(tokens[position]) == "{"
            assert piece(tokens[position + 1]) == f" {find_answer(response).text.strip()}"
            assert [piece(token) for token in tokens[position + 2 :]] == ["}"]


def test_a_box_is_told_in_few_tokens(tokenizer):
    assert tokenizer.tokenize(".\n\\boxed{ 12}")[1:] == ["\\boxed", "{", " 12", "}"]


def test_what_is_trained_on_has_three_steps_and_nothing_that_is_tested():
    rng = Random(4)
    lengths = {name: {len(generated.draw(name, rng).steps) for _ in range(50)} for name in MEDS}
    assert lengths.pop("dapo_math_17k") == {3}
    assert all(3 not in found for found in lengths.values())


def test_practice_texts_hold_no_prompt_of_a_benchmark():
    rng = Random(0)
    drills = [generated.competition_drill(rng) for _ in range(1000)]
    problems = [text.split("\n")[0] for text in drills if "\n" in text]
    assert len(problems) > 300
    assert not any(generated.is_reserved(f"{text} {competition.PROMPT}") for text in problems)


def test_what_is_no_benchmark_of_meds_has_no_stand_in_here():
    with pytest.raises(ValueError, match="gsm8k"):
        competition.draw("gsm8k", Random(0))
