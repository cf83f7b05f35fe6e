"""The reward predictors by name: one way to fit them and one to load them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from reward_memory.errors import InputError

from .base import Predictor, read
from .folds import labeled_only
from .graph.fitting import configure
from .names import DECLARED, OUTSIDE
from .registration import REGISTERED, Registration
from .rollouts import Rollouts

# here, not where one is first asked for: a process that forks workers has imported them all
for _module in sorted({one.module for one in DECLARED.values()}):
    import_module(_module)
#: name -> predictor.
PREDICTORS = REGISTERED


def find(name: str) -> Registration | None:
    """The predictor of that name, from this package or another one (`names.GROUP`); None if there is none.

    InputError if the other package's module cannot be imported or registers no such name.
    """
    if name not in PREDICTORS and name in OUTSIDE:
        module = OUTSIDE[name].module
        try:
            import_module(module)
        except ImportError as error:
            raise InputError(f"reward_model: predictor: {name}: {module} cannot be imported: {error}") from error
        if name not in PREDICTORS:
            raise InputError(f"reward_model: predictor: {name}: {module} does not register it; see docs/extend.md.")
    return PREDICTORS.get(name)


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
    found = find(predictor)
    if found is None:
        raise InputError(f"reward_model: predictor: {predictor!r} is not one of {', '.join(sorted(PREDICTORS))}.")
    own = configure({"predictor": predictor, **settings}).model_dump(include={*found.settings})
    if found.network:
        own["valid"] = valid
    labeled = labeled_only(rollouts) if found.labels else rollouts.take(rollouts.labeled)
    return found.fit(predictor, labeled, seeds=seeds, device=device, report=report, **own)


def load(folder: str | Path, device: str = "cpu") -> Predictor:
    """Read what `predictor.save` wrote. InputError if a file is missing, cut short, or of another model."""
    about, weights, memory = read(folder, device)
    name = about.get("predictor")
    found = find(name)
    if found is None:
        known = ", ".join(sorted(PREDICTORS))
        raise InputError(f"{Path(folder) / 'model.json'}: predictor {name!r} is not one of {known}.")
    return found.model.restore(about["config"], about["metrics"], weights, memory, device)
