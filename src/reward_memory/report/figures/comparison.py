"""The figure of published results next to ours, drawn only from the table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from . import drawing

NOTHING = "no figure of this run is about the same policy and benchmarks as a published one"


def draw_comparison(table: pd.DataFrame, path: str | Path) -> None:
    """Draw our figures with 95 % intervals and the published ones, in a row each, with a panel per metric.

    table  tables.comparison.COMPARISON_COLUMNS; if it is empty, the figure says so
    """
    import matplotlib.pyplot as plt

    metrics = list(dict.fromkeys(table["metric"]))
    counts = [int((table["metric"] == metric).sum()) for metric in metrics] or [1]
    figure, axes = plt.subplots(
        len(counts),
        1,
        figsize=(7.0, 0.17 * sum(counts) + 0.7 * len(counts) + 0.8),
        height_ratios=[count + 2 for count in counts],
        squeeze=False,
        layout="constrained",
    )
    if not metrics:
        axes[0, 0].axis("off")
        axes[0, 0].text(0.5, 0.5, NOTHING, ha="center", va="center", fontsize=9, color=drawing.GRAY)
    for axis, metric in zip(axes[:, 0], metrics, strict=False):
        rows = table[table["metric"] == metric]
        places = range(len(rows))
        axis.errorbar(
            rows["ours"],
            places,
            xerr=drawing.reaches(rows, "ours"),
            fmt="o",
            color="#0072B2",
            markersize=3,
            elinewidth=0.8,
            label="ours",
        )
        axis.scatter(
            rows["published"],
            places,
            **drawing.PUBLISHED_MARK,
            label="published",
        )
        names = rows[["table", "policy", "arm", "benchmark"]].astype(str).agg(", ".join, axis=1)
        axis.set_yticks(places, names, fontsize=6)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.set_title(metric, loc="left", fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    if metrics:
        drawing.legend(figure)
    drawing.save(figure, path, "lines: 95 % intervals")
