"""The labels behind an arm's accuracy: queries whose ground truth it could learn from."""

from collections.abc import Collection

import pandas as pd

from .names import WEIGHTED

SPENT_COLUMNS = [
    *("policy", "method", "label_ratio", "seeds", "train_labels", "valid_labels", "labels"),
    *("source", "n", "accuracy", "ci_low", "ci_high", "interval_covers"),
]


def labels_spent(
    accuracies: pd.DataFrame, labels: pd.DataFrame, valid: int, selecting: Collection[str]
) -> pd.DataFrame:
    """One row per arm (SPENT_COLUMNS): its labels and its sample-weighted average accuracy.

    accuracies  the table label_ratio (accuracy.COLUMNS)
    labels      parquet.LABELS of all training queries at every label ratio
    valid       number of valid queries
    selecting   methods whose reward model is selected on the valid queries, which uses their labels, too

    A label is one query's truth, however many responses it grades. The oracle uses one per training query, and arms
    with label ratio 0 use none.
    Valid queries for selecting the policy's checkpoint are not counted: every arm uses the same.
    """
    averages = accuracies[accuracies["benchmark"] == WEIGHTED]
    counts = labels.groupby("label_ratio")["labeled"].sum()
    total = labels["id"].nunique()
    train = [
        total if method == "oracle" else counts[ratio] if ratio else 0
        for method, ratio in zip(averages["method"], averages["label_ratio"], strict=True)
    ]
    table = averages.assign(
        train_labels=train, valid_labels=[valid if method in selecting else 0 for method in averages["method"]]
    )
    return table.assign(labels=table["train_labels"] + table["valid_labels"])[SPENT_COLUMNS]
