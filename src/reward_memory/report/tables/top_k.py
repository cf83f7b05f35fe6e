"""The table top_k: quality of out-of-domain predictions by the number of neighbors that a new query attends to."""

import pandas as pd

from .reward_models import metric_rows
from .runs import by_seed

COLUMNS = [
    *("suite", "policy", "predictor", "label_ratio", "num_neighbors", "metric"),
    *("seeds", "queries", "responses", "base_rate", "mean", "sd", "ci_low", "ci_high", "interval_covers"),
]


def top_k_rows(predictions: pd.DataFrame) -> list[dict]:
    """Rows (COLUMNS) of all reward models: number of neighbors x metric, over all benchmarks of the suite.

    predictions  parquet.TOP_K of all reward models, in any order
    """
    names = ["tested", "policy", "predictor", "label_ratio", "num_neighbors"]
    out = []
    for values, rows in predictions.groupby(names):
        model = dict(zip(COLUMNS, values, strict=False))
        out += [model | row for row in metric_rows(by_seed(rows.sort_values(["query_id", "sample"])))]
    return out
