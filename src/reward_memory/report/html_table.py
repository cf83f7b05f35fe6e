"""Tables of numbers in HTML for readers: suitable numbers of decimals, and cells that a phone can stack."""

import html
from collections.abc import Mapping

import numpy as np
import pandas as pd

from .grid import INTERVAL, KEYS, VALUES, Grid, averages_first

#: Columns of an interval -> the column that replaces them.
INTERVALS = {
    INTERVAL: "95 % interval",
    ("difference_low", "difference_high"): "difference, 95 % interval",
}
#: Results of tables that have no grid.
OTHER_RESULTS = ("ours", "share_right", "job_hours_estimated", "job_hours_measured", "count", "valid_accuracy")
RESULTS = (*VALUES, *OTHER_RESULTS)
#: Results that are percentages, or points, in every cell of a grid.
ALIKE = ("accuracy", "difference")
#: Columns kept in a grid even if all rows have the same value.
RIVALS = ("method", "predictor")


def constants(table: pd.DataFrame) -> dict[str, str]:
    """Column -> its value, if it is the same in all of several rows; without results and columns with empty cells."""
    if len(table) < 2:
        return {}
    alike = [name for name in table if name not in RESULTS and table[name].notna().all() and table[name].nunique() == 1]
    kept = {name for low, high in INTERVALS for name in (low, high)}
    return {name: _texts(table[name].head(1), False)[0] for name in alike if name not in kept}


def constants_sentence(constant: Mapping[str, str]) -> str:
    """The constant columns of a table as a sentence; empty if there are none."""
    parts = ", ".join(f"{words(name)} {value}" for name, value in constant.items())
    return f"In every row: {parts}." if parts else ""


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The table for readers: as text, intervals in one column, without empty columns, results early.

    Numbers of a column have the same number of decimals, unless its rows have different metrics. Missing values are
    empty texts.
    """
    table = _results_early(table.dropna(axis="columns", how="all"))
    out = {}
    for name, column in table.items():
        low = next((pair for pair in INTERVALS if name == pair[0] and pair[1] in table), None)
        if low:
            out[INTERVALS[low]] = _interval(table[low[0]], table[low[1]], "metric" in table)
        elif not any(name == pair[1] and pair[0] in table for pair in INTERVALS):
            out[words(name)] = _texts(column, "metric" in table)
    return pd.DataFrame(out, index=table.index)


def rows(table: pd.DataFrame, name: str = "rows") -> str:
    """A long table in HTML, which also works without scripts; `name` is its id."""
    shown = readable(table)
    numbers = {words(one) for one, column in table.items() if pd.api.types.is_numeric_dtype(column)}
    results = {words(one) for one in RESULTS}
    kinds = [_kind(one in numbers, one in results) for one in shown]
    body = [
        "".join(
            f"<td{kind}{_label(head)}>{html.escape(cell)}</td>"
            for kind, head, cell in zip(kinds, shown, row, strict=True)
        )
        for row in shown.itertuples(index=False, name=None)
    ]
    return _table(name, [f"<th{kind}>{html.escape(head)}</th>" for kind, head in zip(kinds, shown, strict=True)], body)


def grid_rows(grid: Grid, constant: Mapping[str, str]) -> str:
    """A grid in HTML: the best in bold, intervals in small print, which a page shows or hides; id `grid`."""
    keys = [name for name in grid.rows if name not in constant or name in RIVALS]
    names = {name: _texts(grid.rows[name], False) for name in keys}
    across = averages_first(list(grid.values))
    mixed = "metric" in grid.rows
    texts = _alike(grid.values) if grid.result in ALIKE else {name: _texts(grid.values[name], mixed) for name in across}
    ends = {name: _interval(grid.lows[name], grid.highs[name], mixed) for name in across}
    result = _kind(True, True)
    body = []
    for place, row in enumerate(grid.values.index):
        cells = [f"<td{_label(words(name))}>{html.escape(names[name][place])}</td>" for name in keys]
        for name in across:
            text, value, low_high = texts[name][place], grid.values.at[row, name], ends[name][place]
            bold = f"<b>{text}</b>" if grid.best.at[row, name] else text
            small = f" <small>{low_high}</small>" if low_high else ""
            order = "" if pd.isna(value) else f' data-order="{value}"'
            cells.append(f"<td{result}{_label(words(name))}{order}>{bold}{small}</td>")
        body.append("".join(cells))
    heads = [f"<th>{html.escape(words(name))}</th>" for name in keys]
    return _table("grid", heads + [f"<th{result}>{html.escape(words(name))}</th>" for name in across], body)


def _alike(values: pd.DataFrame) -> dict[str, list[str]]:
    """Texts of numbers of one kind: all columns have the number of decimals that suits the largest number."""
    listed = _texts(values.melt()["value"], False)
    return {name: listed[place * len(values) : (place + 1) * len(values)] for place, name in enumerate(values)}


def _results_early(table: pd.DataFrame) -> pd.DataFrame:
    """Columns in the order keys, result and interval, then the rest; unchanged without a known result."""
    keys = [name for name in table if name in (*KEYS, "table", "arm")]
    results = [name for name in table if name in (*VALUES, "ours", *INTERVAL)]
    if not results:
        return table
    return table[[*keys, *results, *(name for name in table if name not in {*keys, *results})]]


def _table(name: str, heads: list[str], body: list[str]) -> str:
    lines = "\n".join(f"<tr>{cells}</tr>" for cells in body)
    head = f"<thead><tr>{''.join(heads)}</tr></thead>"
    opened = f'<div class="wide"><table id="{name}" class="display compact">'
    return f"{opened}{head}<tbody>\n{lines}\n</tbody></table></div>"


def _kind(number: bool, result: bool) -> str:
    names = [name for name, of in (("number", number), ("result", result)) if of]
    return f' class="{" ".join(names)}"' if names else ""


def _label(head: str) -> str:
    """The label that a narrow window shows before a cell, since it hides the head."""
    return f' data-name="{html.escape(head)}"'


def words(name: object) -> str:
    """A column's name as people read it."""
    return str(name).replace("_", " ")


def _texts(column: pd.Series, mixed: bool) -> list[str]:
    """Numbers with decimals that suit their size, row by row if `mixed`; texts are unchanged."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return ["" if pd.isna(value) else str(value) for value in column]
    numbers = column.dropna().astype(float)
    integral = bool((numbers == numbers.round()).all())
    decimals = 0 if integral else _decimals(numbers.abs().max())
    if mixed and not integral:
        return ["" if pd.isna(value) else f"{value:,.{_decimals(abs(value))}f}" for value in column]
    return ["" if pd.isna(value) else f"{value:,.{decimals}f}" for value in column]


def _decimals(size: float) -> int:
    """One decimal for percentages, three for shares and probabilities, none for large counts."""
    return int(np.select([size >= 1000, size >= 10, size > 1], [0, 1, 2], 3))


def _interval(low: pd.Series, high: pd.Series, mixed: bool) -> list[str]:
    """`low to high`, empty if either is missing."""
    both = _texts(pd.concat([low, high], ignore_index=True), mixed)
    lows, highs = both[: len(low)], both[len(low) :]
    return [f"{one} to {other}" if one and other else "" for one, other in zip(lows, highs, strict=True)]
