"""The figures, drawn only from the tables."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from . import meds
from .accuracies import draw_ablation, draw_accuracies, draw_differences, draw_label_ratios, draw_labels_spent
from .comparison import draw_comparison
from .reward_models import draw_reliability, draw_reward_models, draw_thresholds, draw_top_k

#: Table -> function that draws it; `draw_accuracies` also draws the main table of other suites.
DRAW: dict[str, Callable[[pd.DataFrame, str | Path], None]] = {
    "main": draw_accuracies,
    "label_ratio": draw_label_ratios,
    "labels_spent": draw_labels_spent,
    "ablation": draw_ablation,
    "accuracy_delta": draw_differences,
    "reward_models": draw_reward_models,
    "reliability": draw_reliability,
    "threshold": draw_thresholds,
    "top_k": draw_top_k,
    "comparison": draw_comparison,
    **meds.DRAW,
}
