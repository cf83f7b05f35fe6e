"""Long tables as grids: what goes across, what competes, in which order."""

import pandas as pd
import pytest

from reward_memory.report.grid import averages_first, grid
from reward_memory.report.html_table import constants, constants_sentence, grid_rows


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


MEDS = table(
    "policy method benchmark metric value ci_low ci_high",
    ("tiny", "dapo", "amc23", "pass@1", 10.0, 5.0, 15.0),
    ("tiny", "dapo", "amc23", "entropy", 1.25, None, None),
    ("tiny", "meds", "amc23", "pass@1", 12.5, 5.5, 18.5),
    ("tiny", "meds", "amc23", "entropy", 1.0, None, None),
)
MODELS = table(
    "policy predictor split metric mean",
    ("tiny", "graph", "train", "auc", 0.7),
    ("tiny", "graph", "train", "fpr", 0.3),
    ("tiny", "knn", "train", "auc", 0.6),
    ("tiny", "knn", "train", "fpr", 0.4),
)
CURVE = table(
    "method step metric value",
    ("dapo", 2.0, "repeated_share", 20.0),
    ("dapo", None, "repeated_share", 15.0),
    ("dapo", 1.0, "repeated_share", 10.0),
)


@pytest.mark.parametrize(
    ("long", "rows", "across"),
    [
        (MEDS, [("tiny", "pass@1", "dapo"), ("tiny", "pass@1", "meds"), ("tiny", "entropy", "dapo")], ["amc23"]),
        (MODELS, [("tiny", "graph", "train"), ("tiny", "knn", "train")], ["auc", "fpr"]),
        (CURVE, [("dapo", None), ("dapo", 1.0), ("dapo", 2.0)], ["repeated_share"]),
    ],
)
def test_rows_that_are_compared_follow_one_another(long, rows, across):
    found = grid(long)
    listed = found.rows.astype(object).where(found.rows.notna(), None).itertuples(index=False, name=None)
    assert list(listed)[: len(rows)] == rows
    assert list(found.values) == across


def test_values_and_intervals_are_in_the_row_and_column_that_the_long_table_names():
    found = grid(MEDS)
    meds = found.rows.index[(found.rows["method"] == "meds") & (found.rows["metric"] == "pass@1")][0]
    cell = [part.at[meds, "amc23"] for part in (found.values, found.lows, found.highs)]
    assert cell == [12.5, 5.5, 18.5]


def test_more_is_better_for_some_metrics_and_points_of_a_curve_do_not_compete():
    of_meds = grid(MEDS)
    assert of_meds.rows[of_meds.best["amc23"]][["metric", "method"]].to_numpy().tolist() == [["pass@1", "meds"]]
    assert grid(MODELS).best.to_numpy().tolist() == [[True, False], [False, False]]
    assert not grid(CURVE).best.to_numpy().any()


@pytest.mark.parametrize(
    "long",
    [
        table("rule jobs", ("train_policy", 3)),
        pd.concat([MODELS, MODELS]),
        MODELS.head(0),
        table("predictor bin_low mean", ("graph", 0.1, 0.2)),
    ],
)
def test_a_table_that_has_no_such_form_is_none(long):
    assert grid(long) is None


def test_averages_come_first():
    names = ["math", "average (sample-weighted)", "average (macro)"]
    assert averages_first(names) == ["average (sample-weighted)", "average (macro)", "math"]


def test_what_is_the_same_in_every_row_is_said_once_and_results_stay():
    long = table("policy method seeds value empty", ("tiny", "a", 1, 5.0, None), ("tiny", "b", 1, 5.0, None))
    assert constants(long) == {"policy": "tiny", "seeds": "1"}
    assert constants_sentence(constants(long)) == "In every row: policy tiny, seeds 1."
    assert constants(long.head(1)) == {}
    assert constants_sentence({}) == ""


def test_a_cell_has_its_interval_its_head_and_the_number_that_it_is_sorted_by():
    text = grid_rows(grid(MEDS), {"policy": "tiny", "method": "meds"})
    assert "<th>policy</th>" not in text
    assert "<th>method</th>" in text
    assert (
        '<td class="number result" data-name="amc23" data-order="12.5"><b>12.5</b> <small>5.50 to 18.5</small></td>'
    ) in text
    assert 'data-order="1.25">1.25</td>' in text
