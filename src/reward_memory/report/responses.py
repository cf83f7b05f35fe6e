"""A page of responses to read. A policy's output is untrusted, so it is shown as text only."""

import html
from pathlib import Path

import pandas as pd

from reward_memory.storage import csv_tables

from .html_table import constants, constants_sentence, words
from .pages import document, saved

#: Characters of a text that a page shows; the file has the full text.
LONGEST = 4000
TEXTS = ("query", "response")
#: Columns of the file that the page shows; texts are wide, so they come last.
COLUMNS = (
    *("source", "policy", "method", "label_ratio", "seed", "step", "benchmark", "reward", "predicted", "correct"),
    *TEXTS,
)
NUMBERS = ("reward", "predicted")
RESULTS = ("reward", "predicted", "correct")
DISAGREES = "disagrees"


def responses_page(title: str, caption: str, path: Path) -> str:
    """An HTML page of the responses in the CSV file at `path` (evaluation.readable_responses.COLUMNS)."""
    table = csv_tables.read(path, keep_default_na=False, na_values={name: [""] for name in ("step", *NUMBERS)})
    constant = {name: value for name, value in constants(table).items() if name in COLUMNS and name not in TEXTS}
    heads = {name: words(name) for name in COLUMNS if name not in constant and table[name].notna().any()}
    count = int(table[DISAGREES].map(str).eq("True").sum())
    first = f"The first {count} are those whose predicted reward the verdict contradicts; they are marked."
    about = (
        f"<p>{html.escape(constants_sentence(constant))} {len(table):,} responses. The search accepts several words. "
        f"{first if count else ''} {saved(path)}</p>"
    )
    body = "\n".join(_row(row, heads) for row in table.to_dict("records"))
    head = "".join(f"<th{_kind(name)}>{head}</th>" for name, head in heads.items())
    rows = f'<table id="rows" class="display compact"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
    return document(title, caption, f'{about}\n<div class="wide">{rows}</div>\n')


def _row(row: dict[str, object], heads: dict[str, str]) -> str:
    marked = ' class="disagrees"' if str(row[DISAGREES]) == "True" else ""
    cells = [f'<td{_kind(name)} data-name="{head}">{_cell(name, row[name])}</td>' for name, head in heads.items()]
    return f"<tr{marked}>{''.join(cells)}</tr>"


def _kind(name: str) -> str:
    return ' class="result"' if name in RESULTS else ""


def _cell(name: str, value: object) -> str:
    """A cell's HTML; a text is cut to LONGEST characters and isolated, so that its text direction ends with it."""
    if name in TEXTS:
        text = str(value)
        left = f"\n… and {len(text) - LONGEST:,} characters more" if len(text) > LONGEST else ""
        return f'<bdi class="text">{html.escape(text[:LONGEST])}{left}</bdi>'
    if name == "correct":
        return "yes" if str(value) == "True" else "no"
    if pd.isna(value):
        return ""
    if name == "step":
        return f"{value:.0f}"
    return f"{value:.2f}" if name in NUMBERS else html.escape(str(value))
