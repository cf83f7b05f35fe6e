"""Decorator that registers a reward predictor, of this package or of another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .base import Predictor
from .names import PREDICTORS


@dataclass(frozen=True)
class Registration:
    """A registered predictor. model: class of what `fit` returns; the other fields are those of `register`."""

    model: type[Predictor]
    fit: Callable[..., Predictor]
    settings: tuple[str, ...]
    network: bool
    labels: bool


def register(
    *names: str,
    model: type[Predictor],
    settings: tuple[str, ...] = (),
    network: bool = False,
    labels: bool = True,
) -> Callable:
    """Return a decorator for the function that fits the predictors `names`.

    model     class of what the function returns
    settings  keys of the section reward_model that are passed to it
    network   it is MemReward's network, to which `fidelity` and `selection: valid` apply
    labels    it learns from labels; if not, it is also fitted at a label ratio of 0

    The function is called as `fit(name, labeled, *, seeds, device, report, **settings)`. `labeled` holds only labeled
    queries. A network also gets `valid`: graded rollouts of the valid queries, or None.

    Planning reads names, settings, network and labels from the file without importing it (`names`): write them as
    plain constants.
    ValueError if a name is taken.
    """

    def decorator(fit: Callable[..., Predictor]) -> Callable[..., Predictor]:
        for name in names:
            PREDICTORS.add(name, Registration(model, fit, settings, network, labels))
        return fit

    return decorator
