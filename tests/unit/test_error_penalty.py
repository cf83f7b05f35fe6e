"""Repeated failures of a training run: where their answers are, and what they cost."""

import numpy as np
import pytest
from training_settings import error_memory

from reward_memory.error_memory.store import open_error
from reward_memory.training.objectives.error_penalty import RepeatedErrors, uneven_groups
from reward_memory.training.responses import STEP_RESPONSES, Response, frame


class Characters:
    """A tokenizer with a token a character."""

    def decode(self, tokens, **options):
        return "".join(map(chr, tokens))


def response(text: str, query: str = "q", sample: int = 0, reward: float = 0.0) -> Response:
    return Response(query, sample, 1, text, list(map(ord, text)), reward, float("nan"), score=reward)


def memory(folder, **settings):
    single = {"method": "single", "last_layers": "all", "max_points_per_key": None}
    return RepeatedErrors(folder, error_memory(**single | settings), Characters(), every=2)


def test_the_last_answer_counts_whatever_its_form(tmp_path):
    texts = ["so \\boxed{5}", "so #### 6", "\\boxed{5} or #### 7", "#### 7 or \\boxed{8}", "none", "#### "]
    found = memory(tmp_path).positions([response(text) for text in texts] + [None])
    answers = [text[place + 1] if place >= 0 else None for text, place in zip([*texts, ""], found, strict=True)]
    assert answers == ["5", "6", "7", "8", None, None, None]
    assert found.tolist() == [9, 7, 17, 16, -1, -1, -1]


def test_a_second_failure_costs_and_a_right_response_does_not(tmp_path):
    errors = memory(tmp_path)
    first = [response("#### 5"), response("#### 6", sample=1, reward=1.0)]
    metrics = errors.penalize(1, first, np.ones((2, 3), np.float32))
    assert [row.score for row in first] == [0, 1]
    assert (metrics["memory/points"], metrics["memory/penalty"]) == (1, 0)
    second = [response("#### 5"), response("#### 6", sample=1, reward=1.0), response("#### 5", "other")]
    metrics = errors.penalize(2, second, np.ones((3, 3), np.float32))
    assert [row.score for row in second] == pytest.approx([-0.1 * np.log(2), 1, 0])
    assert [row.cluster_size for row in second] == [1, 0, 0]
    assert metrics["memory/penalty"] == pytest.approx(0.1 * np.log(2) / 3)
    assert metrics["memory/repeated_share"] == 0.5


def test_a_response_at_the_cut_is_a_failure(tmp_path):
    rows = [response("#### 5", reward=0.5), response("#### 5", sample=1, reward=0.51)]
    assert memory(tmp_path).penalize(1, rows, np.ones((2, 3), np.float32))["memory/points"] == 1


def test_a_group_is_uneven_where_its_failures_pay_different_penalties():
    #           even: 0.1 each | uneven: 0 to 0.3      | one failure | none
    queries = ["a", "a", "a", "b", "b", "b", "b", "c", "c", "d", "d"]
    right = [False, False, True, False, False, False, True, False, True, True, True]
    penalties = [0.1, 0.1, 0, 0, 0.3, 0.2, 0, 0.4, 0, 0, 0]
    found = uneven_groups(queries, np.array(right), np.array(penalties))
    assert found == {"failed_groups": 2, "uneven_groups": 0.5, "penalty_spread": pytest.approx(0.15)}
    assert uneven_groups(["c"], np.array([False]), np.array([0.4])) == {"failed_groups": 0}


def test_a_step_tells_of_its_uneven_groups(tmp_path):
    errors = memory(tmp_path)
    logits = np.ones((2, 3), np.float32)
    alike = [response("#### 5", sample=sample) for sample in range(2)]
    metrics = errors.penalize(1, alike, logits)
    assert [metrics[f"memory/{name}"] for name in ("failed_groups", "uneven_groups", "penalty_spread")] == [1, 0, 0]
    logits[1] = np.nan  # no answer: no cluster, no penalty
    metrics = errors.penalize(2, [response("#### 5"), response("none", sample=1)], logits)
    assert [metrics[f"memory/{name}"] for name in ("failed_groups", "uneven_groups")] == [1, 1]
    assert metrics["memory/penalty_spread"] == pytest.approx(0.1 * np.log(3))


def test_what_a_long_response_pays_makes_no_group_uneven(tmp_path):
    errors = memory(tmp_path)
    errors.penalize(1, [response("#### 5")], np.ones((1, 3), np.float32))
    rows = [response("#### 5", sample=sample) for sample in range(2)]
    rows[1].score = -0.5
    metrics = errors.penalize(2, rows, np.ones((2, 3), np.float32))
    assert [metrics[f"memory/{name}"] for name in ("failed_groups", "uneven_groups")] == [1, 0]
    assert metrics["memory/penalty_spread"] == pytest.approx(0, abs=1e-9)


def test_padding_and_responses_without_an_answer_stay_out(tmp_path):
    errors = memory(tmp_path)
    rows = [response("#### 5"), None, response("none", sample=1)]
    logits = np.full((3, 3), np.nan, np.float32)
    logits[0] = 1
    assert errors.penalize(1, rows, logits)["memory/points"] == 1
    assert rows[2].score == 0


def test_the_memory_is_opened_where_a_resumed_run_goes_on(tmp_path):
    logits = np.ones((1, 3), np.float32)
    whole = memory(tmp_path / "whole")
    found = [whole.penalize(step, [row := response("#### 5")], logits) | {"score": row.score} for step in (1, 2, 3, 4)]
    cut = memory(tmp_path / "cut")
    for step in (1, 2, 3):
        cut.penalize(step, [response("#### 5")], logits)
    # killed after step 3, whose memory is written, before its checkpoint
    again = memory(tmp_path / "cut")
    resumed = [again.penalize(step, [row := response("#### 5")], logits) | {"score": row.score} for step in (3, 4)]
    assert resumed == found[2:]


def test_a_run_may_go_on_at_its_last_two_checkpoints_and_what_earlier_ones_saw_is_given_up(tmp_path):
    errors, first = memory(tmp_path, max_points_per_key=1), {}
    for step in range(1, 10):
        errors.penalize(step, [response("#### 5")], np.ones((1, 3), np.float32))
        first[step] = min(other for other in range(1, step + 1) if open_error(tmp_path, other) is None)
    # a checkpoint every two steps: what none of the two needs after a step is deleted in the next one
    assert first == {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 7: 4, 8: 4, 9: 6}


def test_a_long_response_pays_the_penalty_on_top(tmp_path):
    errors = memory(tmp_path)
    errors.penalize(1, [response("#### 5")], np.ones((1, 3), np.float32))
    late = response("#### 5")
    late.score = -0.5
    errors.penalize(2, [late], np.ones((1, 3), np.float32))
    assert late.score == pytest.approx(-0.5 - 0.1 * np.log(2))


def test_a_steps_file_holds_what_was_sampled_in_one_order():
    rows = {
        "b_1_0": response("x", "b", 1),
        "a_0_0": response("y", "a", 0, 1.0),
        "b_0_0": response("z", "b", 0),
    }
    table = frame(7, rows, {"b_1_0", "b_0_0"})
    assert list(table.columns) == STEP_RESPONSES.names
    assert table["query_id"].tolist() == ["a", "b", "b"]
    assert table["sample"].tolist() == [0, 0, 1]
    assert table["trained"].tolist() == [False, True, True]
    assert table["tokens"].tolist() == [1, 1, 1]


def test_a_failures_cluster_may_be_its_answer(tmp_path):
    errors = memory(tmp_path, method="answers")
    assert not errors.reads_layers
    texts = ["so #### 5", "#### 5.0", "#### 6", "#### 5", ""]
    first = [response(text, sample=sample) for sample, text in enumerate(texts)]
    first[3].reward = first[3].score = 1.0
    errors.penalize(1, first, None)
    assert [row.cluster_size for row in first] == [0] * 5
    # two wrong fives and a six are remembered; a right five and a missing answer are not
    second = [response("\\boxed{5}"), response("#### 6"), response("#### 7"), response("#### 5", "other"), response("")]
    metrics = errors.penalize(2, [*second, None], None)
    assert [row.cluster_size for row in second] == [2, 1, 0, 0, 0]
    assert [row.score for row in second] == pytest.approx([-0.1 * np.log(3), -0.1 * np.log(2), 0, 0, 0])
    assert metrics["memory/points"] == 7


def test_answers_of_a_resumed_run_are_those_of_an_undisturbed_one(tmp_path):
    def steps(folder, killed):
        errors, sizes = memory(folder, method="answers"), []
        for step in range(1, 5):
            if step == killed:
                errors = memory(folder, method="answers")
            rows = [response(f"#### {(step * sample) % 3}", sample=sample) for sample in range(4)]
            errors.penalize(step, rows, None)
            sizes.append([row.cluster_size for row in rows])
        return sizes

    assert steps(tmp_path / "killed", 3) == steps(tmp_path / "whole", None)


@pytest.mark.parametrize("method", ["hdbscan", "kmeans", "single"])
def test_other_clusters_need_the_layers(tmp_path, method):
    assert memory(tmp_path, method=method).reads_layers
