"""The table of thresholds: quality of predictions as rewards, if a response counts as correct above the threshold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reward_memory.evaluation.reward_model_quality import THRESHOLDED, at_thresholds

from .reward_models import estimated, resampled

#: Thresholds that are compared, in addition to those that the configuration trains with.
GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
#: Splits that are measured: the queries that training needs predictions for, and those that it never sees.
SPLITS = ("train", "test")
COLUMNS = [
    *("policy", "predictor", "label_ratio", "split", "threshold", "metric"),
    *("seeds", "queries", "responses", "base_rate", "mean", "sd", "ci_low", "ci_high", "interval_covers"),
]


def threshold_rows(tables: Sequence[pd.DataFrame], model: dict, thresholds: Sequence[float]) -> list[dict]:
    """Rows of one reward model (COLUMNS): split x threshold x metric, over all benchmarks.

    tables      one per seed: parquet.PREDICTIONS
    model       policy, predictor, label_ratio
    thresholds  a response is predicted right if its probability is strictly above

    Precision is undefined (NaN) if nothing is predicted right.
    """
    out = []
    for split in SPLITS:
        parts = [table[table["split"] == split] for table in tables]
        if parts[0].empty:
            continue
        draws = resampled(parts)
        measured = [
            at_thresholds(part["reward"].to_numpy(), part["probability"].to_numpy(), group, draws.weights, thresholds)
            for part, group in zip(parts, draws.groups, strict=True)
        ]
        counts = draws.counts | {"base_rate": float((parts[0]["reward"] > 0.5).mean())}
        for place, threshold in enumerate(thresholds):
            for metric in THRESHOLDED:
                values = np.stack([one[metric][:, place] for one in measured])
                named = {"split": split, "threshold": threshold, "metric": metric}
                out.append(model | named | counts | estimated(values, draws.families))
    return out
