"""A long table in the form that papers print: methods in rows, benchmarks or metrics in columns."""

from dataclasses import dataclass

import pandas as pd

from .tables.names import MACRO, WEIGHTED

#: Columns that say what a row is about, in reading order.
KEYS = (
    *("suite", "policy", "predictor", "split", "benchmark", "domain", "metric", "method", "baseline", "label_ratio"),
    *("baseline_label_ratio", "threshold", "num_neighbors", "visit", "step", "size"),
)
#: The results that a cell may hold; a table has one of them.
VALUES = ("accuracy", "difference", "value", "mean", "share")
INTERVAL = ("ci_low", "ci_high")
#: The untrained policy, and the method that has all labels: neither is compared with the others.
REFERENCES = ("base", "oracle")
#: Metrics for which higher is better, apart from accuracy and pass@k.
HIGHER = ("accuracy", "auc", "within_query_auc", "precision", "recall", "f1")
#: If rows are points of a curve, none is marked as the best.
CURVES = ("threshold", "num_neighbors", "visit", "step", "size")


@dataclass(frozen=True)
class Grid:
    """The tables have one row per row of the grid; all but `rows` have one column per name across, in the same order.

    rows    what each row is about: columns of KEYS
    values  numbers, NaN where the long table has no row
    lows, highs  ends of their intervals, NaN where there is none
    best    whether a value is the highest of those that it competes with, ties included
    result  what the values are: one of VALUES
    """

    rows: pd.DataFrame
    values: pd.DataFrame
    lows: pd.DataFrame
    highs: pd.DataFrame
    best: pd.DataFrame
    result: str


def grid(table: pd.DataFrame) -> Grid | None:
    """The grid of a long table, rows and columns in its order; None if it has no such form.

    Across are benchmarks, else domains (both only in tables with methods), else metrics, else sizes.
    """
    result = next((name for name in VALUES if name in table), None)
    across = _across(table)
    if result is None or across is None or table.empty:
        return None
    keys = [name for name in KEYS if name in table and name != across]
    places = pd.MultiIndex.from_frame(table[[*keys, across]].astype(object).where(table[[*keys, across]].notna(), None))
    if not keys or places.has_duplicates:
        return None
    row_of = table.groupby(keys, sort=False, dropna=False).ngroup()
    rows = table.loc[~row_of.duplicated(), keys].reset_index(drop=True)
    parts = [_spread(table, name, row_of, across) for name in (result, *INTERVAL)]
    ordered = _reading_order(rows)
    rows, (values, lows, highs) = rows.loc[ordered], [part.loc[ordered] for part in parts]
    return Grid(rows, values, lows, highs, _best(rows, values, across, result), result)


def averages_first(names: list[str]) -> list[str]:
    """Names across, averages first, so that a narrow window shows them."""
    return sorted(names, key=lambda name: name not in (WEIGHTED, MACRO))


def _across(table: pd.DataFrame) -> str | None:
    compared = ("benchmark", "domain") if "method" in table else ()
    return next((name for name in (*compared, "metric", "size") if name in table), None)


def _spread(table: pd.DataFrame, name: str, row_of: pd.Series, across: str) -> pd.DataFrame:
    """One column of the long table as rows and columns."""
    values = pd.to_numeric(table[name]) if name in table else pd.Series(float("nan"), index=table.index)
    spread = pd.DataFrame({"row": row_of, "across": table[across].astype(str), "value": values})
    order = list(dict.fromkeys(spread["across"]))
    return spread.pivot(index="row", columns="across", values="value")[order].rename_axis(columns=None)


def _reading_order(rows: pd.DataFrame) -> list[int]:
    """The order of rows that groups those of one policy and metric, which are compared.

    The points of a curve ascend, after the row about the complete curve.
    """
    curves = [name for name in CURVES if name in rows]
    if "metric" not in rows and not curves:
        return list(rows.index)
    together = ["policy", "metric"] if "metric" in rows else [name for name in rows if name not in curves]
    group = rows.groupby([name for name in together if name in rows], sort=False, dropna=False).ngroup()
    points = rows[curves].apply(pd.to_numeric, errors="coerce").fillna(float("-inf"))
    return list(points.assign(group=group).sort_values(["group", *curves], kind="stable").index)


def _best(rows: pd.DataFrame, values: pd.DataFrame, across: str, result: str) -> pd.DataFrame:
    """Whether each value is the highest among the methods, or reward models, of otherwise equal rows."""
    nothing = pd.DataFrame(False, index=values.index, columns=values.columns)
    if result not in ("accuracy", "value", "mean") or any(name in rows for name in CURVES):
        return nothing
    rivals = [name for name in ("method", "predictor") if name in rows]
    alone = [*rivals, *(["label_ratio"] if "method" in rows else [])]
    alike = [name for name in rows if name not in alone]
    compared = ~rows["method"].isin(REFERENCES) if "method" in rows else pd.Series(True, index=rows.index)
    wanted = values.apply(lambda column: [_more(result, name) for name in _metric(rows, column.name, across)])
    open_to = values.where(wanted).loc[compared]
    highest = (
        open_to.groupby([rows.loc[compared, name] for name in alike], dropna=False).transform("max")
        if alike
        else open_to.max()
    )
    return (open_to == highest).reindex(values.index, fill_value=False)


def _metric(rows: pd.DataFrame, column: str, across: str) -> list[str]:
    """Metric of each cell of a column, empty if the table has no metrics."""
    if across == "metric":
        return [column] * len(rows)
    return [str(name) for name in rows["metric"]] if "metric" in rows else [""] * len(rows)


def _more(result: str, metric: str) -> bool:
    return result == "accuracy" or metric in HIGHER or metric.startswith("pass@")
