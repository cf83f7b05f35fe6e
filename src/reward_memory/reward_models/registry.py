"""The reward predictors by name: one way to fit them and one to load them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reward_memory.errors import InputError

from .base import Predictor, read
from .folds import labeled_only
from .graph.fitting import configure
from .names import PREDICTORS
from .rollouts import Rollouts

# here, not where one is first asked for: a process that forks workers has imported them all
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
    """Fit one of PREDICTORS on the labeled queries of `rollouts`; it sees nothing else of them.

    seeds     of the networks, of which the best on a held-out fold of the labeled queries serves
    valid     graded rollouts of the valid queries, which only networks with `selection: valid` look at
    report    called with (epochs done since the last call, a note); in all epochs * len(seeds)
    settings  further keys of the section reward_model; a predictor gets those that it is registered with

    InputError if fewer than two queries are labeled and it learns from labels, or a setting is unknown or impossible.
    """
    found = PREDICTORS.find(predictor)
    own = configure({"predictor": predictor, **settings}).model_dump(include={*found.settings})
    if found.network:
        own["valid"] = valid
    labeled = labeled_only(rollouts) if found.labels else rollouts.take(rollouts.labeled)
    return found.fit(predictor, labeled, seeds=seeds, device=device, report=report, **own)


def load(folder: str | Path, device: str = "cpu") -> Predictor:
    """Read what `predictor.save` wrote. InputError if a file is missing, cut short, or of another model."""
    about, weights, memory = read(folder, device)
    name = about.get("predictor")
    if name not in PREDICTORS.names:
        known = ", ".join(PREDICTORS.names)
        raise InputError(f"{Path(folder) / 'model.json'}: predictor {name!r} is not one of {known}.")
    return PREDICTORS.find(name).model.restore(about["config"], about["metrics"], weights, memory, device)
