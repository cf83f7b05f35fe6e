"""Logged metrics of every training run, step by step: one table for all suites."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.evaluation.statistics import over_seeds
from reward_memory.storage import csv_tables

from .runs import ARM, by_seed

#: Columns that name an arm of a suite.
NAMED = ["suite", *ARM]
LEARNING_COLUMNS = [*NAMED, "seeds", "step", "metric", "value", "ci_low", "ci_high", "interval_covers"]
#: Metric -> (column of history.csv, its factor): rewards and shares in percent.
LOGGED = {
    "reward_verified": ("reward_verified", 100.0),
    "reward_predicted": ("reward_predicted", 100.0),
    "valid_accuracy": ("valid_accuracy", 100.0),
    "response_tokens": ("response_tokens", 1.0),
    "entropy": ("entropy", 1.0),
    "kl": ("kl_loss", 1.0),
}
#: The same for agreement.csv, looked up after the run for predicted rewards: share right, and share that agrees.
LOOKED_UP = {"reward_true": ("true_share", 100.0), "agreement": ("agreement", 100.0)}


def read_run(path: str | Path) -> pd.DataFrame:
    """The history.csv of a run. InputError with the file's name if it is damaged, or a different table."""
    return csv_tables.read(path, ("step", "valid_accuracy"), [*NAMED, "seed"])


def curve_rows(
    histories: Sequence[pd.DataFrame], agreements: Sequence[pd.DataFrame], arm: dict
) -> list[dict[str, float | str]]:
    """Rows of one arm (LEARNING_COLUMNS): each metric at every step that has it, the mean over seeds.

    histories   history.csv of each seed
    agreements  agreement.csv of each seed; none if no reward is predicted
    arm         suite, policy, method, label_ratio

    Rewards, accuracies and agreement in percent, length in tokens, entropy and KL in nats. The band is the 95 %
    interval over seeds (Student's t); one seed has none. A step is included if every seed has it.
    """
    rows = []
    for runs, metrics in ((histories, LOGGED), (agreements, LOOKED_UP)):
        for metric, (column, scale) in metrics.items():
            for step, values in _steps(runs, column):
                estimate = over_seeds(scale * values)
                place = {"seeds": len(values), "step": step, "metric": metric}
                # Student's t may exceed 100 %, which no share can
                high = estimate.high if scale == 1.0 else min(estimate.high, scale)
                ends = {"value": estimate.mean, "ci_low": estimate.low, "ci_high": high}
                rows.append(arm | place | ends | {"interval_covers": "seeds" if len(values) > 1 else None})
    return rows


def read_curves(histories: pd.DataFrame, agreements: pd.DataFrame) -> list[dict[str, float | str]]:
    """Rows of all arms (LEARNING_COLUMNS), in the order of their histories.

    histories   history.csv of all runs
    agreements  agreement.csv of the runs with predicted rewards; may be empty
    """
    groups = dict(iter(agreements.groupby(NAMED))) if len(agreements) else {}
    rows = []
    for key, history in histories.groupby(NAMED, sort=False):
        looked_up = by_seed(groups[key]) if key in groups else []
        rows += curve_rows(by_seed(history), looked_up, dict(zip(NAMED, key, strict=True)))
    return rows


def _steps(runs: Sequence[pd.DataFrame], column: str) -> Iterator[tuple[int, np.ndarray]]:
    """(step, (seeds,) values) of each step at which all runs have the column."""
    if not runs or any(column not in run for run in runs):
        return
    table = pd.concat([run.set_index("step")[column] for run in runs], axis=1, join="inner").dropna().sort_index()
    for step, values in table.iterrows():
        yield int(step), values.to_numpy(float)
