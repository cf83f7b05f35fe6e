"""A table of accuracies as papers print it: methods in rows, benchmarks in columns, the best in bold."""

from collections.abc import Callable

import pandas as pd

from reward_memory.errors import InputError

from .grid import grid

#: Columns that a table needs for this form.
NEEDED = {"policy", "method", "label_ratio", "benchmark", "accuracy"}
#: Characters that LaTeX reads as commands.
SPECIAL = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$"}


def paper_form(table: pd.DataFrame, mark: Callable[[str], str]) -> pd.DataFrame:
    """Columns policy, method, labels and one per benchmark, in the table's order; accuracies in percent as texts.

    mark  makes a text bold: the best of a policy's methods in each column, with ties; not `base` and `oracle`

    InputError if the table has no accuracies.
    """
    if missing := sorted(NEEDED - {*table.columns}):
        raise InputError(
            f"a table without the column {missing[0]} cannot have benchmarks in columns; use a table of "
            "accuracies, such as main."
        )
    found = grid(table)
    if found is None:
        raise InputError(
            "a table that has two rows of one arm and benchmark, or none at all, cannot have benchmarks in columns."
        )
    texts = found.values.map(lambda value: "" if pd.isna(value) else f"{value:.1f}")
    marked = texts.where(~found.best, texts.map(mark))
    return found.rows.astype(str).rename(columns={"label_ratio": "labels, %"}).join(marked)


def to_markdown(table: pd.DataFrame) -> str:
    """The table in GitHub's Markdown."""
    form = paper_form(table, lambda text: f"**{text}**")
    lines = [list(form.columns), ["---"] * len(form.columns), *form.to_numpy().tolist()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def to_latex(table: pd.DataFrame) -> str:
    """The table as a tabular with the rules of the package booktabs."""
    form = paper_form(table, lambda text: rf"\textbf{{{text}}}")
    named = form.rename(columns=_escaped)
    for column in ("policy", "method"):
        named[column] = named[column].map(_escaped)
    return named.to_latex(index=False, escape=False, column_format="ll" + "r" * (len(form.columns) - 2))


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(letter, letter) for letter in text)
