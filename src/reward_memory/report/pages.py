"""A table as a page of the report: figure, caption, rows that a reader can sort and search, and the file itself.

A page needs no network and no other file: DataTables, which sorts, comes with the package itables and is put into it.
"""

import base64
import gzip
import html
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

#: Columns of an interval -> the column that takes their place.
INTERVALS = {
    ("ci_low", "ci_high"): "95 % interval",
    ("difference_low", "difference_high"): "difference, 95 % interval",
}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }
h1 { font-size: 1.3rem; margin: 0 0 .5rem; }
p { max-width: 62rem; margin: 0 0 1rem; }
svg { max-width: 100%; height: auto; }
figure { margin: 0 0 1rem; overflow-x: auto; }
table.dataTable { width: auto; margin: 0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td { max-width: 34rem; overflow-wrap: break-word; }
"""
# the bundle is packed: it is most of a page, and a report holds many
SORTING = """
const unpack = async (text, type) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return URL.createObjectURL(new Blob([await new Response(stream).blob()], { type }));
};
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = await unpack("@CSS", "text/css");
document.head.prepend(style);
const { default: DataTable } = await import(await unpack("@JS", "text/javascript"));
new DataTable("#rows", { order: [], pageLength: 50, lengthMenu: [50, 200, { label: "all", value: -1 }] });
"""


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The same table for people: texts, intervals in one column, columns without any value left out.

    Numbers of a column have the same number of decimals, except where its rows are of different metrics. Missing
    values are empty texts.
    """
    table = table.dropna(axis="columns", how="all")
    out = {}
    for name, column in table.items():
        low = next((pair for pair in INTERVALS if name == pair[0] and pair[1] in table), None)
        if low:
            out[INTERVALS[low]] = _interval(table[low[0]], table[low[1]], "metric" in table)
        elif not any(name == pair[1] and pair[0] in table for pair in INTERVALS):
            out[str(name).replace("_", " ")] = _texts(column, "metric" in table)
    return pd.DataFrame(out, index=table.index)


def page(title: str, caption: str, path: Path, figure: str | None = None, more: Path | None = None) -> str:
    """An HTML page about the table in the CSV file at `path`; the file can be saved from it, byte for byte.

    title, caption  plain text
    figure          an SVG document that stands above the rows
    more            CSV file of what was left out on the way, which follows the rows
    """
    table = pd.read_csv(path)
    shown, numbers = readable(table), _numbers(table)
    drawn = f"<figure>{figure[figure.index('<svg') :]}</figure>" if figure else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{html.escape(title)}</h1>
<p>{html.escape(caption)}</p>
{drawn}
<p>{_counted(len(table))} {_saved(path)}</p>
{_rows(shown, numbers)}
{_left_out(more) if more else ""}<script type="module">
{SORTING.replace("@CSS", _packed("dt_bundle.css")).replace("@JS", _packed("dt_bundle.js"))}</script>
</body>
</html>
"""


def _numbers(table: pd.DataFrame) -> list[str]:
    """Names, as shown, of the columns that hold numbers."""
    return [str(name).replace("_", " ") for name, column in table.items() if pd.api.types.is_numeric_dtype(column)]


def _saved(path: Path) -> str:
    file = base64.b64encode(path.read_bytes()).decode()
    return f'<a download="{path.name}" href="data:text/csv;base64,{file}">Save {path.name}</a>'


def _left_out(path: Path) -> str:
    """What was left out, or that nothing was."""
    table = pd.read_csv(path)
    said = "Rows, queries and responses that were left out or cut, with the reason." if len(table) else "Nothing was."
    rows = _rows(readable(table), _numbers(table), "left-out") if len(table) else ""
    return f"<h1>Left out on the way</h1>\n<p>{said} {_saved(path)}</p>\n{rows}\n"


def _rows(shown: pd.DataFrame, numbers: list[str], name: str = "rows") -> str:
    """The table in HTML, which a browser shows as it is where no script may run."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in shown)
    kinds = [' class="number"' if name in numbers else "" for name in shown]
    rows = "\n".join(
        "<tr>" + "".join(f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in shown.itertuples(index=False, name=None)
    )
    return f'<table id="{name}" class="display compact"><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>'


def _counted(rows: int) -> str:
    if rows == 0:
        return "The table has no row."
    return f"{rows:,} rows; a click on a head sorts by it, the search takes several words."


def _texts(column: pd.Series, mixed: bool) -> list[str]:
    """Numbers with as many decimals as their size needs, row by row where they are `mixed`; texts as they are."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return ["" if pd.isna(value) else str(value) for value in column]
    known = column.dropna().astype(float)
    whole = bool((known == known.round()).all())
    decimals = 0 if whole else _decimals(known.abs().max())
    if mixed and not whole:
        return ["" if pd.isna(value) else f"{value:,.{_decimals(abs(value))}f}" for value in column]
    return ["" if pd.isna(value) else f"{value:,.{decimals}f}" for value in column]


def _decimals(size: float) -> int:
    """One decimal for percentages, three for shares and probabilities, none for large counts."""
    return int(np.select([size >= 1000, size >= 10, size > 1], [0, 1, 2], 3))


def _interval(low: pd.Series, high: pd.Series, mixed: bool) -> list[str]:
    """`low to high`, empty where either is missing."""
    both = _texts(pd.concat([low, high], ignore_index=True), mixed)
    lows, highs = both[: len(low)], both[len(low) :]
    return [f"{one} to {other}" if one and other else "" for one, other in zip(lows, highs, strict=True)]


def _packed(name: str) -> str:
    """A file of DataTables, compressed, in letters; the same bytes at every call."""
    content = resources.files("itables").joinpath("html", name).read_bytes()
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()
