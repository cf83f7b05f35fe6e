"""A plan on the terminal."""

from collections.abc import Callable, Iterator

import pandas as pd
from rich.box import SIMPLE
from rich.console import Console, Group
from rich.table import Table

from .plan import Plan
from .table import ALL, TOTAL


def show(plan: Plan, console: Console) -> None:
    """Print the costs by rule and by arm, their sum and what they rest on."""
    console.print(Group(*_parts(plan)))


def _parts(plan: Plan) -> Iterator[Table | str]:
    table, last = plan.table, plan.table.iloc[-1]
    every = table["policy"].eq(ALL)
    arms = table[~every & table["rule"].eq(TOTAL)].sort_values(["policy", "method"])
    yield _table("By rule", ["rule"], table[every])
    yield _table("By policy and method (- is what arms share)", ["policy", "method"], arms)
    lent = ", ".join(f"{value} {name}" for name, value in plan.limits.items()) or "no limits"
    yield (
        f"{last['jobs']:.0f} jobs, {last['finished']:.0f} finished, {len(plan.left)} left. Everything would take "
        f"{_time(last['elapsed_hours_estimated'])} within the profile ({lent}), and no less than "
        f"{_time(last['critical_path_hours_estimated'])} on any number of devices; the disk needs "
        f"{_number(last['peak_disk_gb_estimated'])} GB at most and {_number(last['disk_gb_estimated'])} GB in the end."
    )
    yield (
        f"Estimates are for {plan.model.device.name} ({plan.model.device.status}); docs/cost.md has the assumptions. "
        "Figures after a slash were measured on what is finished."
    )
    if plan.memory:
        yield plan.memory
    if plan.unknown:
        names = ", ".join(plan.unknown)
        yield f"Without an estimate until they are downloaded: {names}. Or add them to reference/policies.csv."


def _table(title: str, names: list[str], rows: pd.DataFrame) -> Table:
    shown = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for name in names:
        shown.add_column(name, no_wrap=True)
    for name in ("done/jobs", "GPU time", "left", "job time", "sampled", "trained", "disk GB"):
        shown.add_column(name, justify="right")
    for _, row in rows.iterrows():
        shown.add_row(
            *(row[name] for name in names),
            f"{row['finished']:.0f}/{row['jobs']:.0f}",
            _pair(row, "gpu_hours", _time),
            _time(row["gpu_hours_left"]),
            _pair(row, "job_hours", _time),
            _pair(row, "sampled_tokens", _number),
            _pair(row, "trained_tokens", _number),
            _pair(row, "disk_gb", _number),
        )
    return shown


def _pair(row: pd.Series, name: str, write: Callable[[float], str]) -> str:
    estimated, measured = row[f"{name}_estimated"], row[f"{name}_measured"]
    return write(estimated) + ("" if pd.isna(measured) else f" / {write(measured)}")


def _time(hours: float) -> str:
    """Hours, minutes or seconds; `?` where it is not known."""
    if pd.isna(hours) or not hours:
        return "?" if pd.isna(hours) else "-"
    if hours >= 1:
        return f"{hours:,.0f} h" if hours >= 100 else f"{hours:.1f} h"
    return f"{60 * hours:.0f} min" if 60 * hours >= 1 else f"{3600 * hours:.0f} s"


def _number(value: float) -> str:
    """Two or three digits, with K, M, G and T for thousands; `?` where it is not known."""
    if pd.isna(value) or not value:
        return "?" if pd.isna(value) else "-"
    for least, factor, letter in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "K")):
        if value >= least:
            return f"{value / factor:.3g}{letter}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
