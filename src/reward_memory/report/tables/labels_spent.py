"""What an arm's accuracy costs in labels: queries whose ground truth it was given to learn from."""

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
    """One row an arm (SPENT_COLUMNS): its labels beside its sample-weighted average accuracy.

    accuracies  the table label_ratio (accuracy.COLUMNS)
    labels      parquet.LABELS of all training queries at every label ratio
    valid       number of valid queries
    selecting   methods whose reward model is selected on the valid queries, which costs their labels, too

    A label is one query's truth, however many responses are graded by it. The oracle spends one a training query, what
    trains without any, none.
    Valid queries that a checkpoint of the policy is chosen by are not counted: every arm spends the same there.
    """
    averages = accuracies[accuracies["benchmark"] == WEIGHTED]
    counts = labels.groupby("label_ratio")["labeled"].sum()
    everything = labels["id"].nunique()
    train = [
        everything if method == "oracle" else counts[ratio] if ratio else 0
        for method, ratio in zip(averages["method"], averages["label_ratio"], strict=True)
    ]
    table = averages.assign(
        train_labels=train, valid_labels=[valid if method in selecting else 0 for method in averages["method"]]
    )
    return table.assign(labels=table["train_labels"] + table["valid_labels"])[SPENT_COLUMNS]
