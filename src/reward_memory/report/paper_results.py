"""Published figures next to ours, only for the same arm and the same released benchmarks."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from reward_memory.data.registry import DOMAINS

#: A published average, which weights every query the same.
AVERAGE = "average"
COLUMNS = ("published", "published_n", "published_confidence")
#: Sources with a paper's own queries, unlike those generated or imported under a benchmark's name.
RELEASED = {"mirror", "hub"}


def published_accuracies(figures: pd.DataFrame, table: str) -> pd.DataFrame:
    """The accuracies of one published table, in percent, with `members`: the benchmarks that each figure covers.

    figures  reference/published_results.csv
    table    its name there; a table without benchmark names covers those of `main`
    """
    accuracies = figures[figures["metric"] == "accuracy"]
    suite = "ood" if table == "ood" else "main"
    names = set(accuracies.loc[accuracies["table"] == suite, "benchmark"]) - {AVERAGE}
    members = {name: frozenset({name}) for name in names} | {AVERAGE: frozenset(names)}
    for domain in sorted({DOMAINS[name] for name in names}):
        members[domain_name(domain)] = frozenset(name for name in names if DOMAINS[name] == domain)
    selected = accuracies[accuracies["table"] == table]
    return selected.assign(members=selected["benchmark"].map(members))


def domain_name(domain: str) -> str:
    """Name of all benchmarks of a domain in the published figures."""
    return f"{domain}_domain"


def published_figure(
    published: pd.DataFrame, arm: dict, name: str, benchmarks: Collection[str], sources: Mapping[str, str]
) -> dict[str, float | str | None]:
    """The published figure for ours (COLUMNS), NaN and None if there is none.

    published   from `published_accuracies`
    arm         policy, method, label_ratio
    name        what the figure is about: a benchmark, `average`, or `domain_name`
    benchmarks  those that ours covers, which must be those that the published figure covers
    sources     benchmark -> where its queries come from; only those of RELEASED have a published figure
    """
    selected = published[published["benchmark"] == name]
    for key in ("policy", "method", "label_ratio"):
        selected = selected[selected[key] == arm[key]]
    comparable = {sources[one] for one in benchmarks} <= RELEASED
    for row in selected.to_dict("records"):
        if comparable and row["members"] == frozenset(benchmarks):
            return dict(zip(COLUMNS, (row["value"], row["n"], row["confidence"]), strict=True))
    return dict(zip(COLUMNS, (np.nan, np.nan, None), strict=True))
