"""Figures of the reward models, drawn only from their tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..tables.names import OVERALL
from . import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_reward_models(table: pd.DataFrame, path: str | Path) -> None:
    """Draw AUC and within-query AUC of every reward model, with 95 % intervals: a panel per policy and label ratio.

    table  tables.reward_models.COLUMNS; used are the rows over all benchmarks, on the unlabeled training queries
    """
    table = table[(table["benchmark"] == OVERALL) & (table["split"] == "train")]
    pairs = list(dict.fromkeys(zip(table["policy"], table["label_ratio"], strict=True)))
    predictors = list(dict.fromkeys(table["predictor"]))
    metrics = {"auc": ("AUC", "#0072B2"), "within_query_auc": ("within-query AUC", "#56B4E9")}
    figure, axes = drawing.panels(len(pairs), max(6.0, 0.8 * len(predictors) + 1.5))
    for axis, (policy, ratio) in zip(axes, pairs, strict=True):
        part = table[(table["policy"] == policy) & (table["label_ratio"] == ratio)]
        for number, (metric, (name, color)) in enumerate(metrics.items()):
            rows = part[part["metric"] == metric].set_index("predictor").loc[predictors]
            places = [place - 0.2 + 0.4 * number for place in range(len(predictors))]
            drawing.bars(axis, places, rows, 0.37, color=color, label=name)
        axis.axhline(0.5, color="#333333", linewidth=0.8, linestyle=":")
        axis.set_ylim(0.3, 1)
        axis.set_title(f"{policy}, {ratio} % labels", loc="left", fontsize=10)
    axes[-1].set_xticks(range(len(predictors)), predictors, rotation=25, ha="right", rotation_mode="anchor", fontsize=8)
    drawing.legend(figure)
    drawing.save(figure, path, "unlabeled training queries; 95 % intervals")


def draw_thresholds(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the accuracy of predicted rewards over the threshold, with 95 % intervals: a line per predictor.

    table  tables.thresholds.COLUMNS; used are the unlabeled training queries: a panel per policy and label ratio
    """
    table = table[(table["metric"] == "accuracy") & (table["split"] == "train")]
    _lines(table, "threshold", "threshold of the predicted probability", path)


def draw_top_k(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the accuracy of predicted rewards over the number of neighbors, with 95 % intervals: a line per predictor.

    table  tables.top_k.COLUMNS: a panel per suite, policy and label ratio
    """
    table = table[table["metric"] == "accuracy"]
    table = table.assign(policy=table["policy"] + " in suite " + table["suite"])
    _lines(table, "num_neighbors", "labeled queries that a new query attends to", path)


def _lines(table: pd.DataFrame, place: str, label: str, path: str | Path) -> None:
    """Draw column `mean` over column `place`: a panel per policy and label ratio, a line per predictor."""
    pairs = list(dict.fromkeys(zip(table["policy"], table["label_ratio"], strict=True)))
    figure, axes = drawing.panels(len(pairs), 6.5)
    named = drawing.colors(f"memreward:{name}" for name in table["predictor"])
    for axis, (name, ratio) in zip(axes, pairs, strict=True):
        part = table[(table["policy"] == name) & (table["label_ratio"] == ratio)]
        for predictor, rows in part.groupby("predictor", sort=False):
            color = named[f"memreward:{predictor}"]
            axis.errorbar(
                rows[place],
                rows["mean"],
                yerr=drawing.reaches(rows),
                color=color,
                label=predictor,
                marker="o",
                markersize=3,
                linewidth=1.0,
                elinewidth=0.8,
            )
        axis.set_ylabel("accuracy", fontsize=8)
        axis.set_title(f"{name}, {ratio} % labels", loc="left", fontsize=10)
    axes[-1].set_xlabel(label, fontsize=8)
    drawing.legend(figure)
    drawing.save(figure, path, "lines: 95 % intervals")


def draw_reliability(table: pd.DataFrame, path: str | Path) -> None:
    """Draw share right against predicted probability, with 95 % intervals, above the responses in each bin.

    table  evaluation.calibration.COLUMNS; used are the unlabeled training queries: a column per predictor, a row per
           policy and label ratio
    """
    import matplotlib.pyplot as plt

    table = table[table["split"] == "train"]
    pairs = list(dict.fromkeys(zip(table["policy"], table["label_ratio"], strict=True)))
    predictors = list(dict.fromkeys(table["predictor"]))
    figure, axes = plt.subplots(
        2 * len(pairs),
        len(predictors),
        figsize=(max(4.0, 1.7 * len(predictors) + 0.8), 2.7 * len(pairs) + 0.6),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[3, 1] * len(pairs),
        layout="constrained",
    )
    for row, (policy, ratio) in enumerate(pairs):
        for column, predictor in enumerate(predictors):
            part = table[(table["policy"] == policy) & (table["label_ratio"] == ratio)]
            diagram, counts = axes[2 * row : 2 * row + 2, column]
            _reliability(diagram, counts, part[part["predictor"] == predictor])
            diagram.set_title(predictor, fontsize=9)
        axes[2 * row, 0].set_ylabel(f"{policy}, {ratio} % labels\nshare right", fontsize=8)
        axes[2 * row + 1, 0].set_ylabel("responses", fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("predicted", fontsize=8)
    drawing.save(figure, path, "unlabeled training queries, all seeds; lines: 95 % intervals; dotted: calibrated")


def _reliability(diagram: Axes, counts: Axes, bins: pd.DataFrame) -> None:
    """Draw one predictor's diagram and, below it, its counts."""
    filled = bins[bins["responses"] > 0]
    diagram.plot([0, 1], [0, 1], color="#333333", linewidth=0.8, linestyle=":")
    diagram.errorbar(
        filled["mean_probability"],
        filled["share_right"],
        yerr=drawing.reaches(filled, "share_right"),
        color="#0072B2",
        marker="o",
        markersize=3,
        linewidth=1.0,
        elinewidth=0.8,
    )
    diagram.set_xlim(0, 1)
    diagram.set_ylim(-0.02, 1.02)
    middles = (bins["bin_low"] + bins["bin_high"]) / 2
    counts.bar(middles, bins["responses"], 0.9 * (bins["bin_high"] - bins["bin_low"]), color="#999999")
    for axis in (diagram, counts):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
