"""The reliability diagram's numbers, against hand-computed values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from reward_memory.evaluation.calibration import COLUMNS, reliability_rows, share_interval
from reward_memory.evaluation.reward_model_quality import measure

MODEL = {"policy": "tiny", "predictor": "graph", "label_ratio": 20}


def predictions(probability: list, reward: list, query: list, split: str = "train") -> pd.DataFrame:
    columns = {"split": split, "query_id": query, "benchmark": "math", "sample": range(len(query))}
    return pd.DataFrame(columns | {"reward": np.float32(reward), "probability": np.float32(probability)})


def rows(*tables: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(reliability_rows(tables, MODEL), columns=COLUMNS)


def test_bins_by_hand():
    found = rows(predictions([0.05, 0.12, 0.18, 0.97, 1.0], [0, 0, 1, 1, 1], ["a", "a", "b", "c", "c"]))
    assert found["bin_low"].tolist() == pytest.approx([number / 10 for number in range(10)])
    assert found["bin_high"].tolist() == pytest.approx([(number + 1) / 10 for number in range(10)])
    assert found["responses"].tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found.loc[[0, 1, 9], "mean_probability"].tolist() == pytest.approx([0.05, 0.15, 0.985])
    assert found.loc[[0, 1, 9], "share_right"].tolist() == [0, 0.5, 1]
    assert found.loc[2:8, ["mean_probability", "share_right", "ci_low", "ci_high"]].isna().all(axis=None)


def test_seeds_are_pooled():
    found = rows(predictions([0.05], [1], ["a"]), predictions([0.07], [1], ["a"]), predictions([0.55], [1], ["a"]))
    assert found.loc[[0, 5], "responses"].tolist() == [2, 1]
    assert found.loc[0, "mean_probability"] == pytest.approx(0.06)


def test_every_split_has_its_bins():
    found = rows(pd.concat([predictions([0.05], [1], ["a"]), predictions([0.65], [0], ["b"], "test")]))
    assert found.groupby("split", sort=False)["responses"].apply(list).to_dict() == {
        "train": [1] + [0] * 9,
        "test": [0] * 6 + [1] + [0] * 3,
    }


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 100), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
def test_the_gaps_of_the_bins_are_the_calibration_error(drawn):
    hundredths, right, query = (np.array(column) for column in zip(*drawn, strict=True))
    table = predictions(hundredths / 100, right, [str(one) for one in query])
    found = rows(table).dropna()
    group = np.unique(query, return_inverse=True)[1]
    truth, probability = table["reward"].to_numpy(), table["probability"].to_numpy()
    error = measure(truth, probability, group, np.ones((1, group.max() + 1)))["calibration_error"][0]
    gaps = (found["share_right"] - found["mean_probability"]).abs() * found["responses"]
    assert gaps.sum() / len(drawn) == pytest.approx(error, abs=1e-6)
    assert found["ci_low"].le(found["share_right"]).all()
    assert found["share_right"].le(found["ci_high"]).all()


def test_the_interval_of_one_response_a_query_is_wilsons():
    expected = binomtest(7, 10).proportion_ci(method="wilson")
    assert share_interval(0.7, np.ones(10)) == pytest.approx((expected.low, expected.high))


def test_responses_to_one_query_count_as_one():
    assert share_interval(0.5, np.array([8, 8])) == share_interval(0.5, np.ones(2))


def test_a_query_with_most_responses_has_most_weight():
    # (9 + 1)^2 / (81 + 1) = 1.22 queries
    expected = share_interval(0.5, np.full(1, 5))
    low, high = share_interval(0.5, np.array([9, 1]))
    assert expected[0] < low < share_interval(0.5, np.ones(2))[0]
    assert high == pytest.approx(1 - low)


def test_a_bin_that_is_all_right_is_not_certain():
    low, high = share_interval(1.0, np.ones(3))
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 3), abs=1e-6)
    assert high == 1.0


def test_19_of_20_intervals_hold_the_truth_where_a_querys_responses_go_together():
    generator, hits = np.random.default_rng(0), 0
    for _ in range(400):
        right = np.repeat(generator.random(30) < 0.8, 8)
        low, high = share_interval(right.mean(), np.full(30, 8))
        hits += low <= 0.8 <= high
    assert 365 <= hits <= 398


def test_no_response_has_no_interval():
    assert np.isnan(share_interval(float("nan"), np.array([]))).all()
