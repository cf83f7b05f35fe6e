"""Our figures next to published ones, from all tables of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .names import OVERALL

if TYPE_CHECKING:
    import pandas as pd

#: Table -> column of our figure. The other columns have the same names in all of these tables.
VALUES = {
    "main": "accuracy",
    "ood": "accuracy",
    "label_ratio": "accuracy",
    "ablation": "accuracy",
    "accuracy_delta": "difference",
    "reward_models": "mean",
    "meds_main": "value",
    "meds_ablation": "value",
}
COMPARISON_COLUMNS = [
    *("table", "policy", "arm", "label_ratio", "benchmark", "metric", "ours", "ci_low", "ci_high"),
    *("published", "delta", "covered", "published_confidence", "interval_covers"),
]


def comparison_rows(name: str, table: pd.DataFrame) -> list[dict]:
    """Rows (COMPARISON_COLUMNS) of those figures of a table that have a published one.

    name   one of VALUES
    table  that table as written

    `covered` is yes if our 95 % interval contains the published figure, else no; empty if we have no value or no
    interval. Units are the table's.
    """
    rows = []
    for row in table[table["published"].notna()].to_dict("records"):
        ours, theirs = row[VALUES[name]], row["published"]
        rows.append(
            {
                "table": name,
                "policy": row["policy"],
                "arm": row.get("method", row.get("predictor")),
                "label_ratio": row.get("label_ratio"),
                "benchmark": row.get("benchmark", row.get("domain", OVERALL)),
                "metric": row.get("metric", VALUES[name]),
                "ours": ours,
                "ci_low": row["ci_low"],
                "ci_high": row["ci_high"],
                "published": theirs,
                "delta": ours - theirs,
                "covered": _covered(row["ci_low"], ours, row["ci_high"], theirs),
                "published_confidence": row["published_confidence"],
                "interval_covers": row.get("interval_covers"),
            }
        )
    return rows


def _covered(low: float, ours: float, high: float, theirs: float) -> str | None:
    import pandas as pd  # not above: planning waits for the import

    if pd.isna([low, ours, high]).any():
        return None
    return "yes" if low <= theirs <= high else "no"
