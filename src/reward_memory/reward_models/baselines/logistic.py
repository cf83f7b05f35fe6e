"""Logistic regression as a reward predictor; the predictor's name selects its columns (DESIGNS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from ..base import Predictor, Tensors
from ..features.signals import SIGNALS
from ..folds import folds, label_counts
from ..registration import register
from ..rollouts import Rollouts

#: predictor -> the designs that cross-validation chooses from, the simplest first.
DESIGNS: dict[str, Sequence[tuple[str, ...]]] = {
    "logistic": (("embeddings", "features"),),
    "logistic-agreement": (("embeddings", "features", "agreement"),),
    "signals": (
        ("signals",),
        ("signals", "checks"),
        ("signals", "sources"),
        ("signals", "checks", "sources"),
    ),
}
STRENGTHS = 10.0 ** np.arange(-4, 1.5, 0.5)
FOLDS = 5


def sources(rollouts: Rollouts, count: int) -> np.ndarray:
    """(r, 2 count) float32: one-hot of the sample's number; whether the sample of each number gives the same answer.

    If samples come from different models, in the same order for all queries, these columns show how often each model
    is right. Samples of one policy are exchangeable, so for them the columns carry no information.
    """
    out = np.zeros((len(rollouts.group), 2, count), np.float32)
    rows = np.flatnonzero(rollouts.samples < count)
    out[rows, 0, rollouts.samples[rows]] = 1
    keys = np.full((len(rollouts.query_ids), count), "", object)
    keys[rollouts.group[rows], rollouts.samples[rows]] = rollouts.keys[rows]
    out[:, 1] = (keys[rollouts.group] == rollouts.keys[:, None]) & (rollouts.keys != "")[:, None]
    out[rows, 1, rollouts.samples[rows]] = 0  # a sample's agreement with itself
    return out.reshape(len(out), -1)


def columns(rollouts: Rollouts, design: Sequence[str], count: int) -> np.ndarray:
    """(r, c) float32 columns of a design."""
    parts = {
        "embeddings": lambda: [rollouts.query[rollouts.group], rollouts.thinking, rollouts.answer],
        "features": lambda: [rollouts.features],
        "agreement": lambda: [rollouts.signals[:, :2]],
        "signals": lambda: [rollouts.signals[:, : len(SIGNALS)]],
        "checks": lambda: [rollouts.signals[:, len(SIGNALS) :]],
        "sources": lambda: [sources(rollouts, count)],
    }
    return np.concatenate([array for name in design for array in parts[name]()], 1)


class Linear(Predictor):
    """Logistic regression on standardized columns.

    coefficients (c,) of the raw columns, float64; intercept () float64
    config: design, the names of its parts; sources, the number of samples that have their own columns
    """

    def __init__(self, coefficients: np.ndarray, intercept: float, config: dict, metrics: dict):
        super().__init__(config, metrics)
        self.coefficients, self.intercept = coefficients, intercept

    def tensors(self) -> tuple[Tensors, Tensors]:
        numbers = {"coefficients": self.coefficients, "intercept": np.array(self.intercept)}
        return {name: torch.as_tensor(value, dtype=torch.float64) for name, value in numbers.items()}, {}

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> Linear:
        return cls(weights["coefficients"].cpu().numpy(), float(weights["intercept"]), config, metrics)

    def logits(self, rollouts: Rollouts) -> np.ndarray:
        """(r,) float64."""
        design = columns(rollouts, self.config["design"], self.config["sources"])
        return design.astype(np.float64) @ self.coefficients + self.intercept

    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        return torch.as_tensor(self.logits(rollouts)).sigmoid().float().numpy()


@register("logistic", "logistic-agreement", model=Linear, settings=("answer_features",))
def fit_logistic(
    name: str,
    labeled: Rollouts,
    *,
    seeds: Sequence[int],
    answer_features: Mapping[str, Sequence[str]],
    **_,
) -> Linear:
    """Call `fit_linear` with the designs of a predictor; `labeled` must have these answer features."""
    model = fit_linear(labeled, DESIGNS[name], seeds[0], name)
    return Linear(
        model.coefficients, model.intercept, model.config | {"answer_features": answer_features}, model.metrics
    )


def fit_linear(rollouts: Rollouts, designs: Sequence[Sequence[str]], seed: int, predictor: str) -> Linear:
    """Fit on labeled queries; the design and the penalty's strength are chosen by cross-validated loss.

    rollouts  labeled queries only
    designs   in order; one replaces the current choice if it lowers the loss by more than the standard error of the
              difference over the queries
    """
    count = int(rollouts.samples.max()) + 1
    fold = folds(rollouts, min(FOLDS, len(rollouts.query_ids)), seed)[rollouts.group]
    design, (strength, losses) = None, (None, None)
    for candidate in designs:
        fitted = _strength(columns(rollouts, candidate, count), rollouts, fold)
        gain = None if design is None else losses - fitted[1]
        if gain is None or gain.mean() > gain.std() / np.sqrt(max(len(gain) - 1, 1)):
            design, (strength, losses) = candidate, fitted
    coefficients, intercept = _fit(columns(rollouts, design, count), rollouts.rewards, strength)
    config = {"predictor": predictor, "design": list(design), "sources": count, "encoder_dtype": rollouts.dtype}
    metrics = label_counts(rollouts) | {"strength": float(strength), "cross_validated_loss": float(losses.mean())}
    return Linear(coefficients, intercept, config, metrics)


def out_of_fold(rollouts: Rollouts, design: Sequence[str], count: int, strength: float, seed: int) -> np.ndarray:
    """(r,) float64 logits of labeled responses, each from a fit that did not see its query."""
    fold = folds(rollouts, min(FOLDS, len(rollouts.query_ids)), seed)[rollouts.group]
    return _out_of_fold(columns(rollouts, design, count), rollouts.rewards, fold, strength)


def _out_of_fold(table: np.ndarray, rewards: np.ndarray, fold: np.ndarray, strength: float) -> np.ndarray:
    logits = np.empty(len(table))
    for number in np.unique(fold):
        coefficients, intercept = _fit(table[fold != number], rewards[fold != number], strength)
        logits[fold == number] = table[fold == number].astype(np.float64) @ coefficients + intercept
    return logits


def _strength(table: np.ndarray, rollouts: Rollouts, fold: np.ndarray) -> tuple[float, np.ndarray]:
    """(the penalty strength with the lowest cross-validated loss, that loss for each query)."""
    sizes, best = np.bincount(rollouts.group), None
    for strength in STRENGTHS:
        logits = _out_of_fold(table, rollouts.rewards, fold, strength)
        losses = np.bincount(rollouts.group, np.logaddexp(0, logits) - rollouts.rewards * logits) / sizes
        if best is None or losses.mean() < best[1].mean():
            best = float(strength), losses
    return best


def _fit(table: np.ndarray, rewards: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """(coefficients of the raw columns, intercept); with only one class, zeros and its smoothed log-odds."""
    from sklearn.linear_model import LogisticRegression

    table = table.astype(np.float64)
    if rewards.min() == rewards.max():
        right = rewards.sum() + 0.5
        return np.zeros(table.shape[1]), float(np.log(right / (len(rewards) - right + 1)))
    mean, scale = table.mean(0), table.std(0)
    scale[scale == 0] = 1
    model = LogisticRegression(C=strength, max_iter=1000).fit((table - mean) / scale, rewards > 0.5)
    coefficients = model.coef_[0] / scale
    return coefficients, float(model.intercept_[0] - mean @ coefficients)
