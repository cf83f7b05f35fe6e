"""How good a reward model is on queries whose truth it never saw; nothing trains or selects on these numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import InputError
from .reward_model import RewardModel
from .rollouts import Rollouts

BINS = 10


def assess(model: RewardModel, rollouts: Rollouts, verdicts: pd.DataFrame) -> dict:
    """Metrics on the queries of `rollouts` that are not labelled, overall and by benchmark.

    verdicts  schemas.VERDICTS with the true reward of every such response; the only place where hidden truth is read

    Returns {"overall": metrics, "benchmarks": {name: metrics}}, see `measure`. InputError if a verdict is missing.
    """
    unseen = rollouts.take(~rollouts.labelled)
    known = dict(
        zip(zip(verdicts["query_id"], verdicts["sample"].astype(int), strict=True), verdicts["reward"], strict=True)
    )
    keys = list(zip(unseen.query_ids[unseen.group], unseen.samples.tolist(), strict=True))
    lost = [key for key in keys if key not in known]
    if lost:
        raise InputError(f"verdicts: none for sample {lost[0][1]} of the query {lost[0][0]!r}; grade it first.")
    truth = np.array([known[key] for key in keys], np.float64)
    probability = model.score(unseen)
    benchmark = unseen.benchmarks[unseen.group]
    return {
        "overall": measure(truth, probability, unseen.group),
        "benchmarks": {
            str(name): measure(*(array[benchmark == name] for array in (truth, probability, unseen.group)))
            for name in np.unique(benchmark)
        },
    }


def measure(truth: np.ndarray, probability: np.ndarray, group: np.ndarray) -> dict[str, float | int | None]:
    """Metrics of predicted probabilities.

    truth        (r,) 0 or 1
    probability  (r,) in [0, 1]; more than 0.5 is predicted right
    group        (r,) the query of each response

    queries, responses, base_rate (share right), auc, within_query_auc (mean over queries with right and wrong
    responses), accuracy, precision, recall, f1, fpr (false-positive rate), calibration_error (expected, 10 equal
    bins). None where a metric is not defined, such as the AUC of one class.
    """
    from sklearn.metrics import roc_auc_score

    right, predicted = truth > 0.5, probability > 0.5
    hits = int((right & predicted).sum())
    within = []
    for name in np.unique(group):
        rows = group == name
        if 0 < right[rows].mean() < 1:
            within.append(roc_auc_score(right[rows], probability[rows]))
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [abs(right[bins == step].sum() - probability[bins == step].sum()) for step in range(BINS)]
    return {
        "queries": len(np.unique(group)),
        "responses": len(truth),
        "base_rate": _ratio(right.sum(), len(right)),
        "auc": float(roc_auc_score(right, probability)) if 0 < right.sum() < len(right) else None,
        "within_query_auc": float(np.mean(within)) if within else None,
        "accuracy": _ratio((right == predicted).sum(), len(right)),
        "precision": _ratio(hits, predicted.sum()),
        "recall": _ratio(hits, right.sum()),
        "f1": _ratio(2 * hits, right.sum() + predicted.sum()),
        "fpr": _ratio((predicted & ~right).sum(), (~right).sum()),
        "calibration_error": _ratio(sum(gaps), len(right)),
    }


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
