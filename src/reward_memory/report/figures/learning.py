"""Learning curves of one suite, drawn only from the table: a column per policy, a row per metric."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from . import drawing, meds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Metric (tables.learning_curves) -> label of its axis, from top to bottom.
LABELS = {
    "valid_accuracy": "validation\naccuracy, %",
    "reward_verified": "reward where\nverified, %",
    "reward_predicted": "reward where\npredicted, %",
    "reward_true": "true reward\nthere, %",
    "agreement": "predicted\nrewards that\nare true, %",
    "response_tokens": "tokens\na response",
    "entropy": "entropy, nats",
    "kl": "KL, nats",
}
#: Line styles, to distinguish methods whose curves overlap.
LINES = ("-", "--", "-.", ":")
FOOTNOTE = "mean over seeds; bands: 95 % intervals over seeds"


def draw_learning_curves(table: pd.DataFrame, suite: str, path: str | Path) -> None:
    """Draw each metric of a suite's arms over the steps of training (tables.learning_curves.LEARNING_COLUMNS)."""
    import matplotlib.pyplot as plt

    table = table[table["suite"] == suite]
    policies = list(dict.fromkeys(table["policy"]))
    metrics = [metric for metric in LABELS if (table["metric"] == metric).any()]
    figure, axes = plt.subplots(
        max(len(metrics), 1),
        max(len(policies), 1),
        figsize=(1.5 + 4.2 * max(len(policies), 1), 1.5 * max(len(metrics), 1) + 0.9),
        sharex="col",
        squeeze=False,
        layout="constrained",
    )
    styles = _styles(table)
    for column, policy in enumerate(policies):
        rows = table[table["policy"] == policy]
        for axis, metric in zip(axes[:, column], metrics, strict=False):
            _draw(axis, rows[rows["metric"] == metric], styles)
            axis.set_ylabel(LABELS[metric], fontsize=8)
        axes[0, column].set_title(headline(rows, policy), loc="left", fontsize=9)
        axes[-1, column].set_xlabel("training step")
    if metrics:
        drawing.legend(figure, "method")
    drawing.save(figure, path, FOOTNOTE)


def headline(table: pd.DataFrame, policy: str) -> str:
    """A sentence on a policy's curves: which arm ends with the highest validation accuracy, which with the lowest."""
    rows = table[table["metric"] == "valid_accuracy"]
    if rows.empty:
        return f"{policy} was not validated."
    last = rows.sort_values("step").groupby(["method", "label_ratio"], sort=False).tail(1)
    best, worst = (last.loc[place] for place in (last["value"].idxmax(), last["value"].idxmin()))
    named = [_arm(row, table) for row in (best, worst)]
    if len(last) == 1:
        return f"{policy}: {named[0]} ends at {best['value']:.1f} % on the valid queries."
    return f"{policy}: {named[0]} ends highest ({best['value']:.1f} %),\n{named[1]} lowest ({worst['value']:.1f} %)."


def _arm(row: pd.Series, table: pd.DataFrame) -> str:
    several = table.loc[table["method"] == row["method"], "label_ratio"].nunique() > 1
    return f"{row['method']}, {row['label_ratio']} % labels," if several else row["method"]


def _styles(table: pd.DataFrame) -> dict[drawing.Arm, dict]:
    """Color, line, paleness and label of each arm."""
    lines = dict(zip(dict.fromkeys(table["method"]), cycle(LINES), strict=False))
    named = meds.colors(table["method"])
    return {
        (method, ratio): style | {"color": named[method], "linestyle": lines[method]}
        for (method, ratio), style in drawing.arm_styles(table).items()
    }


def _draw(axis: Axes, rows: pd.DataFrame, styles: dict[drawing.Arm, dict]) -> None:
    from matplotlib.ticker import MaxNLocator

    for arm, style in styles.items():
        own = rows[(rows["method"] == arm[0]) & (rows["label_ratio"] == arm[1])].sort_values("step")
        if own.empty:
            continue
        marker = "o" if len(own) < 20 else None
        axis.plot(own["step"], own["value"], **style, marker=marker, markersize=2.5, linewidth=1.1)
        axis.fill_between(own["step"], own["ci_low"], own["ci_high"], color=style["color"], alpha=0.12, linewidth=0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.spines[["top", "right"]].set_visible(False)
