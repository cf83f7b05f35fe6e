"""Fit or load a reward predictor by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reward_memory.errors import InputError

from .base import Predictor, read
from .folds import labeled_only
from .graph.fitting import configure
from .names import PREDICTORS
from .rollouts import Rollouts

# imported here, not on first use: a process that forks workers has then imported them all
PREDICTORS.import_inside()


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
    """Fit one of PREDICTORS on the labeled queries of `rollouts`, and on nothing else in them.

    seeds     of the networks; the one that is best on a held-out fold of the labeled queries is used
    valid     graded rollouts of the valid queries, read only by networks with `selection: valid`
    report    called with (epochs done since the last call, a note); epochs * len(seeds) in total
    settings  further keys of the section reward_model; a predictor gets those that it registered

    InputError if fewer than two queries are labeled and it learns from labels, or a setting is unknown or impossible.
    """
    registered = PREDICTORS.find(predictor)
    arguments = configure({"predictor": predictor, **settings}).model_dump(include={*registered.settings})
    if registered.network:
        arguments["valid"] = valid
    labeled = labeled_only(rollouts) if registered.labels else rollouts.take(rollouts.labeled)
    return registered.fit(predictor, labeled, seeds=seeds, device=device, report=report, **arguments)


def load(folder: str | Path, device: str = "cpu") -> Predictor:
    """Read what `base.save` wrote. InputError if a file is missing, truncated, or from another model."""
    about, weights, memory = read(folder, device)
    name = about.get("predictor")
    if name not in PREDICTORS.names:
        known = ", ".join(PREDICTORS.names)
        raise InputError(f"{Path(folder) / 'model.json'}: predictor {name!r} is not one of {known}.")
    return PREDICTORS.find(name).model.restore(about["config"], about["metrics"], weights, memory, device)
