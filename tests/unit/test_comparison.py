"""Published figures of all tables beside ours in one table."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.report.tables.comparison import COMPARISON_COLUMNS, VALUES, comparison_rows

#: What every table has of a published figure.
FIGURE = {"policy": "p", "published": 34.0, "published_confidence": "high", "ci_low": 30.0, "ci_high": 40.0}


@pytest.mark.parametrize(
    ("name", "own", "expected"),
    [
        (
            "main",
            {"method": "m", "label_ratio": 20, "benchmark": "arc", "accuracy": 36.0},
            ("m", 20, "arc", "accuracy"),
        ),
        (
            "ood",
            {"method": "m", "label_ratio": 20, "benchmark": "piqa", "accuracy": 36.0},
            ("m", 20, "piqa", "accuracy"),
        ),
        (
            "accuracy_delta",
            {"method": "m", "label_ratio": 50, "benchmark": "arc", "difference": 36.0},
            ("m", 50, "arc", "difference"),
        ),
        (
            "reward_models",
            {"predictor": "graph", "label_ratio": 20, "benchmark": "overall", "metric": "auc", "mean": 36.0},
            ("graph", 20, "overall", "auc"),
        ),
        (
            "meds_main",
            {"method": "m", "benchmark": "aime24", "metric": "pass@1", "value": 36.0},
            ("m", None, "aime24", "pass@1"),
        ),
        ("meds_ablation", {"method": "m", "metric": "pass@8", "value": 36.0}, ("m", None, "overall", "pass@8")),
        (
            "ablation",
            {"method": "m", "label_ratio": 20, "domain": "math", "accuracy": 36.0},
            ("m", 20, "math", "accuracy"),
        ),
    ],
)
def test_a_row_names_what_its_figure_is_about(name, own, expected):
    table = pd.DataFrame([FIGURE | own | {"interval_covers": "queries"}])
    (row,) = comparison_rows(name, table)
    assert list(row) == COMPARISON_COLUMNS
    assert (row["arm"], row["label_ratio"], row["benchmark"], row["metric"]) == expected
    assert (row["table"], row["policy"], row["interval_covers"]) == (name, "p", "queries")
    assert [row[column] for column in ("ours", "ci_low", "ci_high", "published", "delta")] == [36, 30, 40, 34, 2]
    assert (row["covered"], row["published_confidence"]) == ("yes", "high")
    # a table without what its intervals cover says nothing of it
    (row,) = comparison_rows(name, table.drop(columns="interval_covers"))
    assert row["interval_covers"] is None


def test_the_tables_with_published_figures_are_those_of_both_papers():
    assert list(VALUES) == [
        *("main", "ood", "label_ratio", "ablation", "accuracy_delta", "reward_models"),
        *("meds_main", "meds_ablation"),
    ]


@pytest.mark.parametrize(
    ("published", "covered"), [(29.99, "no"), (30.0, "yes"), (35.0, "yes"), (40.0, "yes"), (40.01, "no")]
)
def test_both_ends_of_an_interval_are_in_it(published, covered):
    row = FIGURE | {"method": "m", "accuracy": 36.0, "published": published}
    (found,) = comparison_rows("main", pd.DataFrame([row, row | {"published": np.nan}]))
    assert found["covered"] == covered


def test_figures_come_in_the_order_of_their_table_and_those_without_are_left_out():
    row = FIGURE | {"method": "m", "accuracy": 36.0}
    table = pd.DataFrame(
        [row | {"benchmark": name, "published": value} for name, value in (("b", 1), ("x", None), ("a", 2))]
    )
    assert [(one["benchmark"], one["delta"]) for one in comparison_rows("main", table)] == [("b", 35), ("a", 34)]
