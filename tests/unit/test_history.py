import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.training.history import COLUMNS, logged_steps, outcome, read_history, select_step, training_log

SIZES = {"gsm8k": 30, "gpqa": 10}


def attempt(folder: Path, number: int, *entries: tuple[int, dict], tail: str = "") -> None:
    lines = [json.dumps({"step": step, "data": data}) + "\n" for step, data in entries]
    (folder / f"metrics.{number:04d}.jsonl").write_text("".join(lines) + tail)


def validation(gsm8k: float, gpqa: float) -> dict:
    return {"val-core/gsm8k/acc/mean@4": gsm8k, "val-core/gpqa/acc/mean@4": gpqa}


def test_there_is_one_row_a_step_in_ascending_order(tmp_path):
    attempt(tmp_path, 0, (2, {"reward/mean": 0.2}), (1, {"reward/mean": 0.1}))
    history = read_history(tmp_path, SIZES)
    assert history[["step", "reward"]].to_numpy().tolist() == [[1, 0.1], [2, 0.2]]
    assert list(history.columns) == ["step", *dict.fromkeys(COLUMNS.values()), "valid_accuracy"]


def test_a_later_attempt_goes_on_and_wins_where_it_repeats_a_step(tmp_path):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1}), (2, {"reward/mean": 0.2}), (3, {"reward/mean": 0.3}))
    attempt(tmp_path, 1, (3, {"reward/mean": 0.33}), (4, {"reward/mean": 0.4}))
    assert read_history(tmp_path, SIZES)["reward"].tolist() == [0.1, 0.2, 0.33, 0.4]


def test_the_tenth_attempt_is_later_than_the_second(tmp_path):
    attempt(tmp_path, 10, (1, {"reward/mean": 0.9}))
    attempt(tmp_path, 2, (1, {"reward/mean": 0.1}))
    assert read_history(tmp_path, SIZES)["reward"].tolist() == [0.9]


@pytest.mark.parametrize("tail", ['{"step": 2, "data": {"reward/mean": 0.', '{"step"', "{"])
def test_a_line_that_was_cut_short_is_left_out(tmp_path, tail):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1}), tail=tail)
    assert read_history(tmp_path, SIZES)["step"].tolist() == [1]


@pytest.mark.parametrize(
    "line",
    [
        '{"step": "2", "data": {"reward/mean": 0.2}}',
        '{"step": 2.0, "data": {"reward/mean": 0.2}}',
        '{"step": true, "data": {"reward/mean": 0.2}}',
        '{"step": 2, "data": {"reward/mean": "high"}}',
        '{"step": 2, "data": {"reward/mean": true}}',
        '{"step": 2, "data": {"reward/mean": 0.2, "actor/lr": [1]}}',
        '{"step": 2, "data": {"val-core/gsm8k/acc/mean@4": null}}',
        '{"step": 2, "data": {"val-core/gsm8k/acc/mean@4": "1"}}',
        '{"step": 2, "data": 0.2}',
        '{"step": 2}',
        "[2]",
    ],
)
def test_a_damaged_line_is_left_out(tmp_path, line):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1}), tail=f"{line}\n")
    assert logged_steps(tmp_path) == {1: {"reward/mean": 0.1}}


def test_metrics_that_are_not_read_may_be_anything(tmp_path):
    data = {"reward/mean": 1, "perf/device": "cpu", "val-aux/gsm8k": None, "actor/lr": None}
    attempt(tmp_path, 0, (1, data))
    assert logged_steps(tmp_path) == {1: data}


def test_the_newest_attempt_alone_may_be_asked_for(tmp_path):
    for number in range(3):
        attempt(tmp_path, number, (number, {"reward/mean": number / 4}))
    assert list(logged_steps(tmp_path)) == [0, 1, 2]
    assert logged_steps(tmp_path, newest=True) == {2: {"reward/mean": 0.5}}


def test_a_log_of_a_benchmark_that_is_not_validated_on_is_named(tmp_path):
    attempt(tmp_path, 0, (1, validation(1, 1)), (2, validation(1, 1)))
    training_log(tmp_path, SIZES)
    with pytest.raises(InputError) as error:
        training_log(tmp_path, {"gsm8k": 30, "math": 5})
    assert str(error.value) == (
        f"{tmp_path}/metrics.0000.jsonl: step 1 was validated on gpqa, which is not among gsm8k, math; delete "
        f"{tmp_path} to train from the start."
    )


def test_what_was_logged_of_one_step_in_several_lines_is_joined(tmp_path):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1}), (1, validation(1.0, 0.0)))
    (row,) = read_history(tmp_path, SIZES).to_dict("records")
    assert (row["reward"], row["valid_accuracy"]) == (0.1, 0.75)


def test_validation_accuracy_is_weighted_by_the_queries_of_each_benchmark(tmp_path):
    attempt(tmp_path, 0, (1, validation(0.5, 0.9)))
    assert read_history(tmp_path, SIZES)["valid_accuracy"].tolist() == pytest.approx([(0.5 * 30 + 0.9 * 10) / 40])


def test_only_the_mean_of_verified_answers_counts_as_validation(tmp_path):
    noise = {
        "val-core/gsm8k/acc/mean@4": 0.25,
        "val-core/gsm8k/acc/best@4/mean": 1.0,
        "val-core/gsm8k/acc/maj@4/mean": 1.0,
        "val-aux/gsm8k/score/mean@4": 1.0,
    }
    attempt(tmp_path, 0, (1, noise))
    assert read_history(tmp_path, SIZES)["valid_accuracy"].tolist() == [0.25]


def test_a_step_without_validation_has_none(tmp_path):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1}), (2, validation(1, 1)))
    assert read_history(tmp_path, SIZES)["valid_accuracy"].isna().tolist() == [True, False]


def test_a_metric_that_was_not_logged_or_not_a_number_is_empty(tmp_path):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1, "actor/kl_loss": None}))
    history = read_history(tmp_path, SIZES)
    assert history[["kl_loss", "reward_predicted"]].isna().all(axis=None)


def test_times_are_left_out_since_no_two_runs_agree_on_them(tmp_path):
    attempt(tmp_path, 0, (1, {"reward/mean": 0.1, "perf/time_per_step": 3.0, "timing_s/gen": 1.0}))
    assert not [name for name in read_history(tmp_path, SIZES) if "time" in name or "timing" in name]


@pytest.mark.parametrize("tail", [None, "", '{"step": 1'])
def test_a_run_that_logged_no_step_is_an_error(tmp_path, tail):
    if tail is not None:
        attempt(tmp_path, 0, tail=tail)
    with pytest.raises(InputError, match=rf"{tmp_path}: the trainer logged no step; see its log\.$"):
        read_history(tmp_path, SIZES)


METRICS = st.fixed_dictionaries({"reward/mean": st.floats(0, 1)})


@given(st.lists(METRICS, min_size=2, max_size=12), st.data())
def test_an_interrupted_run_has_the_history_of_an_uninterrupted_one(tmp_path_factory, metrics, data):
    steps = list(enumerate(metrics, start=1))
    killed = data.draw(st.integers(1, len(steps)))
    saved = data.draw(st.integers(0, killed))
    folder, straight = tmp_path_factory.mktemp("resumed"), tmp_path_factory.mktemp("straight")
    attempt(folder, 0, *steps[:killed], tail='{"step": 9, "da')
    attempt(folder, 1, *steps[saved:])
    attempt(straight, 0, *steps)
    pd.testing.assert_frame_equal(read_history(folder, SIZES), read_history(straight, SIZES))


def history(accuracies: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame({"step": list(accuracies), "valid_accuracy": list(accuracies.values())})


def test_the_best_saved_step_is_chosen():
    assert select_step(history({0: 0.9, 5: 0.5, 10: 0.7, 15: 0.6}), [5, 10, 15], "valid") == 10


def test_the_latest_of_equals_is_chosen():
    assert select_step(history({5: 0.7, 10: 0.7, 15: 0.6}), [5, 10, 15], "valid") == 10


def test_a_step_that_was_not_saved_cannot_be_chosen():
    assert select_step(history({4: 0.9, 5: 0.5, 10: 0.4}), [5, 10], "valid") == 5


def test_a_saved_step_that_was_not_validated_is_not_chosen_over_one_that_was():
    assert select_step(history({5: 0.1, 10: np.nan}), [5, 10], "valid") == 5


def test_without_any_validated_checkpoint_the_last_is_kept():
    assert select_step(history({3: 0.9, 5: np.nan, 10: np.nan}), [5, 10], "valid") == 10


def test_last_means_last_whatever_validation_says():
    assert select_step(history({5: 0.9, 10: 0.1}), [5, 10], "last") == 10


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("0.1,\n0.3,0.25\n0.5,\n", "reward 0.10 to 0.50, validation accuracy 0.25 to 0.25"),
        ("0.1,\n0.456,\n", "reward 0.10 to 0.46"),
        ("", ""),
    ],
)
def test_an_outcome_names_the_first_and_the_last_value_of_what_was_measured(tmp_path, rows, sentence):
    file = tmp_path / "history.csv"
    file.write_text(f"reward,valid_accuracy\n{rows}")
    assert outcome(file) == sentence
