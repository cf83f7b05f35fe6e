"""The plan of a configuration before it runs: finished jobs, remaining jobs, and their costs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from reward_memory.config import loading, reading, results_folder
from reward_memory.errors import InputError
from reward_memory.settings import Configuration

from . import memory
from .jobs import every, to_run
from .model import Model
from .table import ALL, TOTAL, cost_table


def plan(
    snakefile: Path,
    targets: Sequence[str],
    configfiles: Sequence[Path],
    pairs: Sequence[str],
    profile: Path | None,
    limits: dict[str, int],
) -> tuple[pd.DataFrame, str]:
    """What `snakemake TARGETS` with these options would cost: the table of table.COLUMNS, and text for a terminal.

    `finished` in the table counts jobs that Snakemake would not run again.

    pairs    key=value, as of Snakemake's --config
    profile  folder of a workflow profile, whose caps and resources of rules are used; None is Snakemake's
             default, profiles/default
    limits   gpu, mem_mb or cores -> available amount, which overrides the profile's

    InputError for a wrong configuration or profile.
    """
    if wrong := results_folder.no_target(targets):
        raise InputError(wrong)
    home = snakefile.resolve().parent
    configfiles = list(configfiles) or [home / "config.yaml"]
    config, source = load(configfiles, pairs)
    memory.check(config, home / "reference", source)
    given, options = _profile(profile or home / "profiles/default", profile is not None)
    limits = given | limits
    options = ["--configfile", *map(str, configfiles), *options]
    jobs = every(snakefile, targets, options, pairs)
    left = to_run(snakefile, targets, options, pairs) if Path(config.results).is_dir() else jobs
    model = Model(config, home / "reference", limits.get("gpu"))
    done = {job.key for job in jobs} - {job.key for job in left}
    used = {job.of("policy") for job in jobs}
    unknown = [name for name, size in model.sizes.items() if size is None and name in used]
    table = cost_table(jobs, model, done, limits)
    parts = [_tables(table), _sentence(table.iloc[-1], len(left), limits)]
    if fits := memory.summary(config, home / "reference"):
        parts.append(fits)
    if unknown:
        names = ", ".join(unknown)
        parts.append(f"No estimate for {names}: download them first, or add their sizes to reference/policies.csv.")
    return table, "\n\n".join(parts)


def load(configfiles: Sequence[Path], pairs: Sequence[str]) -> tuple[Configuration, str]:
    """(the configuration as Snakemake would see it, its name): later files and pairs override earlier ones.

    InputError for a missing file, a file that is not a mapping, and whatever loading.load rejects.
    """
    config: dict[str, Any] = {}
    for path in configfiles:
        config = _merged(config, reading.read(path))
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--config {pair}: should be key=value.")
        config = _merged(config, {key: yaml.safe_load(value)})
    source = reading.named(configfiles, pairs)
    return loading.load(config, source), source


def _profile(folder: Path, named: bool) -> tuple[dict[str, int], list[str]]:
    """(caps, Snakemake options for the rules' resources) of a workflow profile; the default one may be missing."""
    if not named and not folder.is_dir():
        return {}, []
    settings = reading.read(folder / "config.yaml")
    caps = {name: value for name, value in settings.get("resources", {}).items() if name in ("gpu", "mem_mb")}
    if isinstance(settings.get("cores"), int):
        caps["cores"] = settings["cores"]
    rules = settings.get("set-resources", {})
    listed = [f"{rule}:{name}={value}" for rule, amounts in rules.items() for name, value in amounts.items()]
    return caps, ["--set-resources", *listed] if listed else []


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}


def _tables(table: pd.DataFrame) -> str:
    every = table["policy"].eq(ALL)
    arms = table[~every & table["rule"].eq(TOTAL)].sort_values(["policy", "method"])
    return (
        f"By rule\n{_text(table[every], ['rule'])}\n\n"
        f"By policy and method (- for jobs that arms share)\n{_text(arms, ['policy', 'method'])}"
    )


def _sentence(total: pd.Series, left: int, limits: dict[str, int]) -> str:
    """The last row in words, and the assumptions behind it."""
    lent = ", ".join(f"{value} {name}" for name, value in limits.items()) or "no limits"
    return (
        f"{total['jobs']:.0f} jobs, {total['finished']:.0f} finished, {left} left. Everything would take about "
        f"{_time(total['elapsed_hours_estimated'])} within the profile ({lent}), and no less than "
        f"{_time(total['critical_path_hours_estimated'])} on any number of devices; the disk needs about "
        f"{_number(total['peak_disk_gb_estimated'])} GB, and {_number(total['disk_gb_estimated'])} GB in the end.\n"
        f"Estimates are for {total['device']} ({total['estimate']}); docs/cost.md has the assumptions. "
        "Figures after a slash were measured on finished jobs."
    )


def _text(rows: pd.DataFrame, names: list[str]) -> str:
    shown = rows[names].copy()
    shown["done/jobs"] = [f"{done:.0f}/{jobs:.0f}" for done, jobs in zip(rows["finished"], rows["jobs"], strict=True)]
    shown["GPU time"] = _pairs(rows, "gpu_hours", _time)
    shown["left"] = rows["gpu_hours_left"].map(_time)
    shown["job time"] = _pairs(rows, "job_hours", _time)
    for title, name in (("sampled", "sampled_tokens"), ("trained", "trained_tokens"), ("disk GB", "disk_gb")):
        shown[title] = _pairs(rows, name, _number)
    return shown.to_string(index=False)


def _pairs(rows: pd.DataFrame, name: str, write: Callable[[float], str]) -> pd.Series:
    measured = rows[f"{name}_measured"]
    return rows[f"{name}_estimated"].map(write) + (" / " + measured.map(write)).where(measured.notna(), "")


def _time(hours: float) -> str:
    """Hours, minutes or seconds; `?` if unknown."""
    if pd.isna(hours) or not hours:
        return "?" if pd.isna(hours) else "-"
    if hours >= 1:
        return f"{hours:,.0f} h" if hours >= 100 else f"{hours:.1f} h"
    return f"{60 * hours:.0f} min" if 60 * hours >= 1 else f"{3600 * hours:.0f} s"


def _number(value: float) -> str:
    """Two or three digits, with K, M, G and T for powers of 1000; `?` if unknown."""
    if pd.isna(value) or not value:
        return "?" if pd.isna(value) else "-"
    for least, factor, letter in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "K")):
        if value >= least:
            return f"{value / factor:.3g}{letter}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
