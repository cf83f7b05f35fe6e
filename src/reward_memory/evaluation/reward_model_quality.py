"""Quality of a predictor on queries whose truth it never saw; nothing is trained or selected on these numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.reward_models.base import SERVING, Predictor
from reward_memory.reward_models.features.embedding import query_text
from reward_memory.reward_models.rollouts import Rollouts

BINS = 10
#: Metrics from `measure`, in the order of the tables.
METRICS = ("auc", "within_query_auc", "accuracy", "precision", "recall", "f1", "fpr", "calibration_error")
#: Metrics from `at_thresholds`.
THRESHOLDED = ("predicted_share", "accuracy", "precision", "recall", "f1", "fpr")


def predictions(
    model: Predictor,
    rollouts: Rollouts,
    verdicts: pd.DataFrame,
    split: str,
    texts: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """One row for each response to an unlabeled query of `rollouts` (parquet.PREDICTIONS).

    verdicts  parquet.VERDICTS with the true reward of every such response; hidden truth is read only here
    split     split of `rollouts`: train | valid | test
    texts     parquet.QUERIES and parquet.RESPONSES of `rollouts`, for models whose serving differs from fitting

    InputError if a verdict is missing.
    """
    unseen = rollouts.take(~rollouts.labeled)
    rewards = dict(
        zip(zip(verdicts["query_id"], verdicts["sample"].astype(int), strict=True), verdicts["reward"], strict=True)
    )
    keys = list(zip(unseen.query_ids[unseen.group].tolist(), unseen.samples.tolist(), strict=True))
    missing = [key for key in keys if key not in rewards]
    if missing:
        raise InputError(f"verdicts: none for sample {missing[0][1]} of the query {missing[0][0]!r}; grade it first.")
    return pd.DataFrame(
        {
            "split": np.full(len(keys), split),
            "query_id": unseen.query_ids[unseen.group],
            "benchmark": unseen.benchmarks[unseen.group],
            "sample": unseen.samples,
            "reward": np.array([rewards[key] for key in keys], np.float32),
            "probability": _probabilities(model, unseen, texts) if keys else np.empty(0, np.float32),
        }
    )


def _probabilities(model: Predictor, unseen: Rollouts, texts: tuple[pd.DataFrame, pd.DataFrame] | None) -> np.ndarray:
    if not model.fidelity & SERVING:
        return model.score(unseen)
    if texts is None:
        raise ValueError(
            f"{', '.join(sorted(model.fidelity & SERVING))}: serving needs the texts of queries and responses"
        )
    messages = dict(zip(texts[0]["id"], texts[0]["messages"], strict=True))
    responses = texts[1].set_index(["query_id", "sample"])["text"]
    groups = [
        [model.split(responses[name, sample], domain) for sample in unseen.samples[unseen.group == number].tolist()]
        for number, (name, domain) in enumerate(zip(unseen.query_ids, unseen.domains, strict=True))
    ]
    queries = [query_text(messages[name]) for name in unseen.query_ids]
    return np.concatenate(model.predict(queries, groups, unseen.domains.tolist()))


def assess(table: pd.DataFrame) -> dict:
    """split -> {"overall": metrics, "benchmarks": {name: metrics}} of `predictions`; None where undefined."""
    return {
        str(split): {
            "overall": _measured(part),
            "benchmarks": {str(name): _measured(rows) for name, rows in part.groupby("benchmark", sort=True)},
        }
        for split, part in table.groupby("split", sort=False)
    }


def _measured(table: pd.DataFrame) -> dict[str, float | int | None]:
    group, queries = pd.factorize(table["query_id"])
    truth, probability = table["reward"].to_numpy(), table["probability"].to_numpy()
    values = measure(truth, probability, group, np.ones((1, len(queries))))
    defined = {name: float(value) if np.isfinite(value) else None for name, (value,) in values.items()}
    return {"queries": len(queries), "responses": len(table)} | defined


def measure(
    truth: np.ndarray, probability: np.ndarray, group: np.ndarray, weights: np.ndarray, threshold: float = 0.5
) -> dict[str, np.ndarray]:
    """base_rate and METRICS of predicted probabilities, each (b,) float64, NaN where undefined.

    truth        (r,) 0 or 1
    probability  (r,) in [0, 1]; above `threshold` a response is predicted right
    group        (r,) int64 in [0, q): the query of each response
    weights      (b, q): how often each query counts; a row of ones, or bootstrap draws

    base_rate is the share right; auc the probability that a right response scores above a wrong one; within_query_auc
    its mean over the queries with both; fpr the false-positive rate; calibration_error the expected one, 10 equal bins.
    """
    right = truth > 0.5
    count = weights[:, group].astype(np.float64)
    total = count.sum(1)
    at = at_thresholds(truth, probability, group, weights, [threshold])
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = sum(np.abs(count[:, bins == step] @ (right - probability)[bins == step]) for step in range(BINS))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "base_rate": count @ right / total,
            "auc": _auc(right, probability, count),
            "within_query_auc": _within(right, probability, group, weights),
            **{name: at[name].ravel() for name in ("accuracy", "precision", "recall", "f1", "fpr")},
            "calibration_error": gaps / total,
        }


def at_thresholds(
    truth: np.ndarray,
    probability: np.ndarray,
    group: np.ndarray,
    weights: np.ndarray,
    thresholds: Sequence[float],
) -> dict[str, np.ndarray]:
    """THRESHOLDED, if a response is predicted right above each of t thresholds: (b, t) float64 each.

    The other arguments are those of `measure`; NaN where undefined. predicted_share is the share predicted right.
    """
    right, predicted = truth > 0.5, np.asarray(probability, np.float64)[:, None] > np.asarray(thresholds, np.float64)
    sizes, positive = (_by_query(table[:, None], group, weights) for table in (np.ones(len(truth)), right))
    hits, claimed = (_by_query(table, group, weights) for table in (right[:, None] & predicted, predicted))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "predicted_share": claimed / sizes,
            "accuracy": (sizes - positive - claimed + 2 * hits) / sizes,
            "precision": hits / claimed,
            "recall": hits / positive,
            "f1": 2 * hits / (positive + claimed),
            "fpr": (claimed - hits) / (sizes - positive),
        }


def _by_query(table: np.ndarray, group: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(b, t) weighted sums of (r, t) responses; counts are integers, so the order does not matter."""
    sums = np.zeros((weights.shape[1], table.shape[1]))
    np.add.at(sums, group, table)
    return weights.astype(np.float64) @ sums


def _auc(right: np.ndarray, probability: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(b,): weighted share of (right, wrong) response pairs that are in the right order; ties count half."""
    order = np.argsort(probability, kind="stable")
    starts = np.flatnonzero(np.diff(probability[order], prepend=-np.inf))
    if not len(starts):
        return np.full(len(count), np.nan)
    up, down = (np.add.reduceat(count[:, order] * side[order], starts, axis=1) for side in (right, ~right))
    below = np.cumsum(down, 1) - down / 2
    with np.errstate(invalid="ignore"):
        return (up * below).sum(1) / (up.sum(1) * down.sum(1))


def _within(right: np.ndarray, probability: np.ndarray, group: np.ndarray, weights: np.ndarray) -> np.ndarray:
    each = np.full(weights.shape[1], np.nan)
    order = np.argsort(group, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(group) else []
    for members in rows:
        above = probability[members][right[members]][:, None] - probability[members][~right[members]]
        if above.size:
            each[group[members]] = ((above > 0) + (above == 0) / 2).mean()
    both = np.isfinite(each)
    with np.errstate(invalid="ignore"):
        return weights[:, both] @ each[both] / weights[:, both].sum(1)
