"""How a file of this package, or of another one, says that it is a reward predictor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .base import Predictor
from .names import PREDICTORS


@dataclass(frozen=True)
class Registration:
    """model: class of what `fit` gives; the rest as for `register`."""

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
    """Decorator of the function that fits the predictors `names`.

    model     class of what it gives
    settings  keys of the section reward_model that it is called with
    network   MemReward's network, which `fidelity` and `selection: valid` are about
    labels    whether it learns from labels; without, it is fitted at a label ratio of 0, too

    The function is called as `fit(name, labeled, *, seeds, device, report, **settings)`. `labeled` holds labeled
    queries alone. A network gets `valid`, too: graded rollouts of the valid queries, or None.

    Planning reads names, settings, network and labels from the file without importing it (`names`): write them as
    plain constants.
    ValueError if a name is taken.
    """

    def decorator(fit: Callable[..., Predictor]) -> Callable[..., Predictor]:
        for name in names:
            PREDICTORS.add(name, Registration(model, fit, settings, network, labels))
        return fit

    return decorator
