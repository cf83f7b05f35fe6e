"""graph-plus: the graph corrects a logistic regression on label-free signals of a response.

Not in the paper. The signals (`signals`) and, if they help, the agreement with each numbered sample
(`logistic.sources`) carry most of the information. The network is fitted on the residual. Its weight is chosen on the
held-out fold and is 0 if the gain there is smaller than its standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from .base import Predictor, Tensors
from .baselines.logistic import DESIGNS, Linear, fit_linear, out_of_fold
from .folds import hold_out
from .graph.fitting import KEYS, fit_on_top
from .graph.reward_model import RewardModel
from .registration import register
from .rollouts import Rollouts

#: Candidate weights of the network's logits.
WEIGHTS = (0.25, 0.5, 0.75, 1.0)


class GraphPlus(Predictor):
    """logit = linear + weight * graph; config: weight, and the configurations of both."""

    def __init__(self, linear: Linear, graph: RewardModel, config: dict, metrics: dict):
        super().__init__(config, metrics, str(graph.device))
        self.linear, self.graph = linear, graph

    def tensors(self) -> tuple[Tensors, Tensors]:
        weights, memory = self.graph.tensors()
        return weights | {f"linear.{name}": value for name, value in self.linear.tensors()[0].items()}, memory

    @classmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> GraphPlus:
        graph = {name: value for name, value in weights.items() if not name.startswith("linear.")}
        rest = {name.removeprefix("linear."): value for name, value in weights.items() if name not in graph}
        linear = Linear.restore(config["linear"], {}, rest, {}, device)
        return cls(linear, RewardModel.restore(config["graph"], {}, graph, memory, device), config, metrics)

    def with_neighbors(self, count: int) -> GraphPlus:
        return GraphPlus(self.linear, self.graph.with_neighbors(count), self.config, self.metrics)

    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        logits = self.linear.logits(rollouts)
        if self.config["weight"]:
            logits = logits + self.config["weight"] * self.graph.logits(rollouts)
        return torch.as_tensor(logits).sigmoid().float().numpy()


# held-out queries decide the weight of its parts, so it has no selection and no fidelity
@register("graph-plus", model=GraphPlus, settings=tuple({*KEYS} - {"selection", "fidelity"}))
def fit_plus(
    name: str,
    labeled: Rollouts,
    *,
    seeds: Sequence[int],
    device: str,
    report: Callable[[int, str], None] | None,
    **settings,
) -> GraphPlus:
    """Fit on labeled queries; arguments as for `fitting.fit`.

    The network is trained on the residual of the linear part's out-of-fold logits, so that it does not learn to trust a
    fit that has seen the labels. Its weight is chosen on the fold that selects its epoch, also with linear logits that
    are out-of-fold: each comes from a fit without its query.
    """
    linear = fit_linear(labeled, DESIGNS["signals"], seeds[0], "signals")
    design, count, strength = linear.config["design"], linear.config["sources"], linear.metrics["strength"]
    offset = out_of_fold(labeled, design, count, strength, seeds[0])
    graph, residual = fit_on_top(labeled, offset, seeds=seeds, device=device, report=report, **settings)
    held = hold_out(labeled, graph.config["holdout"], seeds[0])[labeled.group]
    weight, gains = _weigh(offset[held], residual, labeled.rewards[held], labeled.group[held])
    config = {
        "predictor": name,
        "weight": weight,
        "linear": linear.config,
        "graph": graph.config,
        "answer_features": graph.config["answer_features"],
        "encoder_dtype": labeled.dtype,
    }
    metrics = graph.metrics | {"linear": linear.metrics, "gains": gains}
    return GraphPlus(linear, graph, config, metrics)


def _weigh(
    offset: np.ndarray, residual: np.ndarray, rewards: np.ndarray, group: np.ndarray
) -> tuple[float, dict[str, list[float]]]:
    """(weight of the residual logits, weight -> [mean gain in log loss over the queries, its standard error])."""
    _, group = np.unique(group, return_inverse=True)
    sizes = np.bincount(group)

    def losses(weight: float) -> np.ndarray:
        logits = offset + weight * residual
        return np.bincount(group, np.logaddexp(0, logits) - rewards * logits) / sizes

    gains = {}
    for weight in WEIGHTS:
        gain = losses(0) - losses(weight)
        gains[weight] = float(gain.mean()), float(gain.std() / np.sqrt(max(len(gain) - 1, 1)))
    # pessimistic: the fold is small and has already selected the epoch and the run
    best = max(gains, key=lambda weight: gains[weight][0] - gains[weight][1])
    return best if gains[best][0] > gains[best][1] else 0.0, {str(weight): list(gain) for weight, gain in gains.items()}
