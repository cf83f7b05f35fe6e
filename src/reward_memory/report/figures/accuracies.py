"""Figures of the arms, drawn only from their tables: a panel per policy, a bar per arm, lines are 95 % intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..tables.names import WEIGHTED
from . import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_accuracies(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the accuracy of each arm, a group per benchmark (tables.COLUMNS)."""
    _draw_groups(table, path, "benchmark", "accuracy")


def draw_ablation(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the accuracy of each arm, a group per domain (tables.ABLATION_COLUMNS)."""
    _draw_groups(table, path, "domain", "accuracy")


def draw_differences(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the difference of each arm to the baseline, a group per benchmark (tables.DIFFERENCE_COLUMNS)."""
    if table["baseline"].nunique() > 1:
        table = table.assign(method=table["method"] + " minus " + table["baseline"])
    _draw_groups(table, path, "benchmark", "difference")


def draw_label_ratios(table: pd.DataFrame, path: str | Path) -> None:
    """Draw each method's average accuracy by label ratio, with a line for the untrained policy (tables.COLUMNS)."""
    table = table[table["benchmark"] == WEIGHTED]
    untrained, table = table[table["method"] == "base"], table[table["method"] != "base"]
    policies, ratios = list(dict.fromkeys(table["policy"])), sorted(set(table["label_ratio"]))
    named = drawing.colors([*untrained["method"], *table["method"]])
    most = table.groupby(["policy", "label_ratio"]).size().max()
    figure, axes = drawing.panels(len(policies), max(6.0, (0.3 + 0.2 * most) * len(ratios) + 2))
    for axis, policy in zip(axes, policies, strict=True):
        part = table[table["policy"] == policy]
        for place, ratio in enumerate(ratios):
            group = part[part["label_ratio"] == ratio]
            for number, (index, row) in enumerate(group.iterrows()):
                at, own = [place + (number + 0.5 - len(group) / 2) * 0.8 / most], part.loc[[index]]
                style = {"color": named[row["method"]], "label": _once(axis, row["method"])}
                drawing.bars(axis, at, own, 0.74 / most, "accuracy", **style)
                drawing.published_points(axis, at, own)
        for height in untrained.loc[untrained["policy"] == policy, "accuracy"]:
            axis.axhline(height, color=named["base"], linestyle="--", linewidth=1, label="base")
        axis.set_xticks(range(len(ratios)), [f"{ratio} %" for ratio in ratios], fontsize=8)
        _accuracy_axis(axis, policy)
    axes[-1].set_xlabel("labeled training queries")
    drawing.legend(figure)
    drawing.save(figure, path, f"{drawing.sources(table)}; sample-weighted average; lines: 95 % intervals")


def draw_labels_spent(table: pd.DataFrame, path: str | Path) -> None:
    """Draw each arm's average accuracy over the labels that it uses, a line per method (tables.SPENT_COLUMNS)."""
    policies = list(dict.fromkeys(table["policy"]))
    named = drawing.colors(table["method"])
    figure, axes = drawing.panels(len(policies), 6.5, 3.0)
    for axis, policy in zip(axes, policies, strict=True):
        part = table[table["policy"] == policy].sort_values("labels")
        for method in dict.fromkeys(table["method"]):
            rows = part[part["method"] == method]
            axis.errorbar(
                rows["labels"],
                rows["accuracy"],
                yerr=drawing.reaches(rows, "accuracy"),
                color=named[method],
                marker="o",
                markersize=4,
                linewidth=1.2,
                elinewidth=0.8,
                capsize=2,
                label=method,
            )
        axis.set_xlim(left=0)
        axis.set_ylabel("accuracy, %")
        axis.set_title(policy, loc="left", fontsize=10)
    axes[-1].set_xlabel("labels spent (queries)")
    drawing.legend(figure)
    drawing.save(figure, path, f"{drawing.sources(table)}; sample-weighted average; lines: 95 % intervals")


def _draw_groups(table: pd.DataFrame, path: str | Path, group: str, value: str) -> None:
    policies = list(dict.fromkeys(table["policy"]))
    arms = len(drawing.arms_of(table))
    figure, axes = drawing.panels(len(policies), max(6.0, (0.45 + 0.1 * arms) * table[group].nunique() + 2))
    for axis, policy in zip(axes, policies, strict=True):
        part = table[table["policy"] == policy]
        drawing.grouped(axis, part, group, value, drawing.arm_styles(part))
        if value == "accuracy":
            _accuracy_axis(axis, policy)
        else:
            axis.axhline(0, color="#333333", linewidth=0.8)
            named = set(table["baseline"])
            axis.set_ylabel(f"minus {named.pop()}, points" if len(named) == 1 else "difference, points")
            axis.set_title(policy, loc="left", fontsize=10)
    drawing.legend(figure)
    drawing.save(figure, path, f"{drawing.sources(table)}; lines: 95 % intervals")


def _accuracy_axis(axis: Axes, policy: str) -> None:
    axis.set_ylabel("accuracy, %")
    axis.set_ylim(0, 100)
    axis.set_title(policy, loc="left", fontsize=10)


def _once(axis: Axes, label: str) -> str | None:
    """The label, None if the axis already has it."""
    return None if label in axis.get_legend_handles_labels()[1] else label
