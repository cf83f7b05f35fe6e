"""The report's first page: results, comparisons of the methods, and where and when it was run."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .tables.names import WEIGHTED

#: Placeholder for the result in report/workflow.rst, which Snakemake shows as the report's first page.
PLACE = ".. result of the run"


def start(template: str, table: pd.DataFrame, differences: pd.DataFrame | None, made: Mapping[str, Any]) -> str:
    """The first page in reStructuredText: `template` with the result in place of PLACE.

    table        a table of accuracies
    differences  accuracy_delta.csv, None if there is none
    made         from `storage.manifests.manifest`, and `date`
    """
    parts = ["What came out", "-------------", "", *averages(table), ""]
    if differences is not None:
        parts += [f"- {sentence}" for sentence in comparisons(differences)]
    return template.replace(PLACE, "\n".join([*parts, "", provenance(made)]))


def averages(table: pd.DataFrame) -> list[str]:
    """A list-table of the sample-weighted averages, one row per arm."""
    rows = table[table["benchmark"] == WEIGHTED]
    several = rows["policy"].nunique() > 1
    lines = [".. list-table::", "   :header-rows: 1", ""]
    head = [*(["policy"] if several else []), "method", "labels", "accuracy", "95 % interval"]
    cells = [
        [
            *([str(row.policy)] if several else []),
            str(row.method),
            f"{row.label_ratio} %",
            f"{row.accuracy:.1f} %",
            f"{row.ci_low:.1f} to {row.ci_high:.1f}",
        ]
        for row in rows.itertuples()
    ]
    for line in [head, *cells]:
        lines += [f"   {'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(line)]
    return lines


def comparisons(differences: pd.DataFrame) -> list[str]:
    """A sentence per comparison of averages: which method is ahead, by how much, and whether chance can explain it."""
    rows = differences[differences["benchmark"] == WEIGHTED]
    several = rows["policy"].nunique() > 1
    return [_compared(row, several) for row in rows.itertuples()]


def provenance(made: Mapping[str, Any]) -> str:
    """Commit, date and machine, as one sentence."""
    machine = made["machine"]
    changed = ", with uncommitted changes" if made["changed"] else ""
    commit = f"commit {made['commit'][:10]}{changed}" if made["commit"] else "files outside of version control"
    gpus = ", ".join(gpu["name"] for gpu in machine["gpus"]) or "no GPU"
    return f"Written on {made['date']} from {commit}, on {machine['cores']} cores of {machine['processor']}, {gpus}."


def _compared(row: Any, several: bool) -> str:
    size = abs(row.difference)
    low, high = sorted((row.ci_low, row.ci_high)) if row.difference >= 0 else sorted((-row.ci_high, -row.ci_low))
    where = [f"with {row.label_ratio} % labels", *([f"for {row.policy}"] if several else [])]
    beyond = "beyond chance" if row.ci_low > 0 or row.ci_high < 0 else "within chance"
    verb = "ahead of" if row.difference >= 0 else "behind"
    return (
        f"*{row.method}* is {size:.1f} points {verb} *{row.baseline}* {' '.join(where)} ({low:.1f} to {high:.1f}, "
        f"{beyond}; the interval covers {row.interval_covers})."
    )
