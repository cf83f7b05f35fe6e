"""A table as a page of the report: figure, caption, rows to sort and search, and the file itself.

A page needs no network and no other file: it contains DataTables, which sorts, from the package itables.
"""

import base64
import gzip
import html
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pandas as pd

from reward_memory.storage import csv_tables

from .grid import grid
from .html_table import constants, constants_sentence, grid_rows, rows

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }
h1 { font-size: 1.3rem; margin: 0 0 .5rem; }
p, summary { max-width: 62rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
figure { margin: 0 0 1rem; overflow-x: auto; }
.wide { overflow-x: auto; margin: 0 0 1rem; }
/* DataTables' own rules are as specific and come later where a browser reorders them */
.wide table.dataTable { width: auto; margin: 0 !important; }
th { font-size: .85rem; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td { max-width: 22rem; overflow-wrap: break-word; }
td small { display: block; color: #666; }
.text { display: block; min-width: 18rem; max-height: 14rem; overflow: auto; white-space: pre-wrap; }
.disagrees td.result { background: #fde9d9; }
#intervals:not(:checked) ~ .wide small, #intervals:not(:checked) ~ * .wide small { display: none; }
@media (max-width: 40rem) {
  body { margin: .75rem; }
  .wide thead { display: none; }
  .wide table, .wide tbody, .wide tr, .wide td { display: block; width: auto !important; }
  .wide tr { border-top: 1px solid #999; padding: .25rem 0; }
  .wide td, .wide td.number { max-width: none; text-align: left !important; white-space: normal; border: 0 !important; }
  .wide td:empty { display: none; }
  .wide td::before { content: attr(data-name) ": "; color: #666; }
  td small { display: inline; }
  .text { min-width: 0; }
}
"""
# the bundle is compressed: it is most of a page, and a report has many pages
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
const shared = { order: [], autoWidth: false };
const kinds = {
  grid: { paging: false, info: false, searching: false },
  further: { paging: false, info: false, searching: false },
  rows: { pageLength: 50, lengthMenu: [50, 200, { label: "all", value: -1 }] },
};
for (const [name, own] of Object.entries(kinds))
  if (document.getElementById(name)) new DataTable("#" + name, { ...shared, ...own });
"""


def page(
    title: str,
    caption: str,
    path: Path,
    figure: str | None = None,
    further: tuple[Mapping[str, str], Path] | None = None,
) -> str:
    """An HTML page about the table in the CSV file at `path`; readers can save the file from it, byte for byte.

    title, caption  plain text
    figure          an SVG document, shown above the rows
    further         title and caption (`title`, `table`) and CSV file of a second table, shown after the first
    """
    table = csv_tables.read(path)
    drawn = f"<figure>{figure[figure.index('<svg') :]}</figure>" if figure else ""
    return document(title, caption, f"{drawn}\n{_table(table, path)}\n{_further(*further) if further else ''}")


def document(title: str, caption: str, body: str) -> str:
    """A complete HTML page; `title` and `caption` are plain text, `body` is HTML whose tables #grid and #rows sort."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{html.escape(title)}</h1>
<p>{html.escape(caption)}</p>
{body}<script type="module">
{SORTING.replace("@CSS", _packed("dt_bundle.css")).replace("@JS", _packed("dt_bundle.js"))}</script>
</body>
</html>
"""


def _table(table: pd.DataFrame, path: Path) -> str:
    """The table as a grid, if it has that form, above the folded rows; else the rows alone."""
    constant, found = constants(table), grid(table)
    long = rows(table.drop(columns=[*constant]))
    about, counted = html.escape(constants_sentence(constant)), _counted(len(table))
    if found is None:
        return f"<p>{about} {counted} {saved(path)}</p>\n{long}"
    switch = ""
    if found.lows.notna().to_numpy().any():
        switch = '<input type="checkbox" id="intervals"> <label for="intervals">95 % intervals</label>'
    folded = f"<details><summary>All columns, a row for each result</summary>\n<p>{counted}</p>\n{long}\n</details>"
    about = f"<p>{about} Click a column head to sort. {saved(path)}</p>"
    return f"{about}\n{switch}\n{grid_rows(found, constant)}\n{folded}"


def saved(path: Path) -> str:
    """A link that saves the file at `path`."""
    file = base64.b64encode(path.read_bytes()).decode()
    return f'<a download="{path.name}" href="data:text/csv;base64,{file}">Save {path.name}</a>'


def _further(words: Mapping[str, str], path: Path) -> str:
    """A second table below the first, or a note that it is empty."""
    table = csv_tables.read(path)
    constant = constants(table)
    about = f"{words['table']} {constants_sentence(constant)}" if len(table) else _counted(0)
    listed = rows(table.drop(columns=[*constant]), "further") if len(table) else ""
    return f"<h1>{html.escape(words['title'])}</h1>\n<p>{html.escape(about)} {saved(path)}</p>\n{listed}\n"


def _counted(number: int) -> str:
    if number == 0:
        return "The table has no row."
    return f"{number:,} rows. Click a column head to sort; the search accepts several words."


def _packed(name: str) -> str:
    """A file of DataTables, gzipped and in base64; the same bytes at every call."""
    content = resources.files("itables").joinpath("html", name).read_bytes()
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()
