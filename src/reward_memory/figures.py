"""The figures, drawn from the tables alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import pandas as pd

from .provenance import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

matplotlib.use("Agg")
# a fixed salt: matplotlib otherwise names SVG elements anew at every run
matplotlib.rcParams["svg.hashsalt"] = "reward-memory"

#: One colour an arm in every figure (Okabe and Ito's palette, safe for colour-blind readers).
COLOURS = {"base": "#999999", "r1-p": "#E69F00", "memreward": "#0072B2", "oracle": "#009E73"}


def draw_accuracies(table: pd.DataFrame, path: str | Path) -> None:
    """Bars of accuracy with 95 % intervals: a panel a policy, a group a benchmark, a bar an arm (tables.COLUMNS)."""
    import matplotlib.pyplot as plt

    policies = list(dict.fromkeys(table["policy"]))
    benchmarks = list(dict.fromkeys(table["benchmark"]))
    width = max(6.0, 0.85 * len(benchmarks) + 2)
    figure, axes = plt.subplots(
        len(policies), 1, figsize=(width, 2.6 * len(policies) + 0.8), sharex=True, squeeze=False
    )
    for axis, policy in zip(axes[:, 0], policies, strict=True):
        mine = table[table["policy"] == policy]
        arms = list(dict.fromkeys(zip(mine["method"], mine["label_ratio"], strict=True)))
        step = 0.8 / len(arms)
        for number, (method, ratio) in enumerate(arms):
            # one method's ratios share its colour, the fewer labels the paler
            ratios = sorted(other for name, other in arms if name == method)
            arm = mine[(mine["method"] == method) & (mine["label_ratio"] == ratio)].set_index("benchmark")
            arm = arm.loc[benchmarks]
            _bars(
                axis,
                -0.4 + (number + 0.5) * step,
                arm.rename(columns={"accuracy": "mean"}),
                step * 0.92,
                color=COLOURS.get(method),
                alpha=0.4 + 0.6 * (ratios.index(ratio) + 1) / len(ratios),
                label=f"{method} ({ratio} % labels)",
            )
        axis.set_ylabel("accuracy, %")
        axis.set_ylim(0, 100)
        axis.set_title(policy, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xticks(range(len(benchmarks)), benchmarks, rotation=35, ha="right", fontsize=8)
    sources = ", ".join(sorted(set(table["source"])))
    axes[0, 0].legend(ncols=4, fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0.12, 1.0))
    figure.text(0.995, 0.005, f"queries: {sources}; bars: 95 % intervals", ha="right", fontsize=7, color="#666666")
    _save(figure, path)


def draw_reward_models(table: pd.DataFrame, path: str | Path) -> None:
    """AUC and within-query AUC of every reward model, with 95 % intervals: a panel a policy and label ratio.

    table  evaluation.reward_models.COLUMNS; drawn are all benchmarks together, on the unlabelled training queries
    """
    import matplotlib.pyplot as plt

    table = table[(table["benchmark"] == "overall") & (table["split"] == "train")]
    panels = list(dict.fromkeys(zip(table["policy"], table["label_ratio"], strict=True)))
    predictors = list(dict.fromkeys(table["predictor"]))
    metrics = {"auc": ("AUC", "#0072B2"), "within_query_auc": ("within-query AUC", "#56B4E9")}
    width = max(6.0, 0.8 * len(predictors) + 1.5)
    figure, axes = plt.subplots(len(panels), 1, figsize=(width, 2.6 * len(panels) + 0.8), sharex=True, squeeze=False)
    for axis, (policy, ratio) in zip(axes[:, 0], panels, strict=True):
        mine = table[(table["policy"] == policy) & (table["label_ratio"] == ratio)]
        for number, (metric, (name, colour)) in enumerate(metrics.items()):
            rows = mine[mine["metric"] == metric].set_index("predictor").loc[predictors]
            _bars(axis, -0.2 + 0.4 * number, rows, 0.37, color=colour, label=name)
        axis.axhline(0.5, color="#333333", linewidth=0.8, linestyle=":")
        axis.set_ylim(0.3, 1)
        axis.set_title(f"{policy}, {ratio} % labels", loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xticks(range(len(predictors)), predictors, rotation=25, ha="right", fontsize=8)
    axes[0, 0].legend(ncols=2, fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    figure.text(0.995, 0.005, "unlabelled training queries; 95 % intervals", ha="right", fontsize=7, color="#666666")
    _save(figure, path)


def _bars(axis: Axes, offset: float, rows: pd.DataFrame, width: float, **style) -> None:
    """Bars of the column `mean` at 0, 1, ... and an offset, with lines from `ci_low` to `ci_high`."""
    axis.bar(
        [place + offset for place in range(len(rows))],
        rows["mean"],
        width,
        yerr=[rows["mean"] - rows["ci_low"], rows["ci_high"] - rows["mean"]],
        error_kw={"elinewidth": 0.8, "ecolor": "#333333"},
        **style,
    )


def _save(figure: Figure, path: str | Path) -> None:
    import matplotlib.pyplot as plt

    figure.tight_layout()
    with atomic_path(path) as temporary:
        # no date in the file: the same table gives the same bytes
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
