"""The reward predictors by name: one way to fit them and one to load them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reward_memory.errors import InputError

from .base import Predictor, read
from .baselines.logistic import DESIGNS, Linear, fit_linear
from .baselines.untrained import Majority, Neighbours
from .folds import labelled_only
from .graph.fitting import fit as fit_graph
from .graph.network import LAYERS
from .graph.reward_model import RewardModel
from .graph_plus import GraphPlus, fit_plus
from .rollouts import Rollouts

#: name -> class of what `fit` gives.
PREDICTORS: dict[str, type[Predictor]] = {
    "graph": RewardModel,
    "graph-homogeneous": RewardModel,
    "graph-no-thinking": RewardModel,
    "graph-plus": GraphPlus,
    "mlp": RewardModel,
    "logistic": Linear,
    "logistic-agreement": Linear,
    "knn": Neighbours,
    "majority": Majority,
}


def fit(
    predictor: str,
    rollouts: Rollouts,
    *,
    valid: Rollouts | None = None,
    seeds: Sequence[int] = (0,),
    device: str = "cpu",
    report: Callable[[int, str], None] | None = None,
    **settings,
) -> Predictor:
    """Fit one of PREDICTORS on the labelled queries of `rollouts`; nothing else of their rewards is read.

    seeds     of the networks, of which the best on a held-out fold of the labelled queries serves
    valid     graded rollouts of the valid queries, which only networks with `selection: valid` look at
    report    called with (epochs done since the last call, a note); in all epochs * len(seeds)
    settings  overrides of `fitting.GRAPH_DEFAULTS`; simple predictors use what of it concerns them

    InputError if fewer than two queries are labelled, or a setting is impossible.
    """
    if predictor not in PREDICTORS:
        raise InputError(f"reward_model: predictor: {predictor!r} is not one of {', '.join(PREDICTORS)}.")
    if predictor in LAYERS:
        if "same-seed" in settings.get("fidelity", ()):
            seeds = [seeds[0]] * len(seeds)
        fixed = {"seeds": seeds, "device": device, "report": report}
        return fit_graph(rollouts, predictor=predictor, valid=valid, **fixed, **settings)
    if predictor == "graph-plus":
        return fit_plus(rollouts, seeds=seeds, device=device, report=report, **settings)
    labelled = labelled_only(rollouts)
    if predictor in DESIGNS:
        return fit_linear(labelled, DESIGNS[predictor], seeds[0], predictor)
    metrics = {"labelled_queries": len(labelled.query_ids), "labelled_responses": len(labelled.rewards)}
    config = {"predictor": predictor, "encoder_dtype": rollouts.dtype}
    if predictor == "majority":
        return Majority(config, metrics)
    return Neighbours.of(labelled, config | {"neighbours": settings.get("neighbours", 7)}, metrics, device)


def load(folder: str | Path, device: str = "cpu") -> Predictor:
    """Read what `predictor.save` wrote. InputError if a file is missing, cut short, or of another model."""
    about, weights, memory = read(folder, device)
    if about.get("predictor") not in PREDICTORS:
        known = ", ".join(PREDICTORS)
        raise InputError(f"{Path(folder) / 'model.json'}: predictor {about.get('predictor')!r} is not one of {known}.")
    kind = PREDICTORS[about["predictor"]]
    return kind.restore(about["config"], about["metrics"], weights, memory, device)
