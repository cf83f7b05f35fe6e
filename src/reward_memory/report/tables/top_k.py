"""The table of top-k: how well a reward model predicts out of domain, by the neighbors that a new query attends to."""

from collections.abc import Sequence

import pandas as pd

from .reward_models import metric_rows

COLUMNS = [
    *("suite", "policy", "predictor", "label_ratio", "num_neighbors", "metric"),
    *("seeds", "queries", "responses", "base_rate", "mean", "sd", "ci_low", "ci_high", "interval_covers"),
]


def top_k_rows(predictions: pd.DataFrame) -> list[dict]:
    """Rows (COLUMNS) of all reward models: number of neighbors x metric, over all benchmarks of the suite.

    predictions  parquet.TOP_K of all of them, in any order
    """
    names = ["tested", "policy", "predictor", "label_ratio", "num_neighbors"]
    out = []
    for values, rows in predictions.groupby(names):
        model = dict(zip(COLUMNS, values, strict=False))
        out += [model | row for row in metric_rows(_by_seed(rows))]
    return out


def _by_seed(rows: pd.DataFrame) -> Sequence[pd.DataFrame]:
    """The rows of each seed, by ascending seed, about the same responses in the same order."""
    return [part.sort_values(["query_id", "sample"], ignore_index=True) for _, part in rows.groupby("seed")]
