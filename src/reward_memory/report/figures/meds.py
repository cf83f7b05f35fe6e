"""Figures of the second paper, drawn only from its tables: a panel per policy, bands are 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..tables.names import MACRO
from . import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: One color per built-in method in every figure here; variants get drawing.MORE_COLORS.
METHOD_COLORS = {
    "base": drawing.COLORS["base"],
    "grpo": "#E69F00",
    "grpo-entropy": "#D55E00",
    "dapo": "#0072B2",
    "meds": "#009E73",
    "meds-single-cluster": "#CC79A7",
    "meds-kmeans": "#56B4E9",
    "meds-all-layers": "#332288",
    "meds-all-diff": "#882255",
    "meds-diff": "#DDCC77",
}
#: Colors by cluster size, from the first failure of its kind to one of a large cluster.
SIZE_COLORS = {"0": "#FFF7BC", "1": "#FEC44F", "2-3": "#EC7014", "4-7": "#AE3A05", "8+": "#5A1A04"}
INTERVALS = "bands: 95 % intervals over seeds and"


def draw_pass_at_k(table: pd.DataFrame, path: str | Path) -> None:
    """Draw pass@k of each arm over k, the mean of the benchmarks (tables.meds.MAIN_COLUMNS)."""
    rows = table[(table["benchmark"] == MACRO) & table["metric"].str.startswith("pass@")]
    rows = rows.assign(k=rows["metric"].str.removeprefix("pass@").astype(int))
    figure, axes = _lines(rows, table, "k", "pass@k, %")
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.set_xticks(sorted(set(rows["k"])), sorted(set(rows["k"])))
        axis.minorticks_off()
    axes[-1].set_xlabel("k, samples a problem")
    drawing.save(figure, path, f"{drawing.sources(rows)}; mean of the benchmarks; {INTERVALS} problems")


def draw_repeated_errors(table: pd.DataFrame, path: str | Path) -> None:
    """Draw each arm's share of repeated errors over the steps (tables.repeated_errors.REPEATED_COLUMNS)."""
    rows = table[(table["metric"] == "repeated_share") & table["step"].notna()]
    figure, axes = _lines(rows, table, "step", "repeated errors, %")
    axes[-1].set_xlabel("training step")
    drawing.save(figure, path, f"of the errors at queries of earlier steps; {INTERVALS} queries")


def draw_error_spread(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the spread of each arm's failures over the visits of a query (tables.error_spread.SPREAD_COLUMNS)."""
    from matplotlib.ticker import MaxNLocator

    named = colors(table["method"])
    parts = [(policy, metric) for policy in dict.fromkeys(table["policy"]) for metric in SPREAD_LABELS]
    figure, axes = drawing.panels(len(parts), 6.5, 2.6)
    for axis, (policy, metric) in zip(axes, parts, strict=True):
        rows = table[(table["policy"] == policy) & (table["metric"] == metric) & table["visit"].notna()]
        _curves(axis, rows, "visit", named)
        axis.set_ylabel(SPREAD_LABELS[metric], fontsize=8)
        axis.set_title(_spread_headline(table, policy, metric), loc="left", fontsize=9)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[-1].set_xlabel("visit of a query")
    drawing.legend(figure, "method")
    drawing.save(figure, path, f"of the wrong answers of a visit; {INTERVALS} queries")


def _spread_headline(table: pd.DataFrame, policy: str, metric: str) -> str:
    """A sentence on the arm that differs most from the baseline, from the second visit on."""
    rows = table[(table["policy"] == policy) & table["visit"].isna() & table["metric"].str.startswith(f"{metric}-")]
    if rows.empty:
        return f"{policy} has one arm, so nothing is compared."
    most = rows.loc[rows["value"].abs().idxmax()]
    baseline, unit = most["metric"].removeprefix(f"{metric}-"), SPREAD_UNITS[metric]
    return (
        f"{policy}: {most['method']} differs most from {baseline}, by {most['value']:.2f} {unit} "
        f"({most['ci_low']:.2f} to {most['ci_high']:.2f})."
    )


def draw_meds_ablation(table: pd.DataFrame, path: str | Path) -> None:
    """Draw pass@1, pass@largest and repeated errors of each variant (tables.meds.MEDS_ABLATION_COLUMNS)."""
    policies = list(dict.fromkeys(table["policy"]))
    named = colors(table["method"])
    metrics = list(dict.fromkeys(table["metric"]))
    figure, axes = drawing.panels(len(policies), max(6.0, (0.5 + 0.3 * len(named)) * len(metrics) + 1))
    for axis, policy in zip(axes, policies, strict=True):
        for number, (method, color) in enumerate(named.items()):
            rows = table[(table["policy"] == policy) & (table["method"] == method)].set_index("metric").loc[metrics]
            places = [place + (number + 0.5 - len(named) / 2) * 0.8 / len(named) for place in range(len(metrics))]
            drawing.bars(axis, places, rows, 0.74 / len(named), "value", color=color, label=method)
            drawing.published_points(axis, places, rows)
        axis.set_xticks(range(len(metrics)), [metric.replace("_", " ") for metric in metrics], fontsize=8)
        axis.set_ylabel("%")
        axis.set_title(policy, loc="left", fontsize=10)
    drawing.legend(figure)
    drawing.save(figure, path, f"{drawing.sources(table)}; mean of the benchmarks; lines: 95 % intervals")


def draw_cluster_sizes(table: pd.DataFrame, path: str | Path) -> None:
    """Draw the shares of wrong responses by cluster size over training: a panel per policy and method.

    table  tables.repeated_errors.CLUSTER_COLUMNS
    """
    arms = list(dict.fromkeys(zip(table["policy"], table["method"], strict=True)))
    figure, axes = drawing.panels(len(arms), 6.5, 2.0)
    for axis, (policy, method) in zip(axes, arms, strict=True):
        rows = table[(table["policy"] == policy) & (table["method"] == method)]
        shares = rows.pivot(index="step", columns="size", values="share")
        below = pd.Series(0.0, index=shares.index)
        for size, color in SIZE_COLORS.items():
            axis.bar(shares.index, shares[size], 0.92, bottom=below, color=color, label=size)
            below = below + shares[size]
        axis.set_ylim(0, 100)
        axis.set_ylabel("wrong responses, %", fontsize=8)
        axis.set_title(f"{policy}, {method}", loc="left", fontsize=10)
    axes[-1].set_xlabel("training step")
    drawing.legend(figure)
    drawing.save(
        figure, path, "failures that the cluster of a wrong response already held; 0: first of its kind or no answer"
    )


#: Metric of error_spread -> label of its axis, and the unit of its differences.
SPREAD_LABELS = {"largest_share": "commonest wrong answer, %", "wrong_entropy": "entropy of wrong answers, nats"}
SPREAD_UNITS = {"largest_share": "points", "wrong_entropy": "nats"}
#: Table -> function that draws it.
DRAW: dict[str, Callable[[pd.DataFrame, str | Path], None]] = {
    "meds_main": draw_pass_at_k,
    "meds_ablation": draw_meds_ablation,
    "repeated_errors": draw_repeated_errors,
    "error_spread": draw_error_spread,
    "cluster_sizes": draw_cluster_sizes,
}


def colors(methods: Iterable[str]) -> dict[str, str]:
    """A color for each method; variants get theirs in order of appearance."""
    methods = list(dict.fromkeys(methods))
    variants = drawing.colors(method for method in methods if method not in METHOD_COLORS)
    return {method: (variants | METHOD_COLORS)[method] for method in methods}


def _lines(rows: pd.DataFrame, table: pd.DataFrame, over: str, label: str) -> tuple[Figure, Sequence[Axes]]:
    """(figure, axes): a panel per policy with `value` of each method and a band from `ci_low` to `ci_high`.

    rows  the rows of `table` to draw; an arm without any stays in the legend
    over  the column on the horizontal axis
    """
    policies = list(dict.fromkeys(table["policy"]))
    named = colors(table["method"])
    figure, axes = drawing.panels(len(policies), 6.5, 3.0)
    for axis, policy in zip(axes, policies, strict=True):
        _curves(axis, rows[rows["policy"] == policy], over, named)
        axis.set_ylabel(label)
        axis.set_title(policy, loc="left", fontsize=10)
    drawing.legend(figure)
    return figure, axes


def _curves(axis: Axes, rows: pd.DataFrame, over: str, named: dict[str, str]) -> None:
    """Draw `value` of each method over a column, with a band from `ci_low` to `ci_high`."""
    for method, color in named.items():
        own = rows[rows["method"] == method].sort_values(over)
        axis.plot(own[over], own["value"], color=color, marker="o", markersize=3, linewidth=1.2, label=method)
        axis.fill_between(own[over], own["ci_low"], own["ci_high"], color=color, alpha=0.15, linewidth=0)
        if "published" in own:
            drawing.published_points(axis, own[over], own)
