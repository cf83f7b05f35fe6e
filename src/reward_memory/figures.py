"""The figures, drawn from the tables alone."""

from pathlib import Path

import matplotlib
import pandas as pd

from .provenance import atomic_path

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
            axis.bar(
                [place - 0.4 + (number + 0.5) * step for place in range(len(benchmarks))],
                arm["accuracy"],
                step * 0.92,
                yerr=[arm["accuracy"] - arm["ci_low"], arm["ci_high"] - arm["accuracy"]],
                error_kw={"elinewidth": 0.8, "ecolor": "#333333"},
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
    figure.tight_layout()
    with atomic_path(path) as temporary:
        # no date in the file: the same table gives the same bytes
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
