"""Which checkpoint of every training run was evaluated, and why."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .learning_curves import NAMED

#: Accuracies in percent, on the validation queries: before training, of the evaluated checkpoint, of the last step.
CHECKPOINT_COLUMNS = [*NAMED, "seed", "step", "steps", "selection", "valid_accuracy", "valid_before", "valid_last"]


def checkpoint_row(history: pd.DataFrame, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The row of one run (CHECKPOINT_COLUMNS); an accuracy is NaN if the step was not validated.

    history   its history.csv
    manifest  its manifest.json, whose config has the selected step
    """
    names = {name: history[name].iloc[0] for name in (*NAMED, "seed")}
    settings = manifest["config"]
    accuracies = 100.0 * history.set_index("step")["valid_accuracy"]
    validated = accuracies.dropna()
    return names | {
        "step": settings["step"],
        "steps": settings["training"]["steps"],
        "selection": settings["training"]["selection"],
        "valid_accuracy": accuracies.get(settings["step"], float("nan")),
        "valid_before": accuracies.get(0, float("nan")),
        "valid_last": validated.iloc[-1] if len(validated) else float("nan"),
    }
