"""Calibration of a reward model: how often it is right at each predicted probability (reliability diagram)."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from .reward_model_quality import BINS
from .statistics import families_of, wilson

COLUMNS = [
    *("policy", "predictor", "label_ratio", "split", "bin_low", "bin_high"),
    *("responses", "mean_probability", "share_right", "ci_low", "ci_high"),
]


def reliability_rows(tables: Sequence[pd.DataFrame], model: dict) -> list[dict]:
    """Rows of one reward model (COLUMNS): split x bin of predicted probability, all seeds pooled.

    tables  one per seed: parquet.PREDICTIONS
    model   policy, predictor, label_ratio

    The bins are those of the calibration error. A bin without responses has NaN in all columns but `responses`.
    """
    pooled = pd.concat(tables, ignore_index=True)
    bins = np.minimum((pooled["probability"].to_numpy() * BINS).astype(int), BINS - 1)
    out = []
    for split in dict.fromkeys(pooled["split"]):
        for number in range(BINS):
            inside = pooled[(pooled["split"] == split).to_numpy() & (bins == number)]
            share = inside["reward"].mean()
            low, high = share_interval(share, inside.groupby(families_of(inside)).size().to_numpy())
            place = {"split": split, "bin_low": number / BINS, "bin_high": (number + 1) / BINS}
            values = {"mean_probability": inside["probability"].mean(), "share_right": share}
            out.append(model | place | {"responses": len(inside)} | values | {"ci_low": low, "ci_high": high})
    return out


def share_interval(share: float, sizes: np.ndarray) -> tuple[float, float]:
    """95 % interval of a share of responses grouped by query: Wilson's, with an effective number of responses.

    share  in [0, 1]
    sizes  (q,) number of responses per query, or per template, at least 1

    The effective number is Kish's, sum(sizes)^2 / sum(sizes^2): as if the responses to one query, in all seeds, were
    right or wrong together. The interval is therefore too wide rather than too narrow. Unlike a bootstrap's, it has a
    width where all are right. NaN for no responses.
    """
    if not len(sizes):
        return float("nan"), float("nan")
    sizes = np.asarray(sizes, dtype=np.float64)
    count, z = sizes.sum() ** 2 / (sizes**2).sum(), NormalDist().inv_cdf(0.975)
    low, high = wilson(share, z**2 / count)
    return float(low), float(high)
