"""Shared code of the figures: colors, bars with intervals, published points, reproducible files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import pandas as pd

from reward_memory.storage.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

matplotlib.use("Agg")
# a fixed salt: otherwise matplotlib gives SVG elements new names in every run
matplotlib.rcParams["svg.hashsalt"] = "reward-memory"

#: One color per method in every figure (Okabe and Ito's palette, then Tol's muted one, safe for color-blind readers).
COLORS = {
    "base": "#999999",
    "r1-p": "#E69F00",
    "memreward": "#0072B2",
    "oracle": "#009E73",
    "memreward:graph-plus": "#CC79A7",
    "memreward:graph-homogeneous": "#56B4E9",
    "memreward:graph-no-thinking": "#D55E00",
    "memreward:mlp": "#F0E442",
    "memreward:graph": "#332288",
    "memreward:graph-as-published": "#882255",
    "memreward:logistic": "#DDCC77",
    "memreward:logistic-agreement": "#999933",
    "memreward:knn": "#AA4499",
    "memreward:majority": "#555555",
}
#: Colors of other methods and variants, in the order in which they appear.
MORE_COLORS = ("#117733", "#CC6677", "#88CCEE", "#000000")
GRAY = "#666666"
#: Marker of a published figure next to ours.
PUBLISHED_MARK = {"s": 18, "marker": "D", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8, "zorder": 3}

Arm = tuple[str, int]


def colors(methods: Iterable[str]) -> dict[str, str]:
    """A color for each method; those not in COLORS get one of MORE_COLORS in order of appearance."""
    methods = list(dict.fromkeys(methods))
    others = [method for method in methods if method not in COLORS]
    more = {method: MORE_COLORS[number % len(MORE_COLORS)] for number, method in enumerate(others)}
    return {method: (COLORS | more)[method] for method in methods}


def arms_of(table: pd.DataFrame) -> list[Arm]:
    """(method, label ratio) of each arm, in the order of a table."""
    return list(dict.fromkeys(zip(table["method"], table["label_ratio"], strict=True)))


def arm_styles(table: pd.DataFrame) -> dict[Arm, dict]:
    """Color, paleness and label of each arm: a method's ratios share its color, paler for fewer labels."""
    arms = arms_of(table)
    named = colors(method for method, _ in arms)
    styles = {}
    for method, ratio in arms:
        ratios = sorted(other for name, other in arms if name == method)
        alpha = 0.4 + 0.6 * (ratios.index(ratio) + 1) / len(ratios)
        styles[method, ratio] = {"color": named[method], "alpha": alpha, "label": f"{method} ({ratio} % labels)"}
    return styles


def panels(count: int, width: float, height: float = 2.6) -> tuple[Figure, Sequence[Axes]]:
    """A figure of `count` stacked panels that share their horizontal axis; sizes in inches."""
    import matplotlib.pyplot as plt

    size = (width, height * count + 0.8)
    figure, axes = plt.subplots(count, 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for axis in axes[:, 0]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes[:, 0]


def bars(axis: Axes, places: Sequence[float], rows: pd.DataFrame, width: float, value: str = "mean", **style) -> None:
    """Draw a bar of the column `value` at each place, with a line from `ci_low` to `ci_high`."""
    axis.bar(
        places,
        rows[value],
        width,
        yerr=reaches(rows, value),
        error_kw={"elinewidth": 0.8, "ecolor": "#333333"},
        **style,
    )


def reaches(rows: pd.DataFrame, value: str = "mean") -> list[pd.Series]:
    """Distances from the value to the ends of its interval; at least 0, as rounding may put the value outside."""
    return [(rows[value] - rows["ci_low"]).clip(lower=0), (rows["ci_high"] - rows[value]).clip(lower=0)]


def published_points(axis: Axes, places: Sequence[float], rows: pd.DataFrame) -> None:
    """Draw a diamond for each published figure next to ours, with its confidence in the legend."""
    places = pd.Series(list(places), index=rows.index)
    for confidence, group in rows.dropna(subset=["published"]).groupby("published_confidence", sort=True):
        label = f"published ({confidence} confidence)"
        known = label in axis.get_legend_handles_labels()[1]
        axis.scatter(
            places[group.index],
            group["published"],
            **PUBLISHED_MARK,
            label=None if known else label,
        )


def grouped(axis: Axes, table: pd.DataFrame, group: str, value: str, styles: dict[Arm, dict]) -> None:
    """Draw the bars of one panel's arms in groups at 0, 1, ..., with published figures.

    group  the column whose values are the groups; each arm has the same groups
    """
    names = list(dict.fromkeys(table[group]))
    arms = arms_of(table)
    step = 0.8 / len(arms)
    for number, (method, ratio) in enumerate(arms):
        rows = table[(table["method"] == method) & (table["label_ratio"] == ratio)].set_index(group).loc[names]
        places = [place - 0.4 + (number + 0.5) * step for place in range(len(names))]
        bars(axis, places, rows, step * 0.92, value, **styles[method, ratio])
        if "published" in rows:
            published_points(axis, places, rows)
    axis.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor", fontsize=8)
    axis.set_xlim(-0.6, len(names) - 0.4)


def legend(figure: Figure, title: str | None = None) -> None:
    """Add one legend above all panels, in as many columns as fit; the figure grows by its height."""
    handles: dict = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    labels = sorted(handles, key=lambda label: label.startswith("published"))
    width, height = figure.get_size_inches()
    # inches at 8 points: the handle, then about 0.075 per letter
    columns = max(1, int(width / (0.6 + 0.075 * max(map(len, labels)))))
    figure.set_size_inches(width, height + 0.19 * (-(-len(labels) // columns) + (title is not None)))
    figure.legend(
        [handles[label] for label in labels],
        labels,
        ncols=columns,
        fontsize=8,
        frameon=False,
        loc="outside upper left",
        title=title,
        title_fontsize=8,
        alignment="left",
    )


def sources(table: pd.DataFrame) -> str:
    """Where the queries of a table come from, for a footnote."""
    return f"queries: {', '.join(sorted(set(table['source'])))}"


def save(figure: Figure, path: str | Path, note: str) -> None:
    """Write the figure as SVG, with `note` in small print below it, and close it; the bytes are reproducible."""
    import matplotlib.pyplot as plt

    figure.supxlabel(note, x=0.995, ha="right", fontsize=7, color=GRAY)

    with atomic_path(path) as temporary:
        # no date, so that files are reproducible
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
